"""The text calls the company a processor where it decides itself what data are used for.

Whoever determines purposes and means is the controller, whatever it calls itself (GDPR 4(7) and
(8), 28(10)). A controller that calls itself a processor tells people that somebody else answers
for their data; a processor that calls itself a controller claims what belongs to its customer.
Both fail. Where the text does not say who decides, it cannot be decided.

Bad:

    --- policy.yaml
    roles:
      - {claims: processor, decided_by: company, line: 19}

Good:

    --- policy.yaml
    roles:
      - {claims: controller, decided_by: company, line: 19}

Use the word that fits who decides. “Processor” is right for what customers have you do with their
data.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.parties import RoleClaim
from servanda.rules.engine.rule import Result, fails, needs, rule
from servanda.rules.engine.view import View


@rule("SV902", law="GDPR 4(7)-(8), 26, 28")
def check(view: View) -> Iterator[Result]:
    """Compare each claimed role with who decides about the purposes."""
    for i, role in enumerate(view.policy.roles):
        at = view.value_spot("roles", i, "claims")
        claim = role.claims.replace("_", " ")
        if role.decided_by is None:
            yield needs(
                f"who decides about purposes where the text claims to be {claim} (roles.{i}.decided_by)"
            )
        elif not _fits(role):
            decider = {"company": "the company itself", "customer": "the customer", "both": "both"}[
                role.decided_by
            ]
            message = (
                f"the text calls the company a {claim}, and {decider} decides what the data are used for"
            )
            yield fails(at, message, f"claims: {_FITTING[role.decided_by]}")


_FITTING = {"company": "controller", "customer": "processor", "both": "joint_controller"}


def _fits(role: RoleClaim) -> bool:
    return role.decided_by is not None and role.claims == _FITTING[role.decided_by]
