"""Data are called anonymous and are used to address single persons, or can be joined to them.

What is anonymous concerns nobody who can be singled out (GDPR 4(1), recital 26). Data that decide what a
person is shown or written, or that keep an identifier, are pseudonymous at best, and the whole law
applies to them: calling them anonymous takes rights away.

Bad:

    --- policy.yaml
    purposes:
      service:
        says: {en: Provide the service}
        basis: [contract]
        data: [account, login, invoice]
      offers:
        says: {en: Show offers according to the pages seen}
        basis: [consent]
        data: [visit]
        personalised: true
    anonymous:
      - {data: visit}

Good:

    --- policy.yaml
    purposes:
      service:
        says: {en: Provide the service}
        basis: [contract]
        data: [account, login, invoice]
      statistics:
        says: {en: Count the visits to each page}
        basis: [consent]
        data: [visit]
    anonymous:
      - {data: visit}

Call such data pseudonymous, or stop using them on single persons and drop what joins them.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.categories import identifiers
from servanda.policy.purposes import Anonymous
from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV208", law="GDPR 4(1), recital 26")
def check(view: View) -> Iterator[Finding]:
    """Compare data called anonymous with personalised purposes, and with their own fields."""
    for i, claim in enumerate(view.policy.anonymous):
        against = next(_against(view, claim), None)
        if against:
            message = f"{', '.join(claim.data)} is called anonymous, and {against}"
            yield fails(
                view.value_spot("anonymous", i), message, "call it pseudonymous, or change what is done"
            )


def _against(view: View, claim: Anonymous) -> Iterator[str]:
    for name, purpose in view.policy.purposes.items():
        if purpose.personalised and set(purpose.data) & set(claim.data):
            yield f"serves {name}, which looks at single persons"
    if claim.joined_by:
        yield f"is joined to persons by {', '.join(claim.joined_by)}"
    for category in claim.data:
        identifying = identifiers(view.policy.categories[category].fields)
        if identifying:
            yield f"holds {', '.join(identifying.values())}"
