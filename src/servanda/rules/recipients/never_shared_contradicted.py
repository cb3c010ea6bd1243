"""The text says that data are shared with nobody, and names those who receive them.

“Never shared with third parties” reads well and is hardly ever true: a host, a payment provider, a
mail service receive data. Who believes the sentence is misled (GDPR 5(1)(a)). That data are never
*sold* is another claim, and may well be true; so is that they go only to those who are listed.

Bad:

    --- policy.yaml
    claims:
      - {says: {en: We share your data with nobody}, about: sharing, evidence: none, line: 3}

Good:

    --- policy.yaml
    claims:
      - {says: {en: We share your data only with those listed below}, about: sharing, unless: [listed], line: 3}
      - {says: {en: We sell your data to nobody}, about: sale, evidence: statement of the board of 2026-01-05, line: 4}

Say to whom data go and why, and what you really never do. “Not without your consent” is true only if
consent is asked for each recipient.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.policy import Policy
from servanda.policy.wording import Claim
from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV516", law="GDPR 5(1)(a)")
def check(view: View) -> Iterator[Finding]:
    """Compare each claim that nothing is shared with the declared recipients."""
    for i, claim in enumerate(view.policy.claims):
        if claim.about != "sharing" or {"listed", "need"} & set(claim.unless):
            continue
        receive = _receive(view.policy, claim)
        if receive:
            consent = " without consent" if "consent" in claim.unless else ""
            suffix = f" and {len(receive) - 3} others" if len(receive) > 3 else ""
            message = f"the text says that nothing is shared{consent}, and data go to {', '.join(receive[:3])}{suffix}"
            yield fails(
                view.value_spot("claims", i),
                message,
                "say to whom data go, and claim only what is never done",
            )


def _receive(policy: Policy, claim: Claim) -> list[str]:
    """The external recipients of the data of a claim."""
    return [
        name
        for name, recipient in policy.recipients.items()
        if (recipient.outside or recipient.kind == "public")
        and (not claim.data or not recipient.data or set(claim.data) & set(recipient.data))
    ]
