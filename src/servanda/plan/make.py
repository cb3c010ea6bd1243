"""Makes a plan: drafts the steps of every place, counts their rows in the stores, and pins its inputs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from servanda import __version__
from servanda.actions import action
from servanda.database import Database
from servanda.database import tables as own
from servanda.persons.holds import Hold
from servanda.persons.routes import children_first
from servanda.persons.subject_graph import is_of_persons
from servanda.plan.archive.due import archive_steps, load_archived
from servanda.plan.load import load_holds, load_records
from servanda.plan.plan import Kept, Pins, Plan, SmallestGroup, Step, Stuck, Waiting, WithoutEnd
from servanda.plan.retention_limits import Limit, end_of, ended
from servanda.plan.steps import Counts, Draft, Drafter, drafted_step, identity
from servanda.plan.unfinished import UnfinishedErasures, find_unfinished
from servanda.project import Project
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.obstacles import kept_copies
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.selection import (
    All,
    Before,
    Condition,
    Equals,
    LatestTime,
    Missing,
    Not,
    OwnTime,
    Reaches,
    Undone,
    driver,
    since,
)
from servanda.stores.verbs import Session

FULL_PASS = timedelta(days=7)
"""How long a watermark is valid before a full pass is required."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The inputs at the moment of planning: the time, the holds and their epoch, the digest of the documents."""

    now: datetime
    today: date
    holds: tuple[Hold, ...]
    epoch: int
    lifted: int
    documents: str

    @property
    def holds_version(self) -> int:
        """A number that rises whenever a hold is placed, is lifted, or ends."""
        return self.epoch + self.lifted

    @classmethod
    def of(cls, project: Project) -> Circumstances:
        """The circumstances at the instant of a project, on the company's calendar.

        The epoch is read first: a hold placed while the others are read makes the plan stale.
        """
        holds, today = project.holds, project.today
        epoch = holds.epoch()
        documents = hashlib.sha256(
            f"{project.policy.digest} {project.stores_document.digest}".encode()
        ).hexdigest()
        running = tuple(holds.running(today))
        return cls(project.now, today, running, epoch, holds.lifted(today), documents)


def make(project: Project, *, on: date | None = None, quick: bool = False) -> Plan:
    """Make the plan of a day, by default today; for any other day it is a preview, which `apply` refuses.

    A `quick` plan, as the timer makes it, starts at the watermarks; otherwise every row is evaluated.
    """
    stores, db, policy = project.stores, project.database, project.policy
    circumstances = Circumstances.of(project)
    today = on or circumstances.today
    load_holds(stores, circumstances.holds)
    load_records(project, circumstances.now)
    load_archived(project)
    drafter = Drafter(stores, today, circumstances.holds, in_turn=True)
    assumed = Drafter(stores, today, circumstances.holds, assume=True)
    steps: list[Step] = []
    kept: list[Kept] = []
    without_end: list[WithoutEnd] = []
    places = [p for p in children_first(stores.binding) if not stores.binding.unusable(p.name)]
    marks = _watermarks(db, circumstances) if quick else {}
    for place in places:
        limits = assumed.limits(place)
        for draft, counted in zip(drafter.drafts(place), assumed.drafts(place), strict=True):
            steps.append(_counted(stores, draft, counted, circumstances, marks))
        if limits and not drafter.processed_for_others(place):
            kept += _kept(stores, place, limits)
            without_end += _without_end(stores, place, limits)
    steps += archive_steps(project, today, circumstances.holds)
    unfinished = UnfinishedErasures()
    if today == circumstances.today:
        unfinished = find_unfinished(
            project, epoch=circumstances.holds_version, documents=circumstances.documents
        )
    steps += unfinished.steps
    return Plan(
        made_at=project.local(circumstances.now).replace(microsecond=0),
        today=today,
        version=policy.version.number,
        promises=len(policy.promises),
        pins=pins(stores, circumstances.epoch),
        steps=tuple(steps),
        kept=tuple(kept),
        without_end=tuple(without_end),
        left_out=tuple(_left_out(stores, places, drafter)),
        copies=tuple(_copies(stores)),
        holds=tuple((h.id, h.kind) for h in circumstances.holds),
        groups=tuple(_smallest_groups(stores, places)),
        stuck=tuple(_stuck(stores, places, assumed)),
        waiting=tuple(_waiting(stores, places, assumed)),
        asked=unfinished.asked,
        due_persons=unfinished.due,
        unchanged=unfinished.unchanged,
        preview=today != circumstances.today,
        quick=quick,
    )


def pins(stores: OpenStores, epoch: int) -> Pins:
    """The inputs that a plan is pinned to: documents, shapes of mapped tables, hold epoch, program version."""
    binding = stores.binding
    tables: dict[str, list[str]] = {}
    for place in binding.places.values():
        tables.setdefault(place.store, []).append(place.table.name)
    shapes = {store: binding.shapes[store].digest(sorted(set(names))) for store, names in tables.items()}
    return Pins(binding.policy.digest, binding.document.digest, shapes, epoch, __version__)


def _counted(
    stores: OpenStores,
    draft: Draft,
    counted: Draft,
    circumstances: Circumstances,
    marks: dict[str, tuple[str, date]],
) -> Step:
    """A step that acts on `draft` and whose rows are counted with `counted`, as if earlier steps were done."""
    place, session = draft.place, stores.session_of(draft.place)
    table = place.table.name
    at = identity(draft)
    signature = _signature(draft, circumstances)
    mark = marks[at][1] if at in marks and marks[at][0] == signature else None
    along = driver(draft.condition)
    marks_day = along.day if along is not None and _watermark_is_exact(draft.condition) else None
    rows = session.count(table, counted.condition if mark is None else since(counted.condition, mark))
    held = 0
    if draft.condition != draft.unheld:
        held = session.count(table, counted.unheld) - session.count(table, counted.condition)
    total = _total(stores, place, draft.limits) if rows >= 500 else 0
    counts = Counts(rows, held, total, _partition_note(session, draft, rows), mark, marks_day)
    return drafted_step(draft, stores.binding.policy, signature, counts)


def _partition_note(session: Session, draft: Draft, rows: int) -> str:
    """A note whether whole partitions are dropped; read from their bounds."""
    if action(draft.action).end != "row" or draft.folds or not rows:
        return ""
    return session.partitions.describe(draft.place.table.name, draft.condition)


def _total(stores: OpenStores, place: BoundPlace, limits: Sequence[Limit]) -> int:
    """How many rows of the place have a trigger."""
    missing = Missing(limits[0].trigger)
    where = [Equals(column, value) for column, value in place.place.where.items()]
    return stores.session_of(place).total(place.table.name, All((*where, Not(missing))))


def _watermark_is_exact(condition: Condition) -> bool:
    """Whether a watermark is exact: only the trigger, holds and already emptied fields decide."""
    parts = condition.parts if isinstance(condition, All) else (condition,)
    triggers = [p.trigger for p in parts if isinstance(p, Before)]
    plain = all(isinstance(t, OwnTime) and t == triggers[0] for t in triggers)
    if any(isinstance(p, Reaches) for p in parts):
        return False  # a row that waits for its warning is passed by and comes later
    rest = [p.part if isinstance(p, Not) else p for p in parts if not isinstance(p, Before)]
    return bool(triggers) and plain and all(isinstance(p, Equals | Undone | Reaches) for p in rest)


def _signature(draft: Draft, circumstances: Circumstances) -> str:
    """What a watermark is valid for: the same condition apart from the day, and no hold lifted since."""
    text = re.sub(r"datetime\.date\([^)]*\)", "day", repr((draft.unheld, draft.groups)))
    return hashlib.sha256(f"{text}|{circumstances.lifted}".encode()).hexdigest()[:32]


def _watermarks(db: Database, circumstances: Circumstances) -> dict[str, tuple[str, date]]:
    import sqlalchemy as sa

    mark = own.watermark
    oldest = (circumstances.now.astimezone(UTC) - FULL_PASS).strftime("%Y-%m-%dT%H:%M:%S")
    with db.read() as connection:
        rows = connection.execute(sa.select(mark).where(mark.c.passed_at >= oldest)).mappings()
        return {r["step"]: (r["signature"], date.fromisoformat(r["value"])) for r in rows}


def _kept(stores: OpenStores, place: BoundPlace, limits: list[Limit]) -> list[Kept]:
    """Rows that a maximum would end today and that another ground keeps."""
    minima = [m for m in limits if m.retention.limit == "min"]
    maxima = [m for m in limits if m.retention.limit == "max"]
    if not minima or not maxima:
        return []
    where = [Equals(column, value) for column, value in place.place.where.items()]
    result = []
    for minimum in minima:
        condition: Condition = All((*where, ended(maxima), Not(minimum.over)))
        rows = stores.session_of(place).count(place.table.name, condition)
        if rows:
            until = _until(stores, place, condition, minimum)
            result.append(
                Kept(
                    place.name,
                    rows,
                    until,
                    str(minimum.retention.ground),
                    minimum.promise.id,
                    minimum.promise.name,
                )
            )
    return result


def _until(stores: OpenStores, place: BoundPlace, condition: Condition, minimum: Limit) -> str | None:
    if not isinstance(minimum.trigger, OwnTime):
        return None
    day = stores.session_of(place).latest(place.table.name, condition, minimum.trigger.time)
    return None if day is None else end_of(stores.binding.policy, minimum.retention, day).isoformat()


def _without_end(stores: OpenStores, place: BoundPlace, limits: list[Limit]) -> list[WithoutEnd]:
    """Rows whose trigger is missing, by trigger."""
    where = [Equals(column, value) for column, value in place.place.where.items()]
    result = []
    for name, trigger in {limit.retention.trigger: limit.trigger for limit in limits}.items():
        if isinstance(trigger, LatestTime) and trigger.fallback.open:
            continue
        rows = stores.session_of(place).count(place.table.name, All((*where, Missing(trigger))))
        if rows:
            result.append(WithoutEnd(place.name, name, rows))
    return result


def _copies(stores: OpenStores) -> Iterator[tuple[str, str]]:
    """The copies that the database keeps of rows that are ended, by place, each with a sentence."""
    for place in stores.binding.places.values():
        if place.swept or is_of_persons(stores.binding, place):
            yield from ((place.name, kept.message) for kept in kept_copies(stores.binding, place))


def _left_out(stores: OpenStores, places: Sequence[BoundPlace], drafter: Drafter) -> list[tuple[str, str]]:
    """The places that cannot be swept, or not wholly, each with the reason."""
    reasons: dict[str, str] = {}
    for complaint in stores.binding.complaints:
        reasons.setdefault(complaint.place, complaint.message)
    for place in stores.binding.places.values():
        if place.swept and place.table.view:
            reasons.setdefault(place.name, "it is a view; name its table")
        elif place.swept and not place.table.rolls_back:
            reasons.setdefault(place.name, "its engine does not roll back; make it InnoDB")
    for place in places:
        without = drafter.refused(place)
        if without is not None:
            reasons.setdefault(place.name, "; ".join(without[1]))
    return sorted(reasons.items())


def _smallest_groups(stores: OpenStores, places: Sequence[BoundPlace]) -> Iterator[SmallestGroup]:
    """The size of the smallest group in places that keep rows for statistics (k-anonymity)."""
    for place in places:
        if any(r.statistics and r.keeps_row for _, r in place.limits):
            changes = tuple(place.place.at_end.items())
            left = [name for name, change in changes if change.truncate or change.generalise]
            done = Not(Undone(changes))
            size = stores.session_of(place).smallest_group(place.table.name, left, done) if left else None
            if size is not None:
                yield SmallestGroup(place.name, size)


def _stuck(stores: OpenStores, places: Sequence[BoundPlace], drafter: Drafter) -> Iterator[Stuck]:
    """Overdue rows that cannot end: they are referenced and nothing empties them, or a program is writing there."""
    for place in places:
        condition = drafter.stuck(place)
        rows = stores.session_of(place).count(place.table.name, condition) if condition is not None else 0
        if rows:
            yield Stuck(place.name, rows)
        over = drafter.reachable(place)
        without = drafter.refused(place)
        rows = stores.session_of(place).count(place.table.name, without[0]) if without is not None else 0
        if rows:
            yield Stuck(place.name, rows, "refused")
        late = drafter.unemptied(place)
        rows = stores.session_of(place).count(place.table.name, late[0]) if late is not None else 0
        if rows and late is not None:
            yield Stuck(place.name, rows, "unemptied", late[1])
        rows = stores.session_of(place).in_use(place.table.name, over) if over is not None else 0
        if rows:
            yield Stuck(place.name, rows, "being written")


def _waiting(stores: OpenStores, places: Sequence[BoundPlace], drafter: Drafter) -> Iterator[Waiting]:
    """Overdue rows whose person has not been warned long enough ago."""
    for place in places:
        for limit in drafter.limits(place):
            condition = drafter.waiting(place, limit)
            rows = stores.session_of(place).count(place.table.name, condition) if condition is not None else 0
            if rows:
                yield Waiting(place.name, limit.promise.id, rows)
