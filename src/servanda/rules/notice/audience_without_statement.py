"""Persons are mentioned, and the text does not say which of their data are used, why, or how long.

Every kind of person whose data are used is told all of it (GDPR 13), and stands in the register
with it (30(1)(c)). Candidates who turn up only among those who read their files, or readers of a
newsletter without a period, have been forgotten. Where all three are missing the rule fails; where
one or two are, the finding is weak. Categories that the text does not list (`listed: false`) tell
nobody anything.

Bad:

    --- policy.yaml
    audiences:
      candidates: {says: {en: Candidates for a post}}

Good:

    --- policy.yaml
    audiences:
      candidates: {says: {en: Candidates for a post}}
    categories:
      application: {says: {en: Applications}, audience: candidates, fields: [letter], tags: [candidate]}
    purposes:
      service: {says: {en: Provide the service}, basis: [contract], data: [account, login, visit, invoice]}
      hiring: {says: {en: Fill a post}, basis: [contract], data: [application]}
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Applications are deleted two years after the decision.}
        published: {period: P2Y}
        stated:
          - {data: [application, account, login, visit, invoice], period: P2Y, since: [decision], end: [delete]}
        enforced:
          - data: [application, account, login, visit, invoice]
            trigger: decision
            active: P2Y
            ground: {recommendation: CNIL/recrutement}

Say for each kind of person which data, which purposes and how long; or write a notice of their own
where they meet you, such as the page on which one applies.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.policy import Policy
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV905", law="GDPR 13, 30(1)(c)")
def check(view: View) -> Iterator[Finding]:
    """Check data, purposes and periods for each audience, and for persons mentioned in passing."""
    policy = view.policy
    for name in policy.audiences:
        data = [
            c for c, category in policy.categories.items() if name in category.audience and category.listed
        ]
        purposes = any(set(data) & set(purpose.data) for purpose in policy.purposes.values())
        unstated = [
            c
            for c, category in policy.categories.items()
            if name in category.audience and not category.listed
        ]
        if not data and unstated and all(policy.categories[c].role == "processor" for c in unstated):
            continue
        missing = _missing(bool(data), purposes, _timed(policy, data))
        yield from _found(view, ("audiences", name), name, missing)
    for name, mention in policy.mentions.items():
        if mention.what == "persons":
            missing = _missing(False, bool(mention.purposes), False)
            yield from _found(view, ("mentions", name), name, missing)


def _timed(policy: Policy, data: list[str]) -> bool:
    rules = [s.stated for s in policy.statements() if s.stated.tells and s.stated.clause != "exception"]
    return any(stated.covers(name) for stated in rules for name in data)


def _missing(data: bool, purposes: bool, periods: bool) -> list[str]:
    statements = {"which data": data, "what for": purposes, "how long": periods}
    return [words for words, is_there in statements.items() if not is_there]


def _found(view: View, path: tuple[str, str], name: str, missing: list[str]) -> Iterator[Finding]:
    if missing:
        judge = fails if len(missing) == 3 else weak
        message = f"the text mentions {name} and does not say {', nor '.join(missing)}"
        yield judge(
            view.key_spot(*path), message, "say which data of theirs are used, what for, and how long"
        )
