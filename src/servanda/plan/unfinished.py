"""Unfinished erasures: whose remaining rows are due today, and what keeps the others.

    review ─▶ the day has come · a hold was lifted · the other person left ─▶ due: erased by this plan
          └─▶ still kept ─▶ why now, and until when

Each review decides again from scratch, in temporary tables, so that a plan is right whatever changed. Erasures
for which nothing can have changed are skipped (see `persons.remaining_rows.due_for_review`).

Law: GDPR 17(1) and 17(3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from servanda.actions.erase import ERASE
from servanda.persons import remaining_rows as rests
from servanda.persons.remaining_rows import Unfinished
from servanda.plan.due import Due, Of
from servanda.plan.erasure import Erasure, StoreEraser, store_erasers
from servanda.plan.plan import Asked, Step
from servanda.plan.steps import asked_step
from servanda.policy.promise import Promise
from servanda.project import Project
from servanda.stores.selection import All


@dataclass(frozen=True, slots=True)
class UnfinishedErasures:
    """The unfinished erasures in a plan: their steps, the persons with due rows, and the erasures without."""

    steps: tuple[Step, ...] = ()
    asked: tuple[Asked, ...] = ()
    due: tuple[Of, ...] = field(default=(), repr=False)
    unchanged: tuple[Unfinished, ...] = field(default=(), repr=False)


def find_unfinished(project: Project, *, epoch: int, documents: str) -> UnfinishedErasures:
    """Review every erasure that may have due rows; changes nothing."""
    vault = project.vault_if_any
    if vault is None:
        return UnfinishedErasures()  # an erasure takes keys, so there was none
    listed = rests.due_for_review(
        project.database, vault, project.today, project.now, epoch=epoch, documents=documents
    )
    if not listed:
        return UnfinishedErasures(asked=tuple(_not_due(project, {})))
    decided: dict[str, list[tuple[Unfinished, Erasure, dict[str, int]]]] = {}
    due_rows: dict[str, int] = {}
    holds = project.holds.running(project.today)
    for only in dict.fromkeys(one.only for one in listed):
        for store, eraser in store_erasers(project.stores, project.today, holds, only).items():
            batch = [one for one in listed if one.store == store and one.only == only]
            size = eraser.reach.session.store.dialect.erase_batch_size
            for start in range(0, len(batch), size):
                each_decided, repeated = _decide(eraser, batch[start : start + size])
                for one, erasure, due in each_decided:
                    decided.setdefault(one.reference, []).append((one, erasure, due))
                for place, rows in repeated.items():  # of two persons: counted for each, and ended once
                    due_rows[place] = due_rows.get(place, 0) - rows
    people: list[Of] = []
    unchanged: list[Unfinished] = []
    asked: list[Asked] = []
    for each in decided.values():
        counts = _summed(rows for _, _, rows in each)
        kept = tuple(rest for _, erasure, _ in each for rest in erasure.rests)
        refused = tuple(why for _, erasure, _ in each for why in erasure.refused)
        first = each[0][0]
        asked.append(Asked(first.request, tuple(sorted(counts.items())), kept, refused))
        if counts and not refused:
            people.append(_of([one for one, _, _ in each]))
            for place, rows in counts.items():
                due_rows[place] = due_rows.get(place, 0) + rows
        elif not refused:
            unchanged += [replace(one, rests=erasure.rests) for one, erasure, _ in each]
    due_rows = {place: rows for place, rows in due_rows.items() if rows > 0}
    steps = tuple(_steps(project, due_rows, people))
    known = {one.request: one for one in asked if one.request is not None}
    return UnfinishedErasures(steps, (*asked, *_not_due(project, known)), tuple(people), tuple(unchanged))


def _decide(
    eraser: StoreEraser, batch: Sequence[Unfinished]
) -> tuple[list[tuple[Unfinished, Erasure, dict[str, int]]], dict[str, int]]:
    """Decide for a batch: each erasure, its decision, and the rows to delete or empty by place.

    And, by place, how many of these are counted again for a second person.
    """
    with eraser.reach.session.scratch_transaction():
        erasures = eraser.decide([_of([one]) for one in batch])
        emptied = eraser.due()
        repeated = eraser.repeated()
    decisions = []
    for number, (one, erasure) in enumerate(zip(batch, erasures, strict=True)):
        goes = _summed({fate.places[0]: fate.rows} for fate in erasure.fates if fate.fate == "delete")
        decisions.append((one, erasure, _summed([goes, emptied.get(number, {})])))
    return decisions, repeated


def _of(parts: Sequence[Unfinished]) -> Of:
    """One person, with their rows in all stores."""
    first = parts[0]
    human = tuple(person for one in parts for person in one.human)
    rows = tuple(person for one in parts for person in one.rows)
    return Of(first.reference, human, first.request, first.key_id, rows, True, first.only)


def _summed(counts: Iterator[dict[str, int]] | Sequence[dict[str, int]]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for part in counts:
        for place, rows in part.items():
            totals[place] = totals.get(place, 0) + rows
    return totals


def _not_due(project: Project, decided: dict[int, Asked]) -> Iterator[Asked]:
    """The erasures that cannot have due rows today, with the stored reasons."""
    for request, kept in sorted(rests.of_requests(project.database).items()):
        if request not in decided:
            yield Asked(request, (), tuple(kept))


def _steps(project: Project, rows: dict[str, int], due: Sequence[Of]) -> Iterator[Step]:
    """One step per place, for all persons together."""
    promise = _promise(project)
    for name, number in sorted(rows.items()):
        place = project.stores.binding.places[name]
        total = project.stores.session_of(place).total(place.table.name, All(())) if number >= 500 else 0
        source = f"request {due[0].request}" if len(due) == 1 else f"{len(due)} requests"
        yield asked_step(Due(source, due[0], ERASE.name), place, number, total, promise, project.policy)


def _promise(project: Project) -> Promise | None:
    """The promise of the policy that somebody's data are erased when they ask."""
    from servanda.law.rights import RIGHTS

    kinds = RIGHTS["erasure"].promise_kinds
    return next((p for p in project.policy.promises if p.kind == "right" and p.sub in kinds), None)
