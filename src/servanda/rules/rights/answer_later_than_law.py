"""The text gives the company longer to answer a request than the law does, or no time at all.

An answer is due within one month of the receipt of the request (GDPR 12(3)); counted in months,
so that a request of 31 January is answered by the end of February. A longer time in the text
fails. Thirty days are weak, being longer than a month in February, and so is a text that is
silent: people must be able to know when to complain. A time that begins only when the file is
complete can end later, too.

Bad:

    --- policy.yaml
    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      deadline: {within: P2M, since: receipt, line: 61}

Good:

    --- policy.yaml
    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      deadline: {within: P1M, since: receipt, line: 61}

Say one month from receipt, or less. Where the text promises less than the law, that is what
counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.period import Period
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View

_MONTH = Period(months=1)
_FIX = "within: P1M"


@rule("SV301", law="GDPR 12(3)")
def check(view: View) -> Iterator[Finding]:
    """Compare the deadline with the statutory month."""
    deadline = view.policy.requests.deadline
    if deadline is None:
        message = "the text does not say within what time a request is answered; the law gives one month"
        yield weak(view.key_spot("requests"), message, "deadline: {within: P1M, since: receipt}")
        return
    at = view.value_spot("requests", "deadline", "within")
    period = deadline.calendar
    working = " of work" if deadline.working_days else ""
    deadline_text = f"{deadline.within.in_words()}{working}"
    if period != _MONTH and _MONTH.never_longer_than(period):
        yield fails(at, f"the text promises an answer within {deadline_text}; the law gives one month", _FIX)
    elif not period.never_longer_than(_MONTH):
        yield weak(
            at, f"{deadline_text} can be longer than the month that the law gives, as in February", _FIX
        )
    elif deadline.since in ("complete", "identified"):
        message = "the time to answer begins later than the receipt of the request, where the law begins it"
        yield weak(view.value_spot("requests", "deadline", "since"), message, "since: receipt")
