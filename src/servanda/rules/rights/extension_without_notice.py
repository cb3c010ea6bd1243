"""An answer may take longer than a month, without the limits and the notice that the law asks for.

The month can be prolonged by two more where the request is complex or the person has sent a
number of them, if the person is told so within the first month, with the reasons (GDPR 12(3);
EDPB 01/2022, §162-164). More than three months in all fails, and so does a time that the text
gives as the ordinary one although it holds for complex or many requests only. An extension
without notice, reasons, or for other causes is weak.

Bad:

    --- policy.yaml
    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      deadline: {within: P1M, since: receipt, line: 61}
      extension: {by: P3M, conditions: [complexity], line: 62}

Good:

    --- policy.yaml
    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      deadline: {within: P1M, since: receipt, line: 61}
      extension: {by: P2M, conditions: [complexity, number], told_within: P1M, reasons: true, line: 62}

Announce one month; then at most two more for complex or numerous requests, told with the reasons
within the first. How busy the company is does not count.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.period import Period
from servanda.policy.requests import Extension
from servanda.rules.engine.rule import Result, fails, not_applicable, rule, weak
from servanda.rules.engine.view import View

_MONTH = Period(months=1)
_MOST = Period(months=2)
_LAWFUL = frozenset({"complexity", "number"})
_CAUSES = {"company_load": "how much the company has to do", "other": "causes that the law does not know"}


@rule("SV302", law="GDPR 12(3)")
def check(view: View) -> Iterator[Result]:
    """Check the extension, and deadlines longer than the law allows."""
    requests = view.policy.requests
    deadline, extension = requests.deadline, requests.extension
    disguised = (
        deadline is not None and deadline.conditions and not deadline.calendar.never_longer_than(_MONTH)
    )
    if disguised:
        at = view.value_spot("requests", "deadline", "conditions")
        message = (
            "the time for complex or many requests stands as the ordinary one: the first month is missing"
        )
        yield fails(at, message, "deadline: {within: P1M}, extension: {by: P2M, …}")
    if extension is None:
        if not disguised:
            yield not_applicable("the text announces no extension")
        return
    at = view.value_spot("requests", "extension")
    base = deadline.calendar if deadline is not None else _MONTH
    if not extension.by.never_longer_than(_MOST):
        judge = fails if _MOST.never_longer_than(extension.by) else weak
        message = f"an extension of {extension.by.in_words()} can be longer than the two months of the law"
        yield judge(view.value_spot("requests", "extension", "by"), message, "by: P2M")
    elif not base.never_longer_than(_MONTH) and not _within_three(base, extension):
        message = f"{base.in_words()} and {extension.by.in_words()} more are longer than three months in all"
        yield fails(at, message, "within: P1M, by: P2M")
    for problem in _lacks(extension):
        yield weak(at, f"the text prolongs the time to answer {problem}", "told_within: P1M, reasons: true")


def _within_three(base: Period, extension: Extension) -> bool:
    months, days = base.whole_months + extension.by.whole_months, base.days + extension.by.days
    return Period(months=months, days=days).never_longer_than(Period(months=3))


def _lacks(extension: Extension) -> Iterator[str]:
    if extension.told_within is None or not extension.reasons:
        yield "without a notice with reasons within the first month"
    elif not extension.told_within.never_longer_than(_MONTH):
        yield f"with a notice within {extension.told_within.in_words()}, not within the first month"
    for condition in extension.conditions:
        if condition not in _LAWFUL:
            yield f"for {_CAUSES[condition]}, which is no reason for it"
