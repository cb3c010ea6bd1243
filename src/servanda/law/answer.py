"""How long a company has to answer a person who asks.

    received --> one month --> answer due           extended: three months in all, from receipt
                   ^
                   +- stands still while proof of identity is awaited

Law: GDPR art. 12(3) one month, plus two where needed, if the person is told why within
the first; art. 12(4) a refusal within one month, extended or not; art. 12(6) proof of
identity on reasonable doubt. Regulation 1182/71, art. 3: how months end. EDPB Guidelines
01/2022, §157-164. A policy may promise less time than the law; more has no effect.

That the month stands still says a guideline ("there may be"), and no law. So each
answer has two dates: `due`, and `due_strict`, which counts no pause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from servanda.law.calendar import Calendar
from servanda.law.counting import ends, rolled
from servanda.law.period import Period
from servanda.law.steps import Step, in_order, step

MONTH = Period(months=1)
EXTENDED = Period(months=3)
PROMPT = 3
"""Working days in which a question is asked "without undue delay"; no source gives a number."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A question to the person, because of a reasonable doubt that is on record, and its answer.

    An open question (`supplied` is None) stops nothing: it counts once it is answered.
    """

    asked: date
    supplied: date | None = None
    doubt: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """Until when to answer, and why. All days are the company's own, and last until 24:00.

    `notice_by` is the last day to tell the person of an extension, `refuse_by` the last
    for a refusal; `due_strict` is the answer's day if no pause counts, `law_due` what the
    law alone would give.
    """

    nominal: date
    due: date
    due_strict: date
    law_due: date
    notice_by: date
    refuse_by: date
    extended: bool
    paused_days: int
    steps: tuple[Step, ...]
    calendar: str


@dataclass(frozen=True, slots=True)
class Clock:
    """What happened to one request, in local days.

    `promised` is what the policy promises. `logged_in` says that the person asked from an
    account: then there is no doubt about who asks (EDPB 01/2022 §73), and no pause.
    `ask_within` is how many working days a company gives itself to ask back.
    """

    received: date
    pauses: tuple[Pause, ...] = ()
    extended_on: date | None = None
    promised: Period | None = None
    logged_in: bool = False
    ask_within: int = PROMPT

    def answer(self, calendar: Calendar) -> Answer:
        """Count until when to answer at this place. Raises OutOfOrder, UnknownPlace."""
        paused, why = self._paused(calendar)
        first, first_moved = rolled(self.received + MONTH + paused, calendar)
        extended, told = self._extended(first)
        period = EXTENDED if extended else MONTH
        nominal = self.received + period + paused
        law_due, moved = rolled(nominal, calendar) if extended else (first, first_moved)
        arrived = step(self.received, "answer.received", "1182/71 3(1)")
        steps = [arrived, *why, *told, ends(self.received, period)]
        if paused.days:
            steps.append(step(nominal, "answer.paused", "EDPB-01/2022 159", period=paused))
        due, bound = self._promised(law_due, paused, calendar)
        steps += [*moved, *bound]
        refuse_by = min(first, due)
        if refuse_by < due:
            steps.append(step(refuse_by, "answer.refuse", "GDPR 12(4)"))
        strict = replace(self, pauses=()).answer(calendar).due if paused.days else due
        if strict < due:
            steps.append(step(strict, "answer.strict", "GDPR 12(3)"))
        return Answer(
            nominal=nominal,
            due=due,
            due_strict=strict,
            law_due=law_due,
            notice_by=first,
            refuse_by=refuse_by,
            extended=extended,
            paused_days=paused.days,
            steps=tuple(steps),
            calendar=str(calendar),
        )

    def _extended(self, notice_by: date) -> tuple[bool, tuple[Step, ...]]:
        """Whether the person was told of the extension in time, and the step that says so."""
        if self.extended_on is None:
            return False, ()
        in_order(self.received, self.extended_on, "received", "extended")
        in_time = self.extended_on <= notice_by
        says = "answer.extended" if in_time else "answer.extended-late"
        return in_time, (step(self.extended_on, says, "GDPR 12(3)", by=notice_by),)

    def _promised(self, law_due: date, paused: Period, calendar: Calendar) -> tuple[date, tuple[Step, ...]]:
        """The stricter of promise and law. A promise in days is flat: its end does not move."""
        if self.promised is None:
            return law_due, ()
        end = self.received + self.promised + paused
        if not self.promised.days:
            end, _ = rolled(end, calendar)
        says = "promise.stricter" if end < law_due else "promise.not-stricter"
        return min(end, law_due), (step(end, says, "GDPR 12(3)", period=self.promised),)

    def _paused(self, calendar: Calendar) -> tuple[Period, tuple[Step, ...]]:
        """How long the clock stood still, overlaps merged, and a step for each question."""
        steps: list[Step] = []
        answers: list[date] = []
        days, resumed = 0, self.received
        for pause in sorted(self.pauses, key=lambda p: (p.asked, p.supplied or date.max)):
            in_order(self.received, pause.asked, "received", "asked")
            if refused := self._not_counted(pause, answers, calendar):
                steps.append(step(pause.asked, refused, "EDPB-01/2022 159", within=self.ask_within))
                continue
            if pause.supplied is None:
                steps.append(step(pause.asked, "pause.open", "GDPR 12(4)"))
                continue
            in_order(pause.asked, pause.supplied, "asked", "supplied")
            since = max(pause.asked, resumed)
            days += max(0, (pause.supplied - since).days)
            resumed = max(resumed, pause.supplied)
            answers.append(pause.supplied)
            steps.append(step(pause.supplied, "pause.counted", "EDPB-01/2022 159", asked=pause.asked))
        return Period(days=days), tuple(steps)

    def _not_counted(self, pause: Pause, answers: Sequence[date], calendar: Calendar) -> str:
        """The sentence that says why a question stops nothing, or "".

        A question may follow the request, or the latest answer that came before it.
        """
        if self.logged_in:
            return "pause.logged-in"
        if not pause.doubt:
            return "pause.no-doubt"
        since = max((day for day in answers if day <= pause.asked), default=self.received)
        late = calendar.working_days(since, pause.asked) > self.ask_within
        return "pause.late" if late else ""
