"""A period in the text gives no date: a range, “generally”, as long as necessary, counted from nothing.

A program, and a person who reads the text, must be able to say on which day data go: one value, one
event, one clock. GDPR 5(1)(e) lets data stay no longer than necessary, and only a date shows that
they did not. Where an exception, a clause on archives or the event alone is vague, the finding is
weak; so it is for logs that are counted from the last visit, since those of who keeps coming never
end.

Bad:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Accounts are generally kept for five to ten years.}
        published: {period: P5Y..P10Y}
        stated:
          - {data: [account, login, visit, invoice], period: P5Y..P10Y, hedge: [generally], end: [delete]}
        enforced:
          - data: [account, login, visit, invoice]
            trigger: account_closure
            active: P5Y
            ground: {law: FR/c-civ/2224}
            owner: dpo
            because: {en: The text gives a range; a contract can be disputed for five years.}

Good:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Accounts are kept for five years after they are closed.}
        published: {period: P5Y}
        stated:
          - {data: [account, login, visit, invoice], period: P5Y, since: [account_closure], end: [delete]}
        enforced:
          - data: [account, login, visit, invoice]
            trigger: account_closure
            active: P5Y
            ground: {law: FR/c-civ/2224}

Write one value and the event from which it runs. Where several periods are meant, say which data each
is for. What a law asks for can be named with its figure: ten years from the end of the fiscal year.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.period import PeriodRange
from servanda.policy.policy import Policy
from servanda.policy.stated import Stated
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View

_HEDGES = {
    "about": "“about” is no figure",
    "case_by_case": "it differs from case to case",
    "generally": "“generally” is no promise",
    "in_principle": "“in principle” is no promise",
}


@rule("SV111", law="GDPR 5(1)(e), 13(2)(a)")
def check(view: View) -> Iterator[Finding]:
    """Find statements from which no date can be computed."""
    for statement in view.policy.statements():
        stated, name = statement.stated, statement.promise.name
        vague, open_ended = _vague(stated), _open(view.policy, stated)
        if vague and stated.clause == "main":
            yield fails(
                view.value_spot(*statement.path),
                f"{name}: {vague}",
                "give one period and the event it runs from",
            )
        elif vague:
            clause = "an exception" if stated.clause == "exception" else "a clause on archives"
            yield weak(
                view.value_spot(*statement.path), f"{name}, {clause}: {vague}", "say until when it holds"
            )
        elif open_ended:
            yield weak(
                view.value_spot(*statement.path), f"{name}: {open_ended}", "say from which event it runs"
            )


def _vague(stated: Stated) -> str:
    """The reason why a statement gives no period, or an empty string."""
    if isinstance(stated.period, PeriodRange):
        return f"{stated.period.in_words()} is a range, not a period"
    hedge = next((_HEDGES[word] for word in stated.hedge if word in _HEDGES), "")
    if hedge and stated.endures:
        return hedge
    if stated.period is None and "need" in stated.lasts:
        return "“as long as necessary” gives no day"
    return "a time that the text does not give" if stated.period is None and "unsaid" in stated.lasts else ""


def _open(policy: Policy, stated: Stated) -> str:
    """What is missing in a stated period, or an empty string."""
    if stated.period is None:
        if "law" in stated.lasts:
            return "the text leaves the period to the law and gives no figure"
        return "the text leaves the period to another document" if "elsewhere" in stated.lasts else ""
    if not stated.since:
        return f"the text does not say from when the period of {stated.period.in_words()} runs"
    logs = [name for name, c in policy.categories.items() if "connection" in c.tags and stated.covers(name)]
    if logs and "last_activity" in stated.since:
        return f"{logs[0]} are counted from the last visit: those of who keeps coming never end"
    return ""
