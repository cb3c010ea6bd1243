"""What has happened to a person's request, and what may happen next.

    received ──▶ proved ──▶ planned ──▶ done ──▶ answered
       │ ▲         ▲
       ▼ │         │           refused · forwarded · withdrawn · unproved end it, too
      asked ───────┘

The laws of it:
    1. The clock runs from the day on which the request reached the company, by whatever way.
    2. Before it is proved who asks, nothing of a person is read, changed, or confirmed to
       exist. Marketing alone is stopped without: not to write to an address takes the address.
    3. A question stops the clock only where a doubt is written down, and never for somebody
       who is logged in (GDPR 12(6); EDPB Guidelines 01/2022, §73 and §159).
    4. More time is taken once, within the first month, with reasons that the person is told
       (GDPR 12(3)); not where the policy promised less time than the law gives.
    5. A refusal has a ground that the law knows, reasons, and the ways to complain (12(4), (5)).
    6. It ends once. Each happening is an entry of the ledger, and none is ever changed.

All days are the company's own. Who asks, and what they wrote, is not here but sealed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from servanda.errors import Refused
from servanda.law.answer_deadline import Answer, Clock, Pause
from servanda.law.period import Period
from servanda.law.working_days import Calendar

Asker = Literal["person", "parent", "mandatary", "heir", "executor"]
"""Who asks: the person; a parent for a child; somebody with a mandate (décret 2019-536, art. 77); an heir,
or whom the person charged with it, after a death (LIL 85)."""

Channel = Literal["centre", "account", "email", "post", "phone", "on_site", "other"]

State = Literal[
    "received",
    "asked",
    "proved",
    "planned",
    "done",
    "answered",
    "refused",
    "forwarded",
    "withdrawn",
    "unproved",
]
ENDED: frozenset[State] = frozenset({"answered", "refused", "forwarded", "withdrawn", "unproved"})
OPEN: frozenset[State] = frozenset({"received", "asked", "proved", "planned", "done"})
_BEFORE: frozenset[State] = frozenset({"received", "asked", "proved", "planned"})

GROUNDS: dict[str, str] = {
    "manifestly_unfounded": "GDPR 12(5)",
    "manifestly_excessive": "GDPR 12(5)",
    "not_identified": "GDPR 11(2), 12(2)",
    "law": "GDPR 17(3), 23",
    "rights_of_others": "GDPR 15(4), 20(4)",
    "not_in_scope": "GDPR 12(4)",
}
"""Why a request may be refused, each with its article; the controller shows that it is so."""

_MAY: dict[str, frozenset[State]] = {
    "acknowledged": OPEN,
    "asked": frozenset({"received", "proved"}),
    "linked": frozenset({"received", "asked", "unproved"}),
    "supplied": frozenset({"asked"}),
    "proved": frozenset({"received", "asked"}),
    "extended": OPEN,
    "document": frozenset({"asked"}),
    "chosen": _BEFORE,
    "sorted": _BEFORE,
    "corrections": _BEFORE,
    "weighed": _BEFORE,
    "left": _BEFORE | {"done"},
    "waits": OPEN,
    "alarmed": OPEN,
    "completed": frozenset({"done", "answered"}),
    "lifting": frozenset({"done", "answered"}),
    "lifted": frozenset({"done", "answered"}),
    "planned": frozenset({"proved", "planned", "done"}),  # done: who was still named is looked for again
    "done": frozenset({"proved", "planned"}),
    "told": frozenset({"done", "answered"}),
    "confirmed": frozenset({"done", "answered"}),
    "answered": frozenset({"done"}),
    "refused": _BEFORE,
    "forwarded": _BEFORE,
    "withdrawn": _BEFORE,
    "unproved": frozenset({"received", "asked"}),
    "reopened": frozenset({"unproved"}),
}
"""In which states a happening may come."""

_THEN: dict[str, State] = {
    "received": "received",
    "asked": "asked",
    "proved": "proved",
    "planned": "planned",
    "done": "done",
    "answered": "answered",
    "refused": "refused",
    "forwarded": "forwarded",
    "withdrawn": "withdrawn",
    "unproved": "unproved",
    "reopened": "received",
}
"""The state after a happening; the others change none."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened, on a day of the company, and the ledger entry that says so.

    `facts` hold no personal data: grounds, methods, numbers of rows.
    """

    kind: str
    day: date
    at: str
    entry: int
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """One request for one right. `promised` is the time to answer that the policy promises, if any.

    `more_time` says whether the policy leaves room for an extension. `person` is the reference
    of whom it is about, once somebody knows.
    """

    number: int
    right: str
    asker: Asker
    channel: Channel
    language: str
    received: date
    happenings: tuple[Happening, ...]
    promised: Period | None = None
    more_time: bool = True
    person: str | None = None

    @property
    def state(self) -> State:
        """Where it stands."""
        state: State = "received"
        for happening in self.happenings:
            if happening.kind == "supplied":
                state = "proved" if self.proved else "received"
            state = _THEN.get(happening.kind, state)
        return state

    @property
    def open(self) -> bool:
        """Whether an answer is owed."""
        return self.state in OPEN

    @property
    def proved(self) -> bool:
        """Whether it is proved who asks."""
        return any(h.kind == "proved" for h in self.happenings)

    @property
    def ended_on(self) -> date | None:
        """The day on which it ended, None while it is open."""
        last = [h.day for h in self.happenings if _THEN.get(h.kind) in ENDED]
        return last[-1] if last and not self.open else None

    def last(self, kind: str) -> Happening | None:
        """The newest happening of a kind."""
        return next((h for h in reversed(self.happenings) if h.kind == kind), None)

    # -- the clock -------------------------------------------------------------------------

    @property
    def clock(self) -> Clock:
        """The clock of the law, with every question and extension that happened."""
        extended = self.last("extended")
        return Clock(
            received=self.received,
            pauses=tuple(self._pauses()),
            extended_on=extended.day if extended else None,
            promised=self.promised,
            logged_in=self.channel == "account",
        )

    def _pauses(self) -> list[Pause]:
        found: list[Pause] = []
        asked: Happening | None = None
        for happening in self.happenings:
            if happening.kind == "asked":
                asked = happening
            elif happening.kind in ("supplied", "proved") and asked is not None:
                found.append(Pause(asked.day, happening.day, bool(asked.facts.get("doubt"))))
                asked = None
        if asked is not None:
            found.append(Pause(asked.day, None, bool(asked.facts.get("doubt"))))
        return found

    def answer_by(self, calendar: Calendar) -> Answer:
        """Until when to answer, and why."""
        return self.clock.answer(calendar)

    def days_left(self, calendar: Calendar, today: date) -> int:
        """Days until the answer is due; below zero where it is late."""
        return (self.answer_by(calendar).due - today).days

    def late(self, calendar: Calendar, today: date) -> bool:
        """Whether the answer came, or would come today, after its day."""
        return (self.ended_on or today) > self.answer_by(calendar).due

    # -- what may happen next --------------------------------------------------------------

    def allow(self, kind: str, day: date, calendar: Calendar, facts: Mapping[str, Any]) -> None:
        """Look whether something may happen on a day. Raises Refused with the reason where not."""
        if self.state not in _MAY[kind]:
            raise Refused(f"request {self.number} is {self.state}: it cannot be {_DONE[kind]}", advice=_SEE)
        if day < self.received:
            raise Refused(f"{day} lies before the request, which was received on {self.received}")
        asked = self.last("asked")
        if kind in ("supplied", "proved") and asked is not None and day < asked.day:
            raise Refused(f"{day} lies before the question, which was asked on {asked.day}")
        check = _CHECKS.get(kind)
        if check is not None:
            check(self, day, calendar, facts)


def _ask(request: Request, day: date, calendar: Calendar, facts: Mapping[str, Any]) -> None:
    del day, calendar
    if request.proved and facts.get("about") != "content":
        raise Refused(f"request {request.number}: it is proved who asks; there is nothing to ask for")
    if request.channel == "account" and facts.get("about") != "content":
        raise Refused(
            f"request {request.number} was made by somebody who was logged in: that is proof (EDPB 01/2022 §73)"
        )


def _extend(request: Request, day: date, calendar: Calendar, facts: Mapping[str, Any]) -> None:
    del facts
    if request.last("extended") is not None:
        raise Refused(f"request {request.number} was extended before; the law knows one extension")
    if not request.more_time:
        promised = request.promised.in_words() if request.promised else "less time"
        raise Refused(f"the policy promises an answer within {promised}, and no more time")
    notice_by = request.answer_by(calendar).notice_by
    if day > notice_by:
        raise Refused(
            f"the person had to be told by {notice_by}, within the first month (GDPR 12(3))",
            advice="answer now, or refuse with reasons",
        )


def _refuse(request: Request, day: date, calendar: Calendar, facts: Mapping[str, Any]) -> None:
    del day, calendar
    if facts.get("ground") not in GROUNDS:
        raise Refused(
            f"request {request.number}: that is no ground for a refusal",
            advice=f"one of: {', '.join(GROUNDS)}",
        )


_CHECKS = {"asked": _ask, "extended": _extend, "refused": _refuse}
_SEE = "see what happened: servanda request show"
_DONE = {
    "acknowledged": "acknowledged",
    "asked": "asked about",
    "linked": "proved by a link",
    "supplied": "completed",
    "proved": "proved",
    "extended": "extended",
    "document": "shown a document for",
    "chosen": "told apart",
    "sorted": "sorted",
    "corrections": "corrected",
    "weighed": "weighed",
    "left": "answered without some tables",
    "waits": "left waiting",
    "alarmed": "told of",
    "completed": "completed",
    "lifting": "lifted",
    "lifted": "lifted",
    "planned": "planned",
    "done": "carried out",
    "told": "passed on to recipients",
    "confirmed": "confirmed by a recipient",
    "answered": "answered",
    "refused": "refused",
    "forwarded": "forwarded",
    "withdrawn": "withdrawn",
    "unproved": "closed for want of proof",
    "reopened": "opened again",
}
