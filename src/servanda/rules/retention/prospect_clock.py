"""The time of prospects runs from the company’s own mailings, not from a sign of the person.

Data of prospects may stay for three years after they were collected or after the last contact that
came from the person (CNIL, référentiel gestion commerciale). Counted from a message of the company,
each newsletter would begin the time again, and the data of who never answered would stay for ever.

Bad:

    --- policy.yaml
    categories:
      leads: {says: {en: Prospects}, audience: customers, fields: [company], tags: [prospect]}
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Leads stay for three years after our last contact.}
        published: {period: P3Y}
        stated:
          - data: [leads, account, login, visit, invoice]
            period: P3Y
            since: [last_contact]
            renewed_by: either
            end: [delete]
        enforced:
          - data: [leads, account, login, visit, invoice]
            trigger: last_contact
            active: P3Y
            ground: {recommendation: CNIL/gestion-commerciale}

Good:

    --- policy.yaml
    categories:
      leads: {says: {en: Prospects}, audience: customers, fields: [company], tags: [prospect]}
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Leads stay for three years after they last contacted us.}
        published: {period: P3Y}
        stated:
          - data: [leads, account, login, visit, invoice]
            period: P3Y
            since: [last_contact]
            renewed_by: person
            end: [delete]
        enforced:
          - data: [leads, account, login, visit, invoice]
            trigger: last_contact
            active: P3Y
            ground: {recommendation: CNIL/gestion-commerciale}

Count from the collection, or from the last contact that the person made: a call, a click, an order,
an answer. A message that was sent, or only opened by a mail program, is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Result, fails, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV115", law="CNIL, référentiel gestion commerciale; GDPR 5(1)(e)", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Check the start of the periods of data tagged `prospect`."""
    prospects = [name for name, category in view.policy.categories.items() if "prospect" in category.tags]
    if not prospects:
        yield not_applicable("no data of prospects or enquirers are processed")
        return
    statements = [
        statement
        for statement in view.policy.statements()
        if statement.stated.period and any(statement.stated.covers(name) for name in prospects)
    ]
    if not statements:
        yield not_applicable("the text gives prospects no period")
    for statement in statements:
        if "last_contact" not in statement.stated.since or statement.stated.renewed_by == "person":
            continue
        at, name = view.value_spot(*statement.path), statement.promise.name
        fix = "count from the collection, or from the last contact that came from the person"
        if statement.stated.renewed_by is None:
            yield weak(at, f"{name}: whose contact begins the period again is not said", fix)
        else:
            yield fails(at, f"{name}: a contact that the company makes begins the period again", fix)
