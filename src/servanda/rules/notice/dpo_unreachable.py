"""There is a data protection officer, and the text does not say how to reach them.

The contact details of the DPO are published (GDPR 37(7), 13(1)(b)): an e-mail or postal address,
or a form with its link. A form that is spoken of without one is no contact. The company's general
mailbox is weak: people write to the DPO in confidence (38(4) and (5)).

Bad:

    --- policy.yaml
    dpo: {name: Data protection officer, announced: [form]}

Good:

    --- policy.yaml
    dpo: {name: Data protection officer, email: dpo@example.org}

Give the DPO an address of their own, and print it. The name may stay out.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Result, fails, not_applicable, rule, weak
from servanda.rules.engine.view import View

_WAYS = {
    "contact_details": "contact details",
    "email": "an e-mail address",
    "form": "a form",
    "phone": "a telephone number",
    "postal": "a postal address",
}


@rule("SV903", law="GDPR 13(1)(b), 37(7)")
def check(view: View) -> Iterator[Result]:
    """Check the contact details of the DPO, where there is one."""
    dpo = view.policy.dpo
    if dpo is None:
        yield not_applicable("the text names no data protection officer")
    elif not dpo.reachable:
        ways = " and ".join(_WAYS[way] for way in dpo.announced)
        problem = f"announces {ways} without giving it" if ways else "gives no address"
        at = view.value_spot("dpo", "announced") if ways else view.key_spot("dpo")
        yield fails(at, f"the data protection officer cannot be reached: the text {problem}", "email: dpo@…")
    elif dpo.email is not None and dpo.email == view.policy.controller.email:
        message = "the address of the data protection officer is the company's general mailbox"
        yield weak(view.value_spot("dpo", "email"), message, "email: an address of their own")
