"""Messages that come with the service, and cannot be switched off, hold marketing.

Who cannot refuse the messages of a contract must be able to refuse what is sold beside them (CPCE L34-5; GDPR 21(2)
and (3)). Where the text says that such messages cannot be switched off and that they hold offers, the rule
fails; where it only rests them on the contract, it is weak.

Bad:

    --- policy.yaml
    messages:
      service:
        says: {en: "Orders, bills and our offers"}
        channels: [letter]
        content: [orders, billing, offers]
        to: [customers]
        basis: [contract]
        switchable: false

Good:

    --- policy.yaml
    messages:
      service:
        says: {en: "Orders and bills"}
        channels: [letter]
        content: [orders, billing]
        to: [customers]
        basis: [contract]
        switchable: false

Take the offers out, into messages of their own, with consent and a link.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.messages import MARKETING
from servanda.rules.engine.rule import Result, fails, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV234", law="CPCE L34-5", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Find marketing in messages sent for a contract or a legal duty."""
    bound = {}
    for name, message in view.policy.messages.items():
        with_service = message.bases(view.policy.purposes) & {"contract", "legal_obligation"}
        if message.switchable is False or (with_service and message.switchable is None):
            bound[name] = message
    if not bound:
        yield not_applicable("no message is said to come with the service")
    for name, message in bound.items():
        marketing = sorted(MARKETING & set(message.content))
        if marketing:
            judge = fails if message.switchable is False else weak
            words = "cannot be switched off" if message.switchable is False else "comes with the contract"
            at = view.value_spot("messages", name, "content")
            text = f"{name} {words}, and holds {', '.join(marketing)}"
            yield judge(at, text, "a message of their own for them, with consent")
