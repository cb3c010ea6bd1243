"""A card’s verification code outlives the payment, or the company keeps card numbers itself.

The code on the back of a card proves that the payer holds it. Whoever keeps it takes that proof
away: it ends with the transaction, without exception (CNIL 2018-303, art. 4; PCI DSS 3.3). Card
numbers belong with the payment provider, not with the company. Fields are known by their tags and
by their names.

Bad:

    --- policy.yaml
    categories:
      card: {says: {en: Payment card}, audience: customers, fields: [card_number, cvv], sensitivity: [card, card-code]}
    security: [{kind: encryption, data: [card]}]
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Data of customers and their cards stay for three years.}
        published: {period: P3Y}
        stated:
          - {data: [account, login, visit, invoice, card], period: P3Y, since: [transaction], end: [delete]}
        enforced:
          - {data: [account, login, visit, invoice, card], trigger: payment, active: P3Y, ground: {choice: disputes}}

Good:

    --- policy.yaml
    categories:
      card:
        says: {en: Payment card}
        audience: customers
        fields: [card_number, cvv]
        sensitivity: [card, card-code]
        held_by: host
    security: [{kind: encryption, data: [card]}]
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Data of customers stay for three years.}
        published: {period: P3Y}
        stated:
          - {data: [account, login, visit, invoice], period: P3Y, since: [transaction], end: [delete]}
        enforced:
          - {data: [account, login, visit, invoice], trigger: payment, active: P3Y, ground: {choice: disputes}}
      - id: TEST-RET-02
        kind: retention
        keep: check
        line: 14
        says: {en: Our payment provider has your card while you pay.}
        published: {period: transaction}
        stated:
          - {data: card, lasts: [transaction], end: [delete]}

Let the payment provider take the card, and say that the code is gone when the payment is done:
`stated: [{data: card-code, lasts: [transaction]}]`. A provider’s token is enough for the next
payment.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.period import Period
from servanda.policy.categories import Category, sensitive
from servanda.policy.stated import Stated
from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV118", law="CNIL 2018-303 art. 4; PCI DSS 3.3")
def check(view: View) -> Iterator[Result]:
    """Check every category with card codes, card numbers, or unknown means of payment."""
    kinds = {name: _kinds(c) for name, c in view.policy.categories.items() if c.role == "controller"}
    if not any(kinds.values()):
        yield not_applicable("no payment card is processed")
    statements = [statement.stated for statement in view.policy.statements()]
    for name, kind in kinds.items():
        at = view.key_spot("categories", name)
        if "card-code" in kind and not _gone(statements, name):
            message = f"{name} holds a card’s verification code, which nothing ends with the transaction"
            yield fails(at, message, f"stated: [{{data: {name}, lasts: [transaction]}}]")
        elif "card" in kind and not view.policy.categories[name].held_by:
            message = f"{name} holds card numbers, and the company keeps them itself"
            yield weak(at, message, "leave them with the payment provider, and name it: held_by: …")
    unsure = [name for name, kind in kinds.items() if kind == {"payment"}]
    if unsure:
        yield needs(f"whether {', '.join(unsure)} are cards, and who keeps their numbers and codes")


def _kinds(category: Category) -> set[str]:
    kinds: set[str] = {*category.tags, *category.sensitivity, *sensitive(category.fields)}
    return kinds & {"card", "card-code", "payment"}


def _gone(statements: list[Stated], name: str) -> bool:
    """Return whether every statement ends the category with the transaction."""
    rules = [stated for stated in statements if name in stated.data and stated.endures]
    return bool(rules) and all(_at_once(stated) for stated in rules)


def _at_once(stated: Stated) -> bool:
    return stated.period == Period() or (stated.period is None and stated.lasts == ["transaction"])
