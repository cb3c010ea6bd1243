"""The status of promises on rights: from the requests, and from the last rehearsal.

    a request of it is late ───────────────────────────────────────▶ broken
    the last rehearsal failed ─────────────────────────────────────▶ broken
    no rehearsal yet, or no person in the stores to rehearse with ─▶ not_yet
    the rehearsal is old, cannot be proved; a request ends in two days ▶ at_risk
    else ──▶ kept where software does it, worked where people do, with a clock

Law: GDPR 5(2), 12 and 24(1): to be able to show it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from servanda.law.rights import promised
from servanda.law.working_days import Calendar
from servanda.ledger.entry import Entry
from servanda.policy.promise import Promise
from servanda.policy.promise_status import PromiseStatus, State
from servanda.rights.record.request import Request

FRESH = timedelta(days=92)
"""How long a rehearsal is valid evidence."""
_LOOK_BACK = timedelta(days=366)
_SERVED = timedelta(days=1)
KINDS = frozenset({"right", "deadline", "identity-proof", "minors", "post-mortem", "role-as-processor"})


@dataclass(frozen=True, slots=True)
class RequestEvidence:
    """The evidence for a status: requests, calendar, and the last rehearsal.

    `served` is when the privacy centre was last up, `own` the places with columns that persons may change there,
    `overdue` the requests with remaining rows that are due and not erased.
    """

    requests: tuple[Request, ...]
    calendar: Calendar
    now: datetime
    today: date
    rehearsal: Entry | None
    served: datetime | None
    provable: Callable[[Entry], bool]
    own: tuple[str, ...] = ()
    overdue: tuple[int, ...] = ()


def status_of(evidence: RequestEvidence, promise: Promise) -> PromiseStatus | None:
    """The status of a promise on rights; None if something else keeps it."""
    wants = _WANTS.get(promise.kind)
    if wants is None or promise.keep not in ("enforce", "workflow"):
        return None
    if promise.sub == "channel" and promise.published.get("channel") == "dedicated_module":
        return _module(evidence, promise)
    if promise.kind == "right" and promise.published.get("self_service"):
        return _self_service(evidence, promise)
    rights = wants(promise)
    return None if rights is None else _judged(evidence, promise, rights)


def _judged(evidence: RequestEvidence, promise: Promise, rights: tuple[str, ...]) -> PromiseStatus:
    relevant = [r for r in evidence.requests if not rights or r.right in rights]
    late = [r for r in relevant if _late(evidence, r)]
    if late:
        first = late[0]
        due = first.answer_by(evidence.calendar).due
        why = f"request {first.number} was to be answered by {due}"
        return PromiseStatus(
            promise, "broken", "requests", why if len(late) == 1 else f"{why}, and {len(late) - 1} more"
        )
    overdue = [r.number for r in relevant if r.number in evidence.overdue]
    if overdue:
        why = f"what was kept of request {overdue[0]} is due, and not erased; run servanda apply"
        return PromiseStatus(promise, "at_risk", "requests", why, evidence={"overdue": len(overdue)})
    entry = evidence.rehearsal
    tried: Mapping[str, Mapping[str, object]] = (
        (entry.body or {}).get("rights", {}) if entry is not None else {}
    )
    if entry is None:
        return PromiseStatus(promise, "not_yet", why="needs a rehearsal: servanda request rehearse")
    if not tried:
        return PromiseStatus(promise, "not_yet", why="no person is in the stores to rehearse with")
    failed = [
        f"{name}: {one['why']}"
        for name, one in tried.items()
        if one["why"] and (not rights or name in rights)
    ]
    if failed:
        return PromiseStatus(promise, "broken", "rehearsal", failed[0], entry.at, "", entry.number)
    return _shown(evidence, promise, relevant, entry)


def _shown(
    evidence: RequestEvidence, promise: Promise, relevant: list[Request], entry: Entry
) -> PromiseStatus:
    near = [r for r in relevant if r.open and r.days_left(evidence.calendar, evidence.today) <= 2]
    summary = f"{_requests(relevant)}; rehearsed on {entry.at.date()}"
    due = min((r.answer_by(evidence.calendar).due for r in relevant if r.open), default=None)
    state: State = "kept" if promise.keep == "enforce" else "worked"
    why = summary
    if evidence.now - entry.at > FRESH:
        state, why = "at_risk", f"the last rehearsal was on {entry.at.date()}"
    elif not evidence.provable(entry):
        state, why = "at_risk", "the rehearsal cannot be proved"
    elif near:
        state, why = "at_risk", f"request {near[0].number} is to be answered by {due}"
    next_ = f"request to answer by {due}" if due else f"rehearsal by {(entry.at + FRESH).date()}"
    return PromiseStatus(
        promise, state, "requests", why, entry.at, next_, entry.number, {"requests": len(relevant)}
    )


def _requests(relevant: list[Request]) -> str:
    if not relevant:
        return "no request so far"
    count = "1 request" if len(relevant) == 1 else f"{len(relevant)} requests"
    return f"{count}, none late"


def _late(evidence: RequestEvidence, request: Request) -> bool:
    """Whether a request is late now, or was answered late within the last year."""
    ended = request.ended_on
    if ended is not None and evidence.today - ended > _LOOK_BACK:
        return False
    return request.late(evidence.calendar, evidence.today)


def _module(evidence: RequestEvidence, promise: Promise) -> PromiseStatus:
    """The status of a promised form: the privacy centre was up within the last day."""
    if evidence.served is None:
        return PromiseStatus(promise, "not_yet", why="needs the privacy centre: servanda serve")
    if evidence.now - evidence.served > _SERVED:
        why = f"the privacy centre was last up on {evidence.served.date()}"
        return PromiseStatus(promise, "at_risk", "privacy centre", why, evidence.served)
    found = _judged(evidence, promise, ())
    return found if found.state != "kept" else _with(found, "the form of the privacy centre is up; ")


def _self_service(evidence: RequestEvidence, promise: Promise) -> PromiseStatus:
    """The status of promised self-service: the centre is up, and has editable columns."""
    if not evidence.own:
        return PromiseStatus(
            promise, "not_yet", why="needs columns that people may change: editable: in stores.yaml"
        )
    up = _module(evidence, promise)
    if up.state != "kept":
        return up
    return replace(up, why=f"people change it themselves: {', '.join(evidence.own)}; {up.why}")


def _with(found: PromiseStatus, words: str) -> PromiseStatus:
    return replace(found, why=words + found.why, where="privacy centre")


# -- which rights a promise needs -------------------------------------------------------------


def _right(promise: Promise) -> tuple[str, ...]:
    if promise.sub is not None and promised(promise.sub):
        return promised(promise.sub)
    listed = promise.published.get("rights")
    names: Iterable[str] = listed if isinstance(listed, list) else ()
    return tuple(r for name in names for r in promised(name))


def _minors(promise: Promise) -> tuple[str, ...] | None:
    """A parent's request is worked here; that nobody under age signs up, the application shows."""
    return ("erasure",) if promise.published.get("requester") == "parent" else None


def _processor(promise: Promise) -> tuple[str, ...] | None:
    """What a person asks of data that a customer decides about is forwarded; what a customer's leaves is erased.

    The rest needs other keepers.
    """
    action = promise.published.get("action")
    if action == "redirect_to_controller":
        return ()
    return (
        ("offboarding",) if action == "erase" and promise.published.get("trigger") == "contract_end" else None
    )


_WANTS: Mapping[str, Callable[[Promise], tuple[str, ...] | None]] = {
    "right": _right,
    "deadline": lambda _: (),
    "identity-proof": lambda _: (),
    "minors": _minors,
    "post-mortem": lambda _: ("directives",),
    "role-as-processor": _processor,
}
