"""The text leaves out one of the rights that people must be told of.

Access, rectification, erasure, restriction, objection and portability are announced by name (GDPR
13(2)(b)), since people do not ask for what they have not heard of. Rights that are announced with
limits count here as announced: other rules look at the limits.

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
      objection: {stands: heading, line: 44}
      portability: {formats: [json], line: 45}
      complaint: {to: CNIL, line: 47}
      after_death: {by: [person], fate: {en: Data are deleted after a year}, line: 48}

Announce all six. A right that seldom applies, such as portability, is announced with its
conditions.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.rights import in_order
from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV311", law="GDPR 13(2)(b), 15-21")
def check(view: View) -> Iterator[Finding]:
    """Find rights that are not announced."""
    missing = [
        row.name for row in in_order() if row.announced and getattr(view.policy.rights, row.key, None) is None
    ]
    if missing:
        listed = " or ".join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
        yield fails(
            view.key_spot("rights"), f"the text announces no right to {listed}", f"{missing[0]}: {{line: …}}"
        )
