"""Drafts the steps of a place from its limits: which rows are archived, deleted, emptied, warned, noted.

    over        every ground of the row has ended
    pointed at  a row that must stay references it (children that end today do not count)
    deleted     over, and not pointed at
    emptied     a field whose own grounds have ended, in a row that stays

Children come before parents. A parent whose children must stay is anonymised, and deleted by the plan that finds
its last child gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from servanda.actions import Action
from servanda.actions.anonymise import ANONYMISE
from servanda.actions.archive import ARCHIVE
from servanda.actions.delete import DELETE
from servanda.actions.destroy import DESTROY
from servanda.actions.note import NOTE
from servanda.actions.refusal import refused, refuses_delete
from servanda.actions.warn import WARN
from servanda.persons.holds import Hold
from servanda.persons.routes import Child, children, children_first
from servanda.plan.archiving import Archiving, archivings, emptied
from servanda.plan.due import Due, Expired
from servanda.plan.load import held
from servanda.plan.plan import Step
from servanda.plan.retention_limits import (
    Limit,
    by_column,
    cutoff_of,
    ended,
    endless_categories,
    is_warned,
    limits_of,
)
from servanda.policy.policy import Policy
from servanda.policy.promise import Promise
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.obstacles import archived_with, endless_fields, unnamed_columns
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.document.change import Change, Scalar
from servanda.stores.selection import (
    All,
    Any,
    Before,
    Condition,
    Equals,
    GreatestTime,
    LatestTime,
    Link,
    Not,
    PointedAt,
    Reaches,
    Undone,
)

Changes = tuple[tuple[str, Change], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A step before its rows are counted. `unheld` is the condition without regard to holds."""

    place: BoundPlace
    action: str
    condition: Condition
    unheld: Condition
    limits: tuple[Limit, ...]
    groups: tuple[tuple[Condition | None, Changes], ...] = ()
    why: str = ""
    folds: tuple[LatestTime, ...] = ()
    archiving: Archiving | None = None
    event: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of a step; see `Step`."""

    rows: int
    held: int = 0
    total: int = 0
    why: str = ""
    since: date | None = None
    marks: date | None = None


@dataclass(slots=True)
class Drafter:
    """Drafts the steps of every place for one day.

    With `assume`, as if earlier steps (archive, empty, and the children of each place) were done already: a plan
    counts so, to show the whole work of the day. `apply` acts on the steps of a drafter with `in_turn`: when a place
    has its turn its children are done, and whatever row still points at one keeps it.
    """

    stores: OpenStores
    today: date
    holds: Sequence[Hold]
    assume: bool = False
    in_turn: bool = False
    _limits: dict[str, list[Limit]] = field(default_factory=dict)
    _stays: dict[tuple[str, Link], Condition | None] = field(default_factory=dict)
    _held: dict[str, Condition | None] = field(default_factory=dict)
    _deletable: dict[str, Condition | None] = field(default_factory=dict)
    _order: dict[str, int] = field(default_factory=dict)

    def limits(self, place: BoundPlace) -> list[Limit]:
        """The limits of a place; none if it cannot be used as declared, so that its rows stay."""
        if self.stores.binding.unusable(place.name) or not place.endable:
            return []
        if place.name not in self._limits:
            self._limits[place.name] = limits_of(self.stores.binding, place, self.today, assume=self.assume)
        return self._limits[place.name]

    def drafts(self, place: BoundPlace) -> list[Draft]:
        """The steps of a place: archive, then delete, then empty, then warn and note."""
        limits = self.limits(place)
        if not limits or self.processed_for_others(place):
            return []
        found = self._archive(place, limits)
        for draft in (self._delete(place, limits), self._empty(place, limits)):
            if draft is not None:
                found.append(draft)
        found += self._warn(place, limits)
        found += self._note(place, limits)
        return [self._without_held(d) for d in found]

    def processed_for_others(self, place: BoundPlace) -> bool:
        """Whether every category of a place is another controller's (GDPR 28)."""
        categories = self.stores.binding.policy.categories
        return all(categories[name].role == "processor" for name in place.data)

    # -- rows that go ----------------------------------------------------------------------

    def _delete(self, place: BoundPlace, limits: list[Limit]) -> Draft | None:
        condition = self.deletable(place)
        if condition is None:
            return None
        return Draft(
            place, _end_action(limits, DELETE), condition, condition, tuple(limits), folds=self._folds(place)
        )

    def deletable(self, place: BoundPlace) -> Condition | None:
        """The rows of a place that may be deleted today, apart from holds; None if none ever may."""
        if refuses_delete(place.table):
            return None
        return self._over_and_free(place)

    def _over_and_free(self, place: BoundPlace) -> Condition | None:
        if place.name not in self._deletable:
            over = self.over(place)
            parts = [*self._where(place)] if over is not None else []
            if over is not None:
                parts.append(over)
                parts += [Not(p) for p in self._keeping_conditions(place)]
            self._deletable[place.name] = _all(parts) if parts else None
        return self._deletable[place.name]

    def over(self, place: BoundPlace) -> Condition | None:
        """The rows all of whose grounds have ended; None if a category never ends, or ends by emptying.

        None, too, where the rows hold columns that no category names: nobody promised to end those.
        """
        limits = self.limits(place)
        if not limits or endless_categories(self.stores.binding.policy, place, limits):
            return None
        if unnamed_columns(self.stores.binding, place):
            return None
        if any(limit.retention.keeps_row for limit in limits):
            return None
        # field by field: one ground may give two categories two periods, and the row waits for both
        owners = {
            tuple(limits.index(limit) for limit in own) for own in by_column(place, limits).values() if own
        }
        return _all([ended([limits[i] for i in own]) for own in sorted(owners)])

    def _keeping_conditions(self, place: BoundPlace) -> list[Condition]:
        """The conditions that keep an overdue row: rows that reference it, and other places in the same row."""
        parts = self._pointed_at(place)
        for other in self._other_places(place):
            over = self.over(other)
            own = [*self._where(other), *([] if over is None else [Not(over)])]
            parts.append(_all(own) if own else All(()))
        return parts

    def _other_places(self, place: BoundPlace) -> list[BoundPlace]:
        """The other places of the same table that may share rows with this one."""
        living = self.stores.binding.of_table(place.store, place.table.name)
        return [p for p in living if p.name != place.name and not _disjoint(place, p)]

    def _pointed_at(self, place: BoundPlace) -> list[Condition]:
        parts: list[Condition] = []
        for child in children(self.stores.binding, place):
            if child.real is not None and child.real.on_delete == "SET NULL":
                # the database would write NULL into the child: not into one that is held
                covered = [self._covered(p) for p in child.places]
                parts += [PointedAt(child.link, c) for c in covered if c is not None]
                continue
            parts.append(PointedAt(child.link, self._kept(child, place)))
        return parts

    def _before(self, child: Child, place: BoundPlace) -> bool:
        """Whether rows of a child end before those of a place; false in cycles of references."""
        if not self._order:
            self._order.update((p.name, i) for i, p in enumerate(children_first(self.stores.binding)))
        return all(self._order[p.name] < self._order[place.name] for p in child.places)

    def _kept(self, child: Child, place: BoundPlace) -> Condition | None:
        """The child rows that still exist when a place has its turn; None: all of them."""
        if self.in_turn or not child.places or not self._before(child, place):
            return None
        at = (child.places[0].store, child.link)
        if at not in self._stays:
            stays: list[Condition] = []
            for living in child.places:
                deleted = self._with_holds(living, self.deletable(living))
                set_to_null = self._with_holds(living, self._set_to_null(living, child.link))
                stays += [Not(c) for c in (deleted, set_to_null) if c is not None]
            self._stays[at] = _all(stays) if stays else None
        return self._stays[at]

    def _set_to_null(self, place: BoundPlace, link: Link) -> Condition | None:
        """The rows of a child whose reference is set to NULL today; None if never."""
        owners = by_column(place, self.limits(place))
        if refused(place.table, place.place.at_end.items()):
            return None
        nulled = [c for c in link.columns if place.place.at_end.get(c) == Change() and owners.get(c)]
        return _all([*self._where(place), ended(owners[nulled[0]])]) if nulled else None

    # -- fields that are emptied -----------------------------------------------------------

    def _empty(self, place: BoundPlace, limits: list[Limit]) -> Draft | None:
        """The step that empties fields; None if there are none, or if a column cannot take its change."""
        draft = self._emptying(place, limits)
        if draft is None or refused(place.table, [c for _, changes in draft.groups for c in changes]):
            return None
        return draft

    def refused(self, place: BoundPlace) -> tuple[Condition, tuple[str, ...]] | None:
        """The overdue rows that the database would not let go or be emptied, and why; None if there are none."""
        limits = self.limits(place)
        if not limits or self.processed_for_others(place):
            return None
        parts: list[Condition] = []
        reasons: list[str] = []
        why = refuses_delete(place.table)
        goes = self._over_and_free(place) if why else None
        if goes is not None:
            parts.append(goes)
            reasons.append(f"no row of {place.table.name} can be deleted: {why}")
        draft = self._emptying(place, limits)
        bad = refused(place.table, [c for _, changes in draft.groups for c in changes]) if draft else []
        if draft is not None and bad:
            parts.append(draft.condition)
            reasons += [f"{place.table.name}.{name} cannot be emptied so: {why}" for name, why in bad]
        if not parts:
            return None
        over = self._with_holds(place, parts[0] if len(parts) == 1 else Any(tuple(parts)))
        return None if over is None else (over, tuple(reasons))

    def unemptied(self, place: BoundPlace) -> tuple[Condition, tuple[str, ...]] | None:
        """The rows that stay with fields that are over and that nothing empties, and the promises on these fields.

        None if there are none.
        """
        if self.processed_for_others(place):
            return None
        limits = {id(limit.retention): limit for limit in self.limits(place)}
        over, parts, promises = self.over(place), list[Condition](), list[str]()
        for fields in endless_fields(self.stores.binding, place):
            own = [place.limits[n] for n in fields.retentions]
            if all(id(retention) in limits for _, retention in own):
                parts.append(ended([limits[id(retention)] for _, retention in own]))
                promises += [promise.id for promise, retention in own if retention.limit == "max"]
        if not parts:
            return None
        stays = [Not(over)] if over is not None else []
        late = self._with_holds(place, _all([*self._where(place), Any(tuple(parts)), *stays]))
        return None if late is None else (late, tuple(dict.fromkeys(promises)))

    def _emptying(self, place: BoundPlace, limits: list[Limit]) -> Draft | None:
        groups = self._groups(place, limits)
        if not groups:
            return None
        over, pointed = self.over(place), self._keeping_conditions(place)
        only_whole = over is not None and all(len(own) == len(limits) for own, _ in groups)
        if only_whole and not pointed:
            return None
        branches: tuple[Condition, ...] = tuple(
            _all([ended(own), Undone(changes)]) for own, changes in groups
        )
        parts: list[Condition] = [*self._where(place), branches[0] if len(branches) == 1 else Any(branches)]
        if only_whole:
            parts.append(pointed[0] if len(pointed) == 1 else Any(tuple(pointed)))
        elif over is not None:
            gone = _all([over, *(Not(p) for p in pointed)])
            parts.append(Not(gone))
        written = tuple((None if len(groups) == 1 else ended(own), changes) for own, changes in groups)
        condition = _all(parts)
        why = self._why(place, limits) if only_whole else ""
        folds = tuple(f for f in self._folds(place) if set(f.link.columns) & set(place.place.at_end))
        return Draft(
            place, _end_action(limits, ANONYMISE), condition, condition, tuple(limits), written, why, folds
        )

    def stuck(self, place: BoundPlace) -> Condition | None:
        """The overdue rows that remaining rows reference and that nothing empties; None if there are none."""
        limits, over = self.limits(place), self.over(place)
        pointed = self._pointed_at(place) if over is not None else []
        if over is None or not pointed or self._groups(place, limits) or self.processed_for_others(place):
            return None
        condition = _all(
            [*self._where(place), over, pointed[0] if len(pointed) == 1 else Any(tuple(pointed))]
        )
        return self._with_holds(place, condition)

    def reachable(self, place: BoundPlace) -> Condition | None:
        """The rows of a place that may be deleted today, without held rows, wherever they are stored."""
        if not self.limits(place) or self.processed_for_others(place):
            return None
        return self._with_holds(place, self.deletable(place))

    def waiting(self, place: BoundPlace, limit: Limit) -> Condition | None:
        """The rows for which a limit is over and whose persons must be warned first."""
        if limit.warned is None or self.processed_for_others(place):
            return None
        late = _all([*self._where(place), Before(limit.trigger, limit.day), Not(limit.warned)])
        return self._with_holds(place, late)

    def _groups(self, place: BoundPlace, limits: list[Limit]) -> list[tuple[tuple[Limit, ...], Changes]]:
        """The columns that are emptied together, because the same limits end them."""
        owners = by_column(place, limits)
        found: dict[tuple[int, ...], list[tuple[str, Change]]] = {}
        for column, change in place.place.at_end.items():
            together = archived_with(place, column)
            own = sorted({limits.index(limit) for c in together for limit in owners.get(c, ())})
            if own:
                found.setdefault(tuple(own), []).append((column, change))
        return [(tuple(limits[i] for i in own), tuple(changes)) for own, changes in found.items()]

    def _why(self, place: BoundPlace, limits: list[Limit]) -> str:
        """A note which children keep a row from being deleted: those with limits of their own."""
        own = {id(limit.retention) for limit in limits}
        names = set()
        for child in children(self.stores.binding, place):
            if child.real is not None and child.real.on_delete == "SET NULL":
                continue
            theirs = [id(m.retention) for p in child.places for m in self.limits(p)]
            if not theirs or set(theirs) - own:
                names.add(child.places[0].short if child.places else child.table.name)
        shown = [*sorted(names)[:3], *([f"{len(names) - 3} more"] if len(names) > 3 else [])]
        return f"emptied: {', '.join(shown)} point at it" if names else ""

    # -- archive and warnings --------------------------------------------------------------

    def _archive(self, place: BoundPlace, limits: list[Limit]) -> list[Draft]:
        """Archive the rows whose active stage is over, whose whole period is not, and that are not archived yet."""
        found = []
        for archiving in archivings(place):
            same = [m for m in limits if any(m.retention is r for r in archiving.retentions)]
            active = next(m.active_day for m in same if m.active_day is not None)
            ends = [[m.day for m in same if m.retention.limit == limit] for limit in ("max", "min")]
            whole = min(d for d in (max(ends[0], default=None), min(ends[1], default=None)) if d is not None)
            inside: list[Condition] = [Before(same[0].trigger, active), Not(Before(same[0].trigger, whole))]
            condition = _all([*self._where(place), *inside, Not(archiving.archived)])
            found.append(Draft(place, ARCHIVE.name, condition, condition, tuple(same), archiving=archiving))
        return found

    def _note(self, place: BoundPlace, limits: list[Limit]) -> list[Draft]:
        """Record an event for the rows in which a category has ended and whose event is not recorded yet."""
        found = []
        for event, note in place.place.notes.items():
            own = [m for m in limits if note.ended in m.retention.data]
            if not own or not place.table.key:
                continue
            parts = [*self._where(place), ended(own)]
            parts += [] if note.unless is None else [Equals(note.unless, None)]
            if not self.assume:
                owners = by_column(place, limits)
                changes = [(c, n) for c, n in place.place.at_end.items() if tuple(own) == owners.get(c)]
                parts += [emptied(changes)] if changes else []
            parts.append(Not(Reaches((), place.table.key, f"event_{place.short}_{event}")))
            condition = _all(parts)
            found.append(Draft(place, NOTE.name, condition, condition, tuple(own), event=event))
        return found

    def _warn(self, place: BoundPlace, limits: list[Limit]) -> list[Draft]:
        found = []
        for limit in limits:
            period = limit.retention.warn_before
            if period is None or not place.table.key or not is_warned(self.stores.binding, place):
                continue
            soon = cutoff_of(self.stores.binding.policy, limit.retention, self.today + period)
            warned_at_all = Reaches((), place.table.key, f"told_{place.short}")
            condition = _all([*self._where(place), Before(limit.trigger, soon), Not(warned_at_all)])
            found.append(Draft(place, WARN.name, condition, condition, (replace(limit, day=soon),)))
        return found

    # -- what is shared --------------------------------------------------------------------

    def _where(self, place: BoundPlace) -> list[Condition]:
        return [Equals(column, value) for column, value in place.place.where.items()]

    def _with_holds(self, place: BoundPlace, condition: Condition | None) -> Condition | None:
        covered = self._covered(place)
        if condition is None or covered is None:
            return condition
        return _all([condition, Not(covered)])

    def _covered(self, place: BoundPlace) -> Condition | None:
        """The rows of a place that a hold covers, directly or through another place of the same table."""
        if place.name not in self._held:
            self._held[place.name] = self._covered_rows(place)
        return self._held[place.name]

    def _covered_rows(self, place: BoundPlace) -> Condition | None:
        own = held(self.stores, place, self.holds)
        parts = [] if own is None else [own]
        for other in self._other_places(place):
            more = held(self.stores, other, self.holds)
            parts += [] if more is None else [_all([*self._where(other), more])]
        return None if not parts else parts[0] if len(parts) == 1 else Any(tuple(dict.fromkeys(parts)))

    def _without_held(self, draft: Draft) -> Draft:
        free = self._with_holds(draft.place, draft.condition)
        assert free is not None
        return replace(draft, condition=free)

    def _folds(self, place: BoundPlace) -> tuple[LatestTime, ...]:
        """The triggers of parents that must remember the latest date of rows deleted or detached here."""
        found: list[LatestTime] = []
        for other in self.stores.binding.places.values():
            for trigger in other.triggers.values():
                parts = trigger.parts if isinstance(trigger, GreatestTime) else (trigger,)
                latest = [p for p in parts if isinstance(p, LatestTime) and p.remembered is not None]
                found += [
                    p for p in latest if p.link.table == place.table.name and other.store == place.store
                ]
        return tuple(found)


def _end_action(limits: Sequence[Limit], usual: Action) -> str:
    """The action that the policy names for rows, or fields, of a place; `usual` if it names none or several."""
    named = {m.retention.end for m in limits if m.retention.keeps_row == (usual.end == "fields")}
    return named.pop() if len(named) == 1 else usual.name


def _disjoint(one: BoundPlace, other: BoundPlace) -> bool:
    """Whether no row can belong to both places, because their `where` require different values of a column."""
    ours, theirs = one.place.where, other.place.where
    return any(_differ(ours[column], theirs[column]) for column in ours.keys() & theirs.keys())


def _differ(one: Scalar, other: Scalar) -> bool:
    """Whether two values differ in every database; texts are compared without case, as a collation may."""
    if one is None or other is None:
        return one is not other
    if isinstance(one, str) and isinstance(other, str):
        return one.strip().casefold() != other.strip().casefold()
    return isinstance(one, str) == isinstance(other, str) and one != other


def _all(parts: list[Condition]) -> Condition:
    flat: list[Condition] = []
    for part in parts:
        flat += [p for p in (part.parts if isinstance(part, All) else (part,)) if p not in flat]
    return flat[0] if len(flat) == 1 else All(tuple(flat))


# -- steps: nothing else makes one -------------------------------------------------------------


def drafted_step(draft: Draft, policy: Policy, signature: str, counts: Counts) -> Step:
    """The step of a draft, with its counts."""
    first = _first(draft.limits)
    return Step(
        id=identity(draft),
        place=draft.place.name,
        store=draft.place.store,
        table=draft.place.table.name,
        action=draft.action,
        promises=tuple(dict.fromkeys(limit.promise.id for limit in draft.limits)),
        names=tuple(dict.fromkeys(limit.promise.name for limit in draft.limits)),
        line=policy.at(first.promise).line,
        words=first.words,
        rows=counts.rows,
        held=counts.held,
        total=counts.total,
        signature=signature,
        why=draft.why or counts.why,
        event=draft.event,
        since=counts.since,
        marks=counts.marks,
        due=Due(first.promise.id, Expired(first.day), draft.action),
        condition=draft.condition,
        groups=draft.groups,
        folds=draft.folds,
        archiving=draft.archiving,
    )


def archived_step(
    place: str, promises: Sequence[Promise], named: str, counts: Counts, today: date, policy: Policy
) -> Step:
    """The step that destroys the archived rows of a place and promise; the promise may no longer exist."""
    return Step(
        id=f"{place}:{DESTROY.name}:{named}",
        place=place,
        store=place.split(".", 1)[0],
        table="",
        action=DESTROY.name,
        promises=tuple(dict.fromkeys(p.id for p in promises)) or (named,),
        names=tuple(dict.fromkeys(p.name for p in promises)) or (named.lower(),),
        line=policy.at(promises[0]).line if promises else 0,
        words=f"archived until before {today.isoformat()}",
        rows=counts.rows,
        held=counts.held,
        total=counts.total,
        signature="",
        due=Due(named, Expired(today), DESTROY.name),
    )


def asked_step(
    due: Due, place: BoundPlace, rows: int, total: int, promise: Promise | None, policy: Policy
) -> Step:
    """The step that erases rows of a place for persons who asked for it."""
    return Step(
        id=f"{place.name}:{due.action}",
        place=place.name,
        store=place.store,
        table=place.table.name,
        action=due.action,
        promises=(promise.id,) if promise else (),
        names=(promise.name,) if promise else ("erasure",),
        line=policy.at(promise).line if promise else 0,
        words=f"asked for by {due.source}; what kept it has gone",
        rows=rows,
        held=0,
        total=total,
        signature="",
        due=due,
    )


def identity(draft: Draft) -> str:
    """The id of a step, in plans and in the ledger."""
    at = f"{draft.place.name}:{draft.action}"
    if draft.event:
        return f"{at}:{draft.event}"
    single = len(draft.limits) == 1 or draft.archiving is not None
    return f"{at}:{draft.limits[0].promise.id}" if single else at


def _first(limits: Sequence[Limit]) -> Limit:
    """The limit that a plan shows: the first maximum, else the first."""
    return next((limit for limit in limits if limit.retention.limit == "max"), limits[0])
