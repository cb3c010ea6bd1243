"""People are not told that they can complain to a supervisory authority, or only on a condition.

The right to complain is announced in every notice (GDPR 13(2)(d)) and depends on nothing (77):
neither on having asked the company first, nor on an answer that did not satisfy. To mention an
authority for something else, such as further information, does not announce it.

Bad:

    --- policy.yaml
    rights:
      access: {line: 40}
      rectification: {line: 41}
      erasure: {line: 42}
      restriction: {line: 43}
      objection: {stands: heading, line: 44}
      portability: {formats: [json], line: 45}
      authority: {name: CNIL, named_for: [information], line: 47}

Good:

    --- policy.yaml
    rights:
      access: {line: 40}
      rectification: {line: 41}
      erasure: {line: 42}
      restriction: {line: 43}
      objection: {stands: heading, line: 44}
      portability: {formats: [json], line: 45}
      complaint: {to: CNIL, line: 47}
      after_death: {by: [person], fate: {en: Data are deleted after a year}, line: 48}

Say that everybody may complain to the authority at any time, name it, and link to its form.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View

_CONDITIONS = {
    "after_request": "people have asked the company first",
    "no_answer": "the company has not answered",
    "other": "a condition is met",
    "unsatisfactory_answer": "the company's answer did not satisfy",
}


@rule("SV315", law="GDPR 13(2)(d), 77")
def check(view: View) -> Iterator[Finding]:
    """Check that the right to complain is announced, without conditions."""
    complaint = view.policy.rights.complaint
    if complaint is None:
        message = "the text does not say that people can complain to a supervisory authority"
        yield fails(view.key_spot("rights"), message, "complaint: {to: CNIL}")
    elif complaint.condition is not None:
        message = f"the text lets people complain only once {_CONDITIONS[complaint.condition]}"
        at = view.value_spot("rights", "complaint", "condition")
        yield weak(at, message, "take the condition out: the right has none")
