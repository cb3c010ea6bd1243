"""The list of recipients is left open: “such as”, “etc.”, “including”.

People are told who receives their data, or which kinds of recipients (GDPR 13(1)(e)). After “such as”
they know one name and not the others, and the company can add to the list without telling anybody. A
list that names some and leaves the rest to a word such as “partners” is weak.

Bad:

    --- policy.yaml
    recipients:
      payment:
        says: {en: Payment providers}
        kind: processor
        names: [Pay SAS]
        country: FR
        data: [invoice]
        open: such as
        told_by: its API

Good:

    --- policy.yaml
    recipients:
      payment:
        says: {en: Payment providers}
        kind: processor
        names: [Pay SAS]
        country: FR
        data: [invoice]
        told_by: its API

Close the list: name all of them, or name kinds that everybody belongs to. A change of the list is
then a change of the text, of which people are told.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV518", law="GDPR 13(1)(e), 12(1)", severity="warning")
def check(view: View) -> Iterator[Finding]:
    """Find sentences that leave the list of recipients open, each once, and incomplete lists."""
    listed = {name: r for name, r in view.policy.recipients.items() if r.listed}
    reported: set[tuple[int | None, str]] = set()
    for name, recipient in listed.items():
        if recipient.open and (recipient.line, recipient.open) not in reported:
            reported.add((recipient.line, recipient.open) if recipient.line else (None, name))
            message = (
                f"the sentence that names {name} leaves the list of recipients open (“{recipient.open}”)"
            )
            yield fails(
                view.value_spot("recipients", name, "open"), message, "name all of them, or their kinds"
            )
    outside = {name: r for name, r in listed.items() if r.outside}
    if any(recipient.names for recipient in outside.values()):
        for name, recipient in outside.items():
            if not recipient.names and not recipient.open:
                message = f"the text names some recipients, and leaves {name} without names"
                yield weak(
                    view.key_spot("recipients", name), message, "name them, or give them a kind of their own"
                )
