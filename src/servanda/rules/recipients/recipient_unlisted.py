"""Somebody receives data and does not stand in the text’s list of recipients, or there is no list.

GDPR 13(1)(e) has people told who receives their data, or which kinds of recipients. Who reads the
list takes it for the whole: a payment provider that turns up in the paragraph on cookies has been
left out.

Bad:

    --- policy.yaml
    recipients:
      host:
        says: {en: Hosting}
        kind: processor
        names: [Host SAS]
        country: FR
        data: [account, login, visit, invoice]
      stats:
        says: {en: Visitor statistics}
        kind: processor
        names: [Stats SAS]
        country: FR
        data: [visit]
        listed: false

Good:

    --- policy.yaml
    recipients:
      host:
        says: {en: Hosting}
        kind: processor
        names: [Host SAS]
        country: FR
        data: [account, login, visit, invoice]
      stats:
        says: {en: Visitor statistics}
        kind: processor
        names: [Stats SAS]
        country: FR
        data: [visit]

Add it to the list in the text; a kind is enough there (“a provider that counts visitors”).
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV511", law="GDPR 13(1)(e)")
def check(view: View) -> Iterator[Finding]:
    """Find the recipients that the text names outside its list."""
    if not view.policy.recipients:
        message = "the text names nobody who receives data, not even kinds of recipients"
        yield fails(view.key_spot("recipients"), message, "recipients: {host: {says: …, kind: processor, …}}")
    for name, recipient in view.policy.recipients.items():
        if not recipient.listed:
            where = f" on line {recipient.line}" if recipient.line else ""
            message = f"{name} is named{where} of the text, and not in its list of recipients"
            if not where:
                message = f"{name} is named in the text, and not in its list of recipients"
            yield weak(view.key_spot("recipients", name), message, "add it to the list in the text")
