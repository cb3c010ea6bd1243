"""The text says how long data stay, and not what happens to them then.

At the end of a period data are deleted, or made anonymous for good. A text that only says that data
“are kept for a year” leaves open whether they go (GDPR 5(1)(e)). One sentence for all data is enough.
Where it says “at most” it does tell that they do not stay, and the finding is weak.

Bad:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Data are kept for one year.}
        published: {period: P1Y}
        stated:
          - {data: [account, login, visit, invoice], period: P1Y, since: [account_closure]}
        enforced:
          - {data: [account, login, visit, invoice], trigger: account_closure, active: P1Y, ground: {choice: disputes}}

Good:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: "Data are kept for one year, then deleted."}
        published: {period: P1Y}
        stated:
          - {data: [account, login, visit, invoice], period: P1Y, since: [account_closure], end: [delete]}
        enforced:
          - {data: [account, login, visit, invoice], trigger: account_closure, active: P1Y, ground: {choice: disputes}}

Write what happens at the end, in each sentence or once for all: `stated: [{data: all, end: [delete]}]`.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Result, fails, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV116", law="GDPR 5(1)(e)", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Find periods without a stated end."""
    categories = view.policy.categories
    controlled = [name for name, category in categories.items() if category.role == "controller"]
    statements = [
        statement for statement in view.policy.statements() if any(map(statement.stated.covers, controlled))
    ]
    timed = [s for s in statements if s.stated.endures and s.stated.clause != "exception"]
    if not timed:
        yield not_applicable("the text does not say how long any data stay")
        return
    ended = {name for name in controlled for s in statements if s.stated.end and s.stated.covers(name)}
    lacking = [
        s
        for s in timed
        if not s.stated.end and any(s.stated.covers(name) and name not in ended for name in controlled)
    ]
    fix = "say that they are deleted then, or made anonymous: end: [delete]"
    if lacking and not ended and not any(s.stated.most for s in timed):
        message = "the text says how long data stay, and nowhere what happens to them then"
        yield fails(view.key_spot("promises"), message, fix)
        return
    for statement in lacking:
        suffix = ", only that they stay no longer" if statement.stated.most else ""
        message = f"{statement.promise.name} does not say what happens at the end{suffix}"
        yield weak(view.value_spot(*statement.path), message, fix)
