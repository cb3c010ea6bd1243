"""A processor has no agreement with a date and a scope, or it has expired.

Whoever processes data for the company does so under a contract that says what is processed, how
long, why and on whose instructions (GDPR 28(3)); its own processors are bound in the same way
(28(4)). Without one, handing the data over is unlawful. The agreement is a record of the company’s,
under `agreement`.

Bad:

    --- policy.yaml
    recipients:
      host:
        says: {en: Hosting}
        kind: processor
        names: [Host SAS]
        country: FR
        data: [account, login, visit, invoice]
        told_by: a ticket
        agreement: {date: 2023-03-01, scope: [hosting], expires: 2026-02-28}

Good:

    --- policy.yaml
    recipients:
      host:
        says: {en: Hosting}
        kind: processor
        names: [Host SAS]
        country: FR
        data: [account, login, visit, invoice]
        told_by: a ticket
        agreement: {date: 2026-03-01, scope: [hosting], expires: 2029-02-28}

Write down the date, what it covers and when it ends: the rule then warns when it has run out.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule
from servanda.rules.engine.view import View


@rule("SV517", law="GDPR 28(3) and (4)")
def check(view: View) -> Iterator[Result]:
    """Check the agreement with every processor, and its dates."""
    processors = {name: r for name, r in view.policy.recipients.items() if r.kind == "processor"}
    if not processors:
        yield not_applicable("no processor receives data")
    without = [name for name, recipient in processors.items() if recipient.agreement is None]
    if without:
        yield needs(f"the dated agreement with {', '.join(without)}, and what it covers")
    today = str(view.today)
    for name, recipient in processors.items():
        agreement = recipient.agreement
        if agreement is None:
            continue
        if agreement.date > today:
            message = f"the agreement with {name} begins only on {agreement.date}"
            yield fails(
                view.value_spot("recipients", name, "agreement", "date"), message, "hand over nothing before"
            )
        elif agreement.expires is not None and agreement.expires < today:
            message = f"the agreement with {name} ended on {agreement.expires}"
            yield fails(view.value_spot("recipients", name, "agreement", "expires"), message, "renew it")
