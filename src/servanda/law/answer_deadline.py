"""The deadline for the answer to a person's request.

    received --> one month --> answer due           extended: three months in all, from receipt
                   ^
                   +- stands still while proof of identity is awaited

Law: GDPR art. 12(3) one month, plus two where needed, if the person is told why within
the first; art. 12(4) a refusal within one month, extended or not; art. 12(6) proof of
identity on reasonable doubt. Regulation 1182/71, art. 3: how months end. EDPB Guidelines
01/2022, §157-164. A policy may promise less time than the law; more has no effect.

The pause rests on a guideline ("there may be"), not on a law. So each answer has two
dates: `due`, and `due_strict`, which counts no pause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from servanda.law.deadline import ends, rolled
from servanda.law.period import Period
from servanda.law.steps import Step, in_order, step
from servanda.law.working_days import Calendar

MONTH = Period(months=1)
EXTENDED = Period(months=3)
PROMPT = 3
"""Working days within which a question counts as asked "without undue delay"; no source gives a number."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A question to the person, based on a recorded reasonable doubt, and its answer.

    An open question (`supplied` is None) does not pause the deadline until it is answered.
    """

    asked: date
    supplied: date | None = None
    doubt: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """The deadline of an answer, with its steps. Dates are in the company's zone and end at 24:00.

    `notice_by` is the last day to notify the person of an extension, `refuse_by` the last day for
    a refusal; `due_strict` is the deadline without pauses, `law_due` the deadline by law alone.
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
    """The dates of one request, as local days.

    `promised` is the period in the policy. With `logged_in` the person asked from an account:
    then there is no doubt about identity (EDPB 01/2022 §73), and no pause. `ask_within` is
    the number of working days for a question back.
    """

    received: date
    pauses: tuple[Pause, ...] = ()
    extended_on: date | None = None
    promised: Period | None = None
    logged_in: bool = False
    ask_within: int = PROMPT

    def answer(self, calendar: Calendar) -> Answer:
        """Calculate the deadline at this place. Raises OutOfOrder, UnknownPlace."""
        paused, why = self._paused(calendar)
        first, first_moved = rolled(self.received + MONTH + paused, calendar)
        extended, notice_steps = self._extended(first)
        period = EXTENDED if extended else MONTH
        nominal = self.received + period + paused
        law_due, moved = rolled(nominal, calendar) if extended else (first, first_moved)
        arrived = step(self.received, "answer.received", "1182/71 3(1)")
        steps = [arrived, *why, *notice_steps, ends(self.received, period)]
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
        """Return whether the person was notified of the extension in time, and the step for it."""
        if self.extended_on is None:
            return False, ()
        in_order(self.received, self.extended_on, "received", "extended")
        in_time = self.extended_on <= notice_by
        sentence = "answer.extended" if in_time else "answer.extended-late"
        return in_time, (step(self.extended_on, sentence, "GDPR 12(3)", by=notice_by),)

    def _promised(self, law_due: date, paused: Period, calendar: Calendar) -> tuple[date, tuple[Step, ...]]:
        """The stricter of promise and law. A promise in days is flat: its end does not move."""
        if self.promised is None:
            return law_due, ()
        end = self.received + self.promised + paused
        if not self.promised.days:
            end, _ = rolled(end, calendar)
        sentence = "promise.stricter" if end < law_due else "promise.not-stricter"
        return min(end, law_due), (step(end, sentence, "GDPR 12(3)", period=self.promised),)

    def _paused(self, calendar: Calendar) -> tuple[Period, tuple[Step, ...]]:
        """The paused days, with overlaps merged, and a step for each question."""
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
        """The key of the sentence that says why a question does not pause the deadline, or "".

        A question may follow the request, or the latest answer that came before it.
        """
        if self.logged_in:
            return "pause.logged-in"
        if not pause.doubt:
            return "pause.no-doubt"
        since = max((day for day in answers if day <= pause.asked), default=self.received)
        too_late = calendar.working_days(since, pause.asked) > self.ask_within
        return "pause.late" if too_late else ""
