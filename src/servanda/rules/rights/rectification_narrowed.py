"""The text corrects some fields only, or only changes that it calls substantial.

People have whatever is inaccurate about them corrected, and what is incomplete completed (GDPR
16): each field, however small the mistake. To send them to their own profile for what they can
change there is fine, as long as the rest is corrected too.

Bad:

    --- policy.yaml
    rights:
      access: {line: 40}
      rectification: {limits: [some_fields], fields: [name, address], line: 41}
      erasure: {line: 42}
      restriction: {line: 43}
      objection: {stands: heading, line: 44}
      portability: {formats: [json], line: 45}
      complaint: {to: CNIL, line: 47}

Good:

    --- policy.yaml
    rights:
      access: {line: 40}
      rectification: {self_service: the profile page, line: 41}
      erasure: {line: 42}
      restriction: {line: 43}
      objection: {stands: heading, line: 44}
      portability: {formats: [json], line: 45}
      complaint: {to: CNIL, line: 47}
      after_death: {by: [person], fate: {en: Data are deleted after a year}, line: 48}

Take the limit out. Where a correction needs evidence, say which, for the fields where that is so.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Result, fails, not_applicable, rule
from servanda.rules.engine.view import View

_WORDS = {
    "other": "on a condition of its own",
    "some_fields": "for some fields only",
    "some_persons": "for some persons only",
    "substantial_changes": "where the change is substantial only",
}


@rule("SV318", law="GDPR 16")
def check(view: View) -> Iterator[Result]:
    """Check the limits of the right to rectification."""
    rectification = view.policy.rights.rectification
    if rectification is None:
        yield not_applicable("the text announces no right to rectification")
        return
    for i, limit in enumerate(rectification.limits):
        at = view.value_spot("rights", "rectification", "limits", i)
        yield fails(
            at, f"the text corrects data {_WORDS[limit]}; any inaccurate data are corrected", "limits: []"
        )
