"""Data that are kept after their daily use stay among those in use, open to everybody who works there.

Data have three phases (CNIL, guide des durées de conservation): in use; then, where a law or a
dispute asks for it, in an intermediate archive, apart from the rest, where a few people read them
for a reason; then deleted. A text can say that they stay where they were. Where it says nothing,
the company’s records have to show the archive: how it is apart, who reads it, and that each reading
has a reason.

Bad:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Your account stays in our customer database for three years after you close it.}
        published: {period: P3Y}
        stated:
          - data: [account, login, visit, invoice]
            period: P3Y
            since: [account_closure]
            stays: active
            end: [delete]
        enforced:
          - {data: [account, login, visit, invoice], trigger: account_closure, active: P3Y, ground: {choice: disputes}}

Good:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Your account moves to an archive for three years when you close it.}
        published: {period: P3Y}
        stated:
          - data: [account, login, visit, invoice]
            period: P3Y
            since: [account_closure]
            stays: archive
            archive: {apart: database, readers: [legal], on_reason: true}
            end: [delete]
        enforced:
          - {data: [account, login, visit, invoice], trigger: account_closure, archive: P3Y, ground: {choice: disputes}}

Move what must stay to an archive ([archive](../../how-to/archive.md)), with only the fields that its
reason needs, and give it to few.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV117", law="CNIL, guide des durées de conservation; GDPR 5(1)(e)", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Check every statement that keeps data after their use, and where they are kept."""
    controlled = [name for name, category in view.policy.categories.items() if category.role == "controller"]
    beyond = [
        statement
        for statement in view.policy.statements()
        if statement.stated.beyond_use and any(statement.stated.covers(name) for name in controlled)
    ]
    if not beyond:
        yield not_applicable("nothing is kept after its daily use")
        return
    unshown = []
    for statement in beyond:
        archive, at = statement.stated.archive, view.value_spot(*statement.path)
        if statement.stated.stays == "active":
            message = f"{statement.promise.name} keeps data after their use, among those in daily use"
            yield fails(at, message, "move them to an archive apart, which few may read")
        elif archive is None:
            unshown.append(statement.promise.name)
        elif not archive.on_reason:
            message = f"{statement.promise.name}: whoever may read the archive needs no reason to do so"
            yield weak(at, message, "have a reason written down for each reading")
    if unshown:
        yield needs(f"the archive: how it is apart and who reads it, for {', '.join(dict.fromkeys(unshown))}")
