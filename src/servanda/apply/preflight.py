"""Checks before the first change for everything that would stop a plan half way.

Refused are: a right that the role lacks, a change that a column would refuse, a step over its size limit
that `--allow` does not permit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from servanda.actions import action
from servanda.actions.refusal import refuses
from servanda.errors import Refused
from servanda.plan.plan import Plan, Step
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.document.archiving import ArchiveFlag, ArchiveTable
from servanda.stores.document.change import Change
from servanda.stores.selection import reads_other_rows


class OverLimit(Refused):
    """A step would delete or empty more rows than its place allows at once."""


MOST_ROWS = 100_000
SMALL_TABLE = 1_000


def check(stores: OpenStores, plan: Plan, allow: Mapping[str, int]) -> None:
    """Raise Refused with all reasons, or OverLimit if only size limits are exceeded; nothing is changed."""
    reasons = [*_reasons(stores, plan.steps)]
    if reasons:
        raise Refused("\n".join(reasons), advice="nothing was changed; see each line")
    limits = [reason for step in plan.steps for reason in _too_much(step, allow)]
    if limits:
        raise OverLimit("\n".join(limits), advice="nothing was changed; look at the plan first")


def _reasons(stores: OpenStores, steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        if step.rows and action(step.action).writes:
            place = stores.binding.places[step.place]
            yield from _rights(stores, place, step)
            yield from _keyless(place, step)
            yield from _outside(stores, place, step)
            for _, changes in step.groups:
                yield from _changes(place, changes)
        if step.rows and step.archiving is not None:
            yield from _archive_rights(stores, step)


def _too_much(step: Step, allow: Mapping[str, int]) -> Iterator[str]:
    if not action(step.action).ends:
        return
    allowed = allow.get(step.place, allow.get(step.place.split(".", 1)[1], 0))
    half = step.total >= SMALL_TABLE and step.rows * 2 > step.total
    if (half or step.rows > MOST_ROWS) and step.rows > allowed:
        why = "over half of its rows" if half else f"over {MOST_ROWS:,} rows".replace(",", " ")
        yield (
            f"{step.place}: {step.rows} rows would be {action(step.action).done}, {why}; "
            f"if that is right, add --allow {step.place}={step.rows}"
        )


def _rights(stores: OpenStores, place: BoundPlace, step: Step) -> Iterator[str]:
    session = stores.session_of(place)
    lacking = session.lacking(place.table.name, action(step.action).rights)
    if lacking:
        verbs = ", ".join(sorted(lacking))
        yield f"{step.place}: our role lacks {verbs} on {place.table.name}; see servanda stores grants"


def _archive_rights(stores: OpenStores, step: Step) -> Iterator[str]:
    """The missing rights for archiving inside the store: to write the archive table, or the flag."""
    place = stores.binding.places[step.place]
    how, session = place.place.archive, stores.session_of(place)
    wanted = {(place.table.name, "SELECT")}
    if isinstance(how, ArchiveTable):
        wanted |= {(how.table, "INSERT"), (how.table, "SELECT")}
    if isinstance(how, ArchiveFlag):
        wanted |= {(place.table.name, "UPDATE")}
    for table, verb in sorted(wanted):
        if session.lacking(table, frozenset({verb})):
            yield f"{step.place}: our role lacks {verb} on {table}; see servanda stores grants"


def _outside(stores: OpenStores, place: BoundPlace, step: Step) -> Iterator[str]:
    """Foreign keys from another schema: a delete may cascade there or fail, and the plan cannot count those rows."""
    others = stores.binding.shapes[place.store].outside.get(place.table.name, [])
    if action(step.action).end == "row" and others:
        yield f"{step.place}: {', '.join(others)} of another schema points at it, and no plan can count its rows"


def _keyless(place: BoundPlace, step: Step) -> Iterator[str]:
    if place.table.key or step.condition is None:
        return
    if not action(step.action).ranges:
        done = action(step.action).done
        yield f"{step.place}: the table has no key, so its rows can be deleted by ranges, but not {done}"
    elif reads_other_rows(step.condition):
        yield f"{step.place}: the table has no key, and its rows end by what other tables say"


def _changes(place: BoundPlace, changes: Sequence[tuple[str, Change]]) -> Iterator[str]:
    for name, change in changes:
        why = refuses(place.table, place.table.columns[name], change)
        if why:
            yield f"{place.name}: {place.table.name}.{name} cannot be emptied so: {why}"
