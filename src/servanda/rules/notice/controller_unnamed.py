"""The text does not say who the company is, or how to reach it.

Who uses the data is told by name, with contact details (GDPR 13(1)(a)): the legal name, not the
address of a site or a role such as “the operator”, and an e-mail or postal address, or a form
with its link. Contact details that the text announces and does not give are none. A brand alone
is weak.

Bad:

    --- policy.yaml
    controller: {name: www.example.org, email: privacy@example.org, country: FR}

Good:

    --- policy.yaml
    controller: {name: Example SAS, email: privacy@example.org, country: FR}

Give the name as it stands in the register of companies, and an address that somebody reads.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View

_WORDS = {"site": "the address of a site", "role": "a role"}


@rule("SV901", law="GDPR 13(1)(a)")
def check(view: View) -> Iterator[Finding]:
    """Check the name and the contact details of the controller."""
    controller = view.policy.controller
    at = view.value_spot("controller", "name")
    if not controller.name.strip():
        yield fails(at, "the controller has no name", "name: the name in the register of companies")
    elif controller.named == "brand":
        yield weak(at, "the text gives a brand, not the company's legal name", "name: the legal name")
    elif controller.named != "name":
        problem = _WORDS[controller.named]
        yield fails(
            at, f"the text gives {problem} where the name of the controller belongs", "name: the legal name"
        )
    if not controller.reachable:
        announced = (
            view.value_spot("controller", "announced")
            if controller.announced
            else view.key_spot("controller")
        )
        problem = (
            "announces contact details without giving them" if controller.announced else "gives no address"
        )
        message = f"the controller cannot be reached: the text {problem}"
        yield fails(announced, message, "email: an address, postal: an address")
