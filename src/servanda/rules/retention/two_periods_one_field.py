"""Two sentences give the same data two periods, and nothing says which counts.

The same field of the same persons cannot go after one year and after three. Two periods can stand
beside each other where each rests on a ground of its own, or where the text says which one
prevails; otherwise readers do not know when their data go, and a program would have to guess (GDPR
5(1)(e)). What counts is the field, not the heading: an IP address in two categories is one. An
exception without a reason leaves every period open. Two categories that serve different purposes have
periods of their own, even where both hold an address: periods are stated by purpose (WP260 rev.01, annex).

Two sentences speak of the same data where they share a category, or where a category of each holds a field
that tells who somebody is (IP address, e-mail, telephone, postal address, name) of the same kind of person.
These fields are known by their whole names, in English and French (`source_ip`, `adresse_ip`), never by parts
of them. Fields such as `amount`, `date` or `number` do not count: their names are alike, and what they hold
is not. A document with other names for its fields hides a contradiction; the rules on stores, which look at
values, find more.

Bad:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Data of customers stay for three years after the account is closed.}
        published: {period: P3Y}
        stated:
          - {data: [account, login, visit, invoice], period: P3Y, since: [account_closure], end: [delete]}
        enforced:
          - {data: [account, visit, invoice], trigger: account_closure, active: P3Y, ground: {choice: disputes}}
      - id: TEST-RET-02
        kind: retention
        keep: enforce
        line: 30
        says: {en: Log-ins stay for one year.}
        published: {period: P1Y}
        stated:
          - {data: login, period: P1Y, since: [event], end: [delete]}
        enforced:
          - {data: login, trigger: login, active: P1Y, ground: {choice: security}}

Good:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: "Data of customers, but for log-ins, stay for three years after the account is closed."}
        published: {period: P3Y}
        stated:
          - {data: [account, visit, invoice], period: P3Y, since: [account_closure], end: [delete]}
        enforced:
          - {data: [account, visit, invoice], trigger: account_closure, active: P3Y, ground: {choice: disputes}}
      - id: TEST-RET-02
        kind: retention
        keep: enforce
        line: 30
        says: {en: Log-ins stay for one year.}
        published: {period: P1Y}
        stated:
          - {data: login, period: P1Y, since: [event], end: [delete]}
        enforced:
          - {data: login, trigger: login, active: P1Y, ground: {choice: security}}

Say in the text which data each period is for, give each its reason (`ground`), or say which sentence
goes before the other (`prevails_over`).
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.categories import identifiers
from servanda.policy.policy import Policy, Statement
from servanda.policy.stated import EVERYTHING, Stated
from servanda.rules.engine.rule import Result, fails, not_applicable, rule
from servanda.rules.engine.view import View


@rule("SV112", law="GDPR 5(1)(e)")
def check(view: View) -> Iterator[Result]:
    """Compare all pairs of statements on the same data; each is reported once."""
    statements = view.policy.statements()
    periods_stated = [statement for statement in statements if statement.stated.tells]
    if not any(statement.stated.period for statement in periods_stated):
        yield not_applicable("the text gives no period in figures")
        return
    for statement in statements:
        stated = statement.stated
        if stated.clause == "exception" and not stated.tells and not stated.ground:
            message = (
                f"{statement.promise.name} takes data out of their periods, for no reason and until no day"
            )
            yield fails(view.value_spot(*statement.path), message, "say which data, why, and until when")
    for i, later in enumerate(periods_stated):
        for earlier in periods_stated[:i]:
            shared = _shared(view.policy, earlier.stated, later.stated)
            if shared and _differ(earlier.stated, later.stated) and not _settled(earlier, later):
                line = view.value_spot(*earlier.path).line
                message = (
                    f"{shared}: {earlier.promise.name} (line {line}) says {_words(earlier.stated)}, "
                    f"{later.promise.name} says {_words(later.stated)}, and nothing says which counts"
                )
                yield fails(
                    view.value_spot(*later.path), message, "give each its ground, or say which one prevails"
                )
                break


def _differ(first: Stated, second: Stated) -> bool:
    if first.period is None and second.period is None:
        return set(first.lasts) != set(second.lasts)
    since = bool(first.since and second.since) and set(first.since) != set(second.since)
    return first.period != second.period or since


def _settled(first: Statement, second: Statement) -> bool:
    grounds = [statement.stated.ground for statement in (first, second)]
    if any(s.stated.clause == "exception" and s.stated.ground for s in (first, second)):
        return True
    distinct = None not in grounds and str(grounds[0]) != str(grounds[1])
    before = (
        second.promise.id in first.stated.prevails_over or first.promise.id in second.stated.prevails_over
    )
    return distinct or before


def _shared(policy: Policy, first: Stated, second: Stated) -> str:
    """The shared subject: a category, or a field shared by two categories of the same audience."""
    controlled = {name: c for name, c in policy.categories.items() if c.role == "controller"}
    covered = [name for name in controlled if first.covers(name) and second.covers(name)]
    if covered or EVERYTHING in (*first.data, *second.data):
        return covered[0] if covered else ""
    for one in (name for name in first.data if name in controlled):
        for other in (name for name in second.data if name in controlled):
            if _apart(policy, one, other):
                continue
            a, b = controlled[one], controlled[other]
            fields, other_fields = identifiers(a.fields), identifiers(b.fields)
            kind = next((kind for kind in fields if kind in other_fields), "")
            if kind and set(a.audience) & set(b.audience):
                return f"{fields[kind]} of {', '.join(sorted(set(a.audience) & set(b.audience)))}"
    return ""


def _apart(policy: Policy, one: str, other: str) -> bool:
    """Whether two categories serve different purposes: periods are stated for each purpose (WP260, annex)."""
    uses = [{name for name, p in policy.purposes.items() if category in p.data} for category in (one, other)]
    return bool(uses[0] and uses[1]) and not uses[0] & uses[1]


_UNTIL = {
    "account": "while the account is open",
    "case": "while a case runs",
    "consent": "until consent is withdrawn",
    "contract": "while the contract runs",
    "law": "as long as a law says",
    "request": "until the request is answered",
    "transaction": "until the transaction is done",
}


def _words(stated: Stated) -> str:
    if stated.period is not None:
        return stated.period.in_words()
    return next(_UNTIL[word] for word in stated.lasts if word in _UNTIL)
