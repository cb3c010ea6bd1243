"""The status of promises on retention, archives, holds and anonymisation, which sweeps keep.

kept      a ledger entry within the promise's interval proves it, and a count now finds no overdue row
at_risk   rows are due and the last sweep is recent; or there is no recent evidence; or a store does not answer
broken    rows are overdue and no sweep ran; a trigger is not bound; there is no period
not_yet   a place does not say how it archives
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from servanda.actions import action
from servanda.ledger import Ledger
from servanda.ledger.entry import Entry
from servanda.persons.holds import Hold
from servanda.plan import renewals, unscrubbed
from servanda.plan.archive.overview import ArchiveOverview
from servanda.plan.archiving import archive_tables
from servanda.plan.plan import Plan, Step, Stuck
from servanda.policy.policy import Policy
from servanda.policy.promise import EveryRetention, KeepsHolds, Promise, Retention
from servanda.policy.promise_status import PromiseStatus, State
from servanda.project import Project
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.obstacles import kept_copies
from servanda.stores.binding.open_stores import OpenStores


@dataclass(frozen=True, slots=True)
class RetentionEvidence:
    """The evidence for a status: the documents, the stores as they are now, the plan, and the ledger."""

    project: Project
    plan: Plan
    ledger: Ledger
    holds: tuple[Hold, ...]
    entries: dict[str, Entry]
    provable: Callable[[Entry], bool]
    archived: ArchiveOverview = field(default_factory=ArchiveOverview)

    @property
    def policy(self) -> Policy:
        """The policy."""
        return self.project.policy

    @property
    def stores(self) -> OpenStores:
        """The stores as they are now."""
        return self.project.stores

    @property
    def now(self) -> datetime:
        """The instant of the evidence."""
        return self.project.now

    @property
    def today(self) -> date:
        """The company's local date."""
        return self.plan.today


def latest_entries(ledger: Ledger) -> dict[str, Entry]:
    """The newest favourable ledger entry of each promise: it counted nothing overdue, or ended all that was planned.

    The key “*” is the newest plan or sweep, “swept” the newest sweep.
    """
    found: dict[str, Entry] = {}
    for kind, part in (("plan.made", "counts"), ("apply.ended", "steps")):
        for entry in ledger.entries(kind):
            lines = (entry.body or {}).get(part, [])
            bad = {name for line in lines if not _leaves_nothing_overdue(line) for name in line["promises"]}
            spoken = {name for line in lines for name in line["promises"]} - bad
            for name in (*spoken, "*", *(["swept"] if kind == "apply.ended" else [])):
                if name not in found or found[name].number < entry.number:
                    found[name] = entry
    return found


def _leaves_nothing_overdue(line: Mapping[str, Any]) -> bool:
    """Whether a line of an entry leaves nothing overdue; actions that make nothing overdue do not count."""
    if not action(line["action"]).makes_overdue:
        return True
    return bool(line["done"] >= line["planned"] if "done" in line else not line["rows"])


def status_of(seen: RetentionEvidence, promise: Promise) -> PromiseStatus:
    """The status of a promise that sweeps keep."""
    if not promise.enforced:
        if promise.lacks_period:
            return PromiseStatus(
                promise, "broken", why="no period: the text gives none, and nothing is enforced"
            )
        return PromiseStatus(promise, "not_yet", why=_needs(seen, promise))
    parts = [_item_status(seen, promise, item) for item in promise.enforced]
    worst = min(parts, key=lambda s: _ORDER.index(s.state))
    where = ", ".join(dict.fromkeys(w for s in parts for w in s.where.split(", ") if w))
    archived = list(dict.fromkeys(said for s in parts for said in s.evidence.get("archived", ())))
    evidence = {**worst.evidence, "archived": archived} if archived else worst.evidence
    return replace(worst, where=where, evidence=evidence)


_ORDER: list[State] = ["broken", "at_risk", "not_yet", "attested", "worked", "checked", "kept"]


def _needs(seen: RetentionEvidence, promise: Promise) -> str:
    if promise.kind == "anonymise":
        return "needs a probe of the tool that anonymises"
    done, waiting = unscrubbed.scrubs(seen.ledger), unscrubbed.unscrubbed(seen.ledger)
    if waiting or not done:
        return "needs apply --scrub, and a replay of erasures after a restore"
    last = max(done.values(), key=lambda entry: entry.number)
    return f"scrubbed on {last.at:%Y-%m-%d}, entry {last.number}; needs a replay of erasures after a restore"


def _item_status(
    seen: RetentionEvidence, promise: Promise, item: Retention | KeepsHolds | EveryRetention
) -> PromiseStatus:
    if isinstance(item, Retention):
        return _retention(seen, promise, item)
    return (
        _holds(seen, promise, item) if isinstance(item, KeepsHolds) else _every_retention(seen, promise, item)
    )


# -- one retention ----------------------------------------------------------------------------


def _retention(seen: RetentionEvidence, promise: Promise, retention: Retention) -> PromiseStatus:
    down = sorted(seen.stores.down)
    if down:
        return PromiseStatus(promise, "at_risk", ", ".join(down), f"store {down[0]} does not answer")
    places = [p for p in seen.stores.binding.places.values() if any(r is retention for _, r in p.limits)]
    places = [p for p in places if not _is_processor_only(seen.policy, p)]
    where = ", ".join(p.name for p in places)
    for place in places:
        wrong = seen.stores.binding.unusable(place.name)
        if wrong:
            return PromiseStatus(promise, "broken", place.name, f"{place.name}: {wrong[0].message}")
        if place.table.hidden:
            why = f"row-level security hides rows of {place.table.name} from us; see servanda check --select SV448"
            return PromiseStatus(promise, "broken", place.name, why)
    if not places:
        return _without_place(seen, promise, retention)
    names = {p.name for p in places}
    steps = [s for s in seen.plan.steps if promise.id in s.promises and s.place in names]
    if retention.archive is None:
        return _beside_copies(seen, places, _swept(seen, promise, where, places, steps))
    without = [p for p in places if not _archives(seen.stores, p)]
    if without:
        why = f"needs the intermediate archive: say archive: at {without[0].name} in stores.yaml"
        return PromiseStatus(promise, "not_yet", where, why)
    where = ", ".join(seen.archived.where(p) for p in places)
    problem = next((f for p in places if (f := seen.archived.problem(p))), "")
    if problem:
        return PromiseStatus(promise, "broken", where, problem)
    status = _beside_copies(seen, places, _swept(seen, promise, where, places, steps))
    archived = [said for p in places if (said := seen.archived.describe(p, promise.id))]
    return replace(status, evidence={**status.evidence, "archived": archived}) if archived else status


def _archives(stores: OpenStores, place: BoundPlace) -> bool:
    """Whether a place says how it archives, or is itself the archive table of another place."""
    if place.place.archive is not None:
        return bool(place.table.key)
    return place.table.name in archive_tables(stores.binding, place.store)


def _is_processor_only(policy: Policy, place: BoundPlace) -> bool:
    return all(policy.categories[name].role == "processor" for name in place.data)


def _without_place(seen: RetentionEvidence, promise: Promise, retention: Retention) -> PromiseStatus:
    said = seen.stores.binding.document.nowhere
    reasons = [said[name] for name in retention.data if name in said]
    if len(reasons) == len(retention.data):
        return PromiseStatus(
            promise, "not_yet", "nowhere", f"needs a search of every store; stated: {reasons[0]}"
        )
    lacking = next(name for name in retention.data if name not in said)
    return PromiseStatus(
        promise, "broken", "", f"no place holds {lacking}; give it one, or state why under nowhere:"
    )


def _beside_copies(seen: RetentionEvidence, places: list[BoundPlace], found: PromiseStatus) -> PromiseStatus:
    """The same status, but never kept while the database keeps copies of what was ended."""
    copies = [k for p in places for k in kept_copies(seen.stores.binding, p)]
    waiting = [n for p in places for n in renewals.waiting(seen.project.database, p)]
    if found.state != "kept" or not (copies or waiting):
        return found
    why = copies[0].message if copies else f"{waiting[0]} still holds what was ended; run servanda apply"
    return replace(found, state="at_risk", why=why)


def _swept(
    seen: RetentionEvidence, promise: Promise, where: str, places: list[BoundPlace], steps: list[Step]
) -> PromiseStatus:
    parts = [
        s
        for s in seen.plan.stuck
        if s.place in {p.name for p in places} and (not s.promises or promise.id in s.promises)
    ]
    stuck = sum(s.rows for s in parts)
    overdue = stuck + sum(s.rows for s in steps if action(s.action).makes_overdue)
    held = sum(s.held for s in steps)
    without = sum(w.rows for w in seen.plan.without_end if w.place in {p.name for p in places})
    entry = seen.entries.get(promise.id)
    young = entry is not None and entry.at.date() + promise.within >= seen.now.date()
    evidence: dict[str, Any] = {"overdue": overdue, "held": held, "without_end": without}
    if any(k.promise == promise.id for k in seen.plan.kept):
        evidence["except_law"] = sum(k.rows for k in seen.plan.kept if k.promise == promise.id)
    last, number = (entry.at, entry.number) if entry is not None else (None, None)
    if overdue:
        swept = seen.entries.get("swept")
        recent = swept is not None and swept.at.date() + promise.within >= seen.now.date()
        state: State = "at_risk" if recent else "broken"
        return PromiseStatus(promise, state, where, _overdue(overdue, parts), last, "now", number, evidence)
    waiting = sum(w.rows for w in seen.plan.waiting if w.promise == promise.id)
    if waiting:
        evidence["waiting"] = waiting
        why = f"{_rows(waiting)} overdue, until the warning is old enough"
        return PromiseStatus(promise, "at_risk", where, why, last, "after the warning", number, evidence)
    if entry is None or not young:
        why = f"no evidence younger than {promise.within.in_words()}; run servanda plan"
        return PromiseStatus(promise, "at_risk", where, why, last, "tonight", number, evidence)
    if not seen.provable(entry):
        why = f"entry {entry.number} cannot be proved; run servanda ledger verify"
        return PromiseStatus(promise, "at_risk", where, why, last, "tonight", number, evidence)
    if without:
        why = f"{_rows(without)} without a date never {'ends' if without == 1 else 'end'}; say what no date means"
        why += f" ({_remarks(evidence)})" if evidence.get("except_law") or held else ""
        return PromiseStatus(promise, "at_risk", where, why, last, "tonight", number, evidence)
    return PromiseStatus(promise, "kept", where, _remarks(evidence), last, "tonight", number, evidence)


def _overdue(overdue: int, stuck: list[Stuck]) -> str:
    said = f"{_rows(overdue)} overdue"
    for part in stuck:
        said += f", {part.rows} of them {_STUCK[part.why]}"
    return said


_STUCK = {
    "pointed at": "since rows that stay point at them",
    "being written": "in files being written",
    "unemptied": "with fields that at_end does not empty: servanda check --select SV468",
    "refused": "that the database would not let go or be emptied: servanda check",
}


def _remarks(evidence: dict[str, Any]) -> str:
    said = []
    if evidence.get("except_law"):
        said.append(f"except {_rows(evidence['except_law'])} kept for law")
    if evidence["held"]:
        said.append(f"{evidence['held']} held")
    if evidence["without_end"]:
        said.append(f"{_rows(evidence['without_end'])} without a date")
    return ", ".join(said)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


# -- holds, and promises about every retention ------------------------------------------------


def _holds(seen: RetentionEvidence, promise: Promise, item: KeepsHolds) -> PromiseStatus:
    running = [h for h in seen.holds if h.kind == item.hold]
    entry = seen.entries.get("*")
    evidence = {"holds": len(running), "epoch": seen.plan.pins.epoch}
    late = [h.id for h in running if h.unreviewed(seen.today)]
    if seen.stores.down:
        return PromiseStatus(promise, "at_risk", "every store", "a store does not answer", evidence=evidence)
    if late:
        why = f"hold {late[0]} is past its review date"
        return PromiseStatus(promise, "at_risk", "every store", why, evidence=evidence)
    if entry is None or entry.at.date() + promise.within < seen.now.date() or not seen.provable(entry):
        return PromiseStatus(
            promise, "at_risk", "every store", "no young evidence; run servanda plan", evidence=evidence
        )
    count = f"{len(running)} running" if running else "none running"
    return PromiseStatus(promise, "kept", "every store", count, entry.at, "", entry.number, evidence)


def _every_retention(seen: RetentionEvidence, promise: Promise, item: EveryRetention) -> PromiseStatus:
    for other in seen.policy.promises:
        for retention in other.retentions:
            if retention.end not in item.ends:
                return PromiseStatus(promise, "broken", "", f"{other.name} ends otherwise: {retention.end}")
    for place in seen.stores.binding.places.values():
        for column, change in place.place.at_end.items():
            if change.pseudonym and item.pseudonyms == "never" and place.swept:
                return PromiseStatus(
                    promise, "broken", place.name, f"{place.name}.{column} ends as a pseudonym"
                )
    small = [g for g in seen.plan.groups if item.k is not None and g.k < item.k]
    if small:
        return PromiseStatus(
            promise, "broken", small[0].place, f"{small[0].place}: groups of {small[0].k} rows"
        )
    others = [
        status_of(seen, p)
        for p in seen.policy.promises
        if p.keep == "enforce" and p.retentions and p is not promise
    ]
    worst = min(others, key=lambda s: _ORDER.index(s.state), default=None)
    if worst is None:
        return PromiseStatus(promise, "not_yet", why="needs a retention to speak of")
    if worst.state != "kept":
        return PromiseStatus(promise, worst.state, "every place", f"{worst.promise.name}: {worst.why}")
    newest = max(others, key=lambda s: s.entry or 0)
    oldest = min((s.last for s in others if s.last is not None), default=None)
    said = {"promises": len(others)}
    return PromiseStatus(promise, "kept", "every place", "", oldest, "tonight", newest.entry, said)


KEEPERS = {"retention": status_of, "archive": status_of, "anonymise": status_of, "hold": status_of}
