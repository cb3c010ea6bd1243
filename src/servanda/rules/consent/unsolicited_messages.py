"""Marketing goes by e-mail, SMS or push to persons who have not agreed to it.

Such messages need consent beforehand (CPCE L34-5; ePrivacy 2002/58 art. 13), except to own customers for similar
goods, and to professionals for their job; both may always object. Without consent the rule fails where consumers
are addressed, or where the text says that nothing stops the messages. Where it does not say whether
the audience are consumers (`persons` of each audience), or asks consent for certain messages only, it is weak.

Bad:

    --- policy.yaml
    messages:
      offers:
        says: {en: Our offers by e-mail}
        channels: [email]
        content: [offers]
        to: [customers]
        opt_out: [each_message]

Good:

    --- policy.yaml
    messages:
      offers:
        says: {en: Our offers by e-mail}
        channels: [email]
        content: [offers]
        to: [customers]
        basis: [consent]
        opt_out: [each_message]

Ask for consent, a box for these messages alone; or say that the audience are professionals, or own customers, and
put a link into each message.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.messages import ELECTRONIC, Message
from servanda.policy.parties import has_consumers
from servanda.rules.engine.rule import Finding, Result, fails, not_applicable, rule, weak
from servanda.rules.engine.view import View

_FIX = "basis: [consent]; or exception: similar_goods; or persons: [professionals] of its audience"


@rule("SV231", law="CPCE L34-5; GDPR 6(1)(a)")
def check(view: View) -> Iterator[Result]:
    """Check each kind of marketing that may go by an electronic message."""
    sent = {n: m for n, m in view.policy.messages.items() if m.marketing and ELECTRONIC & set(m.channels)}
    if not sent:
        yield not_applicable("the text speaks of no marketing by e-mail or SMS")
    for name, message in sent.items():
        yield from _message(view, name, message)


def _message(view: View, name: str, message: Message) -> Iterator[Finding]:
    at = view.key_spot("messages", name)
    consumers = has_consumers(message.to, view.policy.audiences)
    if message.bases(view.policy.purposes) == {"consent"}:
        if message.some:
            key = view.value_spot("messages", name, "some")
            yield weak(key, f"{name}: consent is asked for certain of these messages only", "say for which")
    elif "none" in message.opt_out:
        key = view.value_spot("messages", name, "opt_out")
        yield fails(key, f"{name} goes out without consent, and nothing stops it", _FIX)
    elif message.exception == "similar_goods" or consumers is False:
        return
    elif consumers:
        yield fails(at, f"{name} goes to consumers without their consent", _FIX)
    else:
        text = f"{name} goes out without consent, and the text does not say whether to consumers"
        yield weak(at, text, _FIX)
