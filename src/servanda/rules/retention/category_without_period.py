"""Data have no period in the text, nor a criterion from which one follows.

GDPR 13(2)(a) has people told how long their data stay or, where that is not possible, by which
criteria it is decided. A criterion lets a reader work out the end: “while your account is open”
is one, “as long as necessary” is not (WP 260 rev.01, annex). What the text says stands under
`stated` of a promise; where that is left out, what is enforced for it counts.

Bad:

    --- policy.yaml
    categories:
      preferences: {says: {en: Settings of an account}, audience: customers, fields: [colour]}

Good:

    --- policy.yaml
    categories:
      preferences: {says: {en: Settings of an account}, audience: customers, fields: [colour]}
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: We keep what we know of you for three years after you close your account.}
        published: {period: P3Y}
        stated:
          - {data: [account, login, visit, invoice, preferences], period: P3Y, since: [account_closure], end: [delete]}
        enforced:
          - data: [account, login, visit, invoice, preferences]
            trigger: account_closure
            active: P3Y
            ground: {choice: disputes mostly arise within three years}

Give each category a period, or the event with which its use ends, and write the sentence into the
published text first: `stated` repeats what people can read.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV110", law="GDPR 13(2)(a), 5(1)(e)")
def check(view: View) -> Iterator[Finding]:
    """Find the categories, and the data named in passing, for which no statement gives a period or criterion."""
    statements = [statement.stated for statement in view.policy.statements()]
    rules = [stated for stated in statements if stated.tells and stated.clause != "exception"]
    categories = [name for name, category in view.policy.categories.items() if category.role == "controller"]
    without = [name for name in categories if not any(stated.covers(name) for stated in rules)]
    if categories and len(without) == len(categories):
        message = "no category of data has a period in the text, nor a criterion from which one follows"
        yield fails(
            view.key_spot("promises"), message, "stated: [{data: …, period: P3Y, since: [account_closure]}]"
        )
        return
    fix = "say in the text how long they stay, and repeat it under stated"
    for name in without:
        message = f"{name} has no period in the text, nor a criterion from which one follows"
        yield weak(view.key_spot("categories", name), message, fix)
    for name, mention in view.policy.mentions.items():
        if mention.what == "data":
            message = f"{name}, which the text names in passing, has no period"
            yield weak(view.key_spot("mentions", name), message, fix)
