"""Two sentences give the same data two periods, and nothing says which counts.

The same field of the same persons cannot go after one year and after three. Two periods can stand
beside each other where each rests on a ground of its own, or where the text says which one
prevails; otherwise readers do not know when their data go, and a program would have to guess (GDPR
5(1)(e)). What counts is the field, not the heading: an IP address in two categories is one. An
exception without a reason leaves every period open.

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
    """Compare every two statements that speak of the same data; each is reported once."""
    statements = view.policy.statements()
    told = [statement for statement in statements if statement.stated.tells]
    if not any(statement.stated.period for statement in told):
        yield not_applicable("the text gives no period in figures")
        return
    for statement in statements:
        stated = statement.stated
        if stated.clause == "exception" and not stated.tells and not stated.ground:
            message = (
                f"{statement.promise.name} takes data out of their periods, for no reason and until no day"
            )
            yield fails(view.value_spot(*statement.path), message, "say which data, why, and until when")
    for i, later in enumerate(told):
        for earlier in told[:i]:
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


def _differ(one: Stated, other: Stated) -> bool:
    if one.period is None and other.period is None:
        return set(one.lasts) != set(other.lasts)
    since = bool(one.since and other.since) and set(one.since) != set(other.since)
    return one.period != other.period or since


def _settled(one: Statement, other: Statement) -> bool:
    grounds = [statement.stated.ground for statement in (one, other)]
    if any(s.stated.clause == "exception" and s.stated.ground for s in (one, other)):
        return True
    distinct = None not in grounds and str(grounds[0]) != str(grounds[1])
    before = other.promise.id in one.stated.prevails_over or one.promise.id in other.stated.prevails_over
    return distinct or before


def _shared(policy: Policy, one: Stated, other: Stated) -> str:
    """What both speak of: a category, or a field that two categories of the same persons share."""
    own = {name: c for name, c in policy.categories.items() if c.role == "controller"}
    both = [name for name in own if one.covers(name) and other.covers(name)]
    if both or EVERYTHING in (*one.data, *other.data):
        return both[0] if both else ""
    for a in (own[name] for name in one.data if name in own):
        for b in (own[name] for name in other.data if name in own):
            fields, others = identifiers(a.fields), identifiers(b.fields)
            kind = next((kind for kind in fields if kind in others), "")
            if kind and set(a.audience) & set(b.audience):
                return f"{fields[kind]} of {', '.join(sorted(set(a.audience) & set(b.audience)))}"
    return ""


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
