"""A marketing message carries no link by which it is stopped.

Every such message must offer a way to object, free of charge and simple (CPCE L34-5; GDPR 21(2) and (3)): a link in
each message, with the headers List-Unsubscribe and List-Unsubscribe-Post (RFC 8058). A text that says
there is none fails; one that offers another route only, such as the account, is weak; where it says
nothing, the messages themselves must be looked at.

Bad:

    --- policy.yaml
    messages:
      offers:
        says: {en: Our offers by e-mail}
        channels: [email]
        content: [offers]
        to: [customers]
        basis: [consent]
        opt_out: [account]

Good:

    --- policy.yaml
    messages:
      offers:
        says: {en: Our offers by e-mail}
        channels: [email]
        content: [offers]
        to: [customers]
        basis: [consent]
        opt_out: [account, each_message]

Put the link into the template, let it work without a log-in, and say so in the text.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.messages import ELECTRONIC
from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV233", law="CPCE L34-5; GDPR 21(2), 21(3); RFC 8058")
def check(view: View) -> Iterator[Result]:
    """Check the ways to stop each kind of marketing by an electronic message."""
    sent = {n: m for n, m in view.policy.messages.items() if m.marketing and ELECTRONIC & set(m.channels)}
    if not sent:
        yield not_applicable("the text speaks of no marketing by e-mail or SMS")
    silent = [name for name, message in sent.items() if not message.opt_out]
    if silent:
        yield needs(f"the templates of {', '.join(silent)}: the text does not say how they are stopped")
    for name, message in sent.items():
        at = view.value_spot("messages", name, "opt_out")
        fix = "a link in each message: opt_out: [each_message]"
        if "none" in message.opt_out:
            yield fails(at, f"{name} is marketing, and nothing stops it", fix)
        elif message.opt_out and "each_message" not in message.opt_out:
            route = " or ".join(
                {"account": "in the account", "request": "on request"}[way] for way in message.opt_out
            )
            yield weak(at, f"{name} is stopped {route} only, and not from the message itself", fix)
