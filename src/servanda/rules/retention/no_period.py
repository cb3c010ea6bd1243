"""A promise to end data names no time, and nothing is enforced in its place.

A text may say “as long as necessary” or nothing at all. It is kept as it stands, but
software can only end data at a date: without one the promise is broken every day. GDPR
5(1)(e) lets data stay no longer than necessary, and 13(2)(a) asks for the period, or for
the criteria that give it.

Bad:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        name: old-accounts
        kind: retention
        keep: enforce
        line: 12
        says: {en: We keep your account for a reasonable time.}
        published: {period: undefined}

Good:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        name: old-accounts
        kind: retention
        keep: enforce
        line: 12
        says: {en: We keep your account for three years after you close it.}
        published: {period: P3Y}
        enforced:
          - data: account
            trigger: account_closure
            active: P3Y
            end: delete
            ground: {choice: disputes about a contract mostly arise within three years}

State a period in the text, and enforce it. Until the text is mended, enforce the period that the company
holds itself to, with its ground, `owner` (who answers for it) and `because` (why); `published` stays as
the text has it. Or say `keep: workflow` where people end the data, or `keep: attest` where somebody
states that they end.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV101", law="GDPR 5(1)(e), 13(2)(a)")
def check(view: View) -> Iterator[Finding]:
    """Find promises to enforce that have no period."""
    for promise in view.policy.promises:
        if promise.lacks_period:
            message = f"{promise.name} gives no period, and none is enforced: it is broken every day"
            fix = (
                "enforced: [{data: …, trigger: …, active: P3Y, end: delete, ground: {choice: …}, "
                "owner: …, because: {en: …}}]"
            )
            yield fails(view.policy.at(promise, "id"), message, fix)
