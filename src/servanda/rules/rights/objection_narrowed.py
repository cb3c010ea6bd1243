"""People are told that they can object to prospecting only, while an interest of the company is a basis.

Where data are used for a legitimate interest or a public task, people can object to any such use,
on grounds of their own situation (GDPR 21(1)); against prospecting they need no ground (21(2)). A
text that has the second only, or neither, fails as soon as one purpose rests on (e) or (f) of
GDPR 6(1). Where purposes have no basis it cannot be decided.

Bad:

    --- policy.yaml
    purposes:
      service: {says: {en: Provide the service}, basis: [contract], data: [account, login, invoice]}
      security:
        says: {en: Detect intrusions}
        basis: [legitimate_interest]
        data: [visit]
    rights:
      access: {line: 40}
      rectification: {line: 41}
      erasure: {line: 42}
      restriction: {line: 43}
      objection: {against: [prospecting], stands: heading, line: 44}
      portability: {formats: [json], line: 45}
      complaint: {to: CNIL, line: 47}

Good:

    --- policy.yaml
    rights:
      access: {line: 40}
      rectification: {line: 41}
      erasure: {line: 42}
      restriction: {line: 43}
      objection: {against: [situation, prospecting], stands: heading, line: 44}
      portability: {formats: [json], line: 45}
      complaint: {to: CNIL, line: 47}
      after_death: {by: [person], fate: {en: Data are deleted after a year}, line: 48}

Announce both: objection on grounds of one's situation, and objection to prospecting without any
ground.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule
from servanda.rules.engine.view import View

_OPEN = frozenset({"legitimate_interest", "public_task"})


@rule("SV312", law="GDPR 21(1)")
def check(view: View) -> Iterator[Result]:
    """Compare the right to object with the bases of the purposes."""
    objection = view.policy.rights.objection
    if objection is not None and objection.broad:
        return
    purposes = view.policy.purposes
    resting = [name for name, purpose in purposes.items() if _OPEN & set(purpose.bases)]
    if resting:
        problem = (
            "no right to object" if objection is None else f"objection to {', '.join(objection.against)} only"
        )
        at = (
            view.key_spot("rights")
            if objection is None
            else view.value_spot("rights", "objection", "against")
        )
        suffix = f" and {len(resting) - 3} more" if len(resting) > 3 else ""
        which = f"{', '.join(resting[:3])}{suffix}"
        message = f"the text announces {problem}; an interest or a public task is the basis of {which}"
        yield fails(at, message, "objection: {against: [situation, prospecting]}")
    elif not purposes or any(not purpose.bases for purpose in purposes.values()):
        yield needs("the legal basis of each purpose: objection depends on it (purposes.….basis)")
    else:
        yield not_applicable("no purpose rests on a legitimate interest or a public task")
