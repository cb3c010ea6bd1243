"""Converts erasures to the outcome of a request: rows deleted, emptied, or kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from servanda.apply.by_person import Erased
from servanda.persons.remaining_rows import Rest
from servanda.plan.erasure import Erasure
from servanda.rights.answer.outcome import Done, Line, Outcome
from servanda.rights.case import Case

_DONE: Mapping[str, Done] = {
    "delete": "delete",
    "anonymise": "anonymise",
    "keep": "keep",
    "held": "held",
    "shared": "shared",
    "mention": "detach",
}
_ENDS = frozenset({"delete", "anonymise", "detach"})


def with_earlier_work(case: Case, done: Outcome) -> Outcome:
    """The outcome, together with the work of an earlier run that crashed.

    If no row of a place is found any more and an earlier plan erased rows there, that run erased them.
    """
    now = {line.places for line in done.lines}
    before: dict[tuple[str, ...], list[Line]] = {}
    stores = {_store(name) for name in done.places}
    kept: dict[Rest, None] = {}
    for happening in case.request.happenings:
        if happening.kind == "planned":
            plan = Outcome.of(happening.facts)
            for places in {line.places for line in plan.lines} - now:
                before[places] = [n for n in plan.lines if n.places == places and n.done in _ENDS]
            kept |= dict.fromkeys(k for k in plan.kept if _store(k.place) not in stores)
    lines = [line for of_place in before.values() for line in of_place]
    return replace(done, lines=(*lines, *done.lines), kept=tuple(dict.fromkeys((*kept, *done.kept))))


def _store(place: str) -> str:
    return place.partition(".")[0]


def outcome_of(erasures: Sequence[Erasure], erased: Erased | None = None, residue: int = 0) -> Outcome:
    """The outcome for the rows of one person in all stores; `residue` is the number of rows with identifiers left."""
    refused = tuple(why for e in erasures for why in e.refused)
    return Outcome(
        kind="refused" if refused else "ready",
        lines=tuple(Line(f.places, _DONE[f.fate], f.rows) for e in erasures for f in e.fates),
        kept=tuple(k for e in erasures for k in e.kept),
        refused=refused,
        stopped=erased.stopped if erased is not None else (),
        residue=residue,
    )
