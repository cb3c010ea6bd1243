"""The right to object is not shown clearly and apart from the other information.

It is the one right that must be brought to people's attention explicitly, clearly and separately,
at the latest with the first message (GDPR 21(4)). Under a heading of its own or in a block that
stands out it is; as one item of the list of rights it is weak; a text that does not have it at
all fails.

Bad:

    --- policy.yaml
    rights:
      access: {line: 40}
      rectification: {line: 40}
      erasure: {line: 40}
      complaint: {to: CNIL, line: 47}

Good:

    --- policy.yaml
    rights:
      access: {line: 40}
      rectification: {line: 40}
      erasure: {line: 40}
      restriction: {line: 43}
      objection: {against: [any], stands: block, line: 44}
      portability: {formats: [json], line: 45}
      complaint: {to: CNIL, line: 47}
      after_death: {by: [person], fate: {en: Data are deleted after a year}, line: 48}

Give objection a heading or a box of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View

_FIX = "objection: {against: [situation, prospecting], stands: heading}"


@rule("SV313", law="GDPR 21(4)", severity="warning")
def check(view: View) -> Iterator[Finding]:
    """Check how the right to object is presented."""
    objection = view.policy.rights.objection
    if objection is None:
        yield fails(view.key_spot("rights"), "the right to object is nowhere in the text", _FIX)
    elif objection.stands in ("list", "sentence"):
        where = "an item in the list of rights" if objection.stands == "list" else "a sentence among others"
        at = view.value_spot("rights", "objection", "stands")
        yield weak(at, f"the right to object is {where}, not shown apart", _FIX)
