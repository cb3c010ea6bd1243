"""The company would not know how to tell a recipient that data were corrected or erased.

Whoever had data from the company is told when they are corrected, erased or restricted, unless that
is impossible or would take a disproportionate effort (GDPR 19). That takes a known way for each
recipient: an API, a mailbox, a ticket. It is a record of the company’s, under `told_by`.

Bad:

    --- policy.yaml
    recipients:
      host: {says: {en: Hosting}, kind: processor, names: [Host SAS], country: FR, data: [account], told_by: ""}

Good:

    --- policy.yaml
    recipients:
      host: {says: {en: Hosting}, kind: processor, names: [Host SAS], country: FR, data: [account], told_by: a ticket}

Ask each recipient how it wants to be told, and write it down; a processor’s agreement mostly says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule
from servanda.rules.engine.view import View


@rule("SV515", law="GDPR 19", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Check that every external recipient has a notification route."""
    outside = {name: r for name, r in view.policy.recipients.items() if r.outside}
    if not outside:
        yield not_applicable("no other company receives data")
    unknown = [name for name, recipient in outside.items() if recipient.told_by is None]
    if unknown:
        yield needs(f"how these are told of a correction or an erasure: {', '.join(unknown)}")
    for name, recipient in outside.items():
        if recipient.told_by is not None and not recipient.told_by.strip():
            message = f"nothing says how {name} is told of a correction or an erasure"
            yield fails(
                view.value_spot("recipients", name, "told_by"),
                message,
                "told_by: a mailbox, an API, a ticket",
            )
