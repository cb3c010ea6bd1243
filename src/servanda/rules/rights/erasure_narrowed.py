"""The text keeps data from being erased for a reason that the law does not know.

What may stay in spite of a request is listed in GDPR 17(3): free expression, a legal obligation
or a public task, public health, archives and research, legal claims. “What our services need” is
not among them and fails. Data that a running contract still needs need not go (17(1)(a)), which
is not an exception but the purpose itself: the text is weak until it says which data these are,
and that they go with the contract.

Bad:

    --- policy.yaml
    rights:
      access: {line: 40}
      rectification: {line: 41}
      erasure: {limits: [own_services], line: 42}
      restriction: {line: 43}
      objection: {stands: heading, line: 44}
      portability: {formats: [json], line: 45}
      complaint: {to: CNIL, line: 47}

Good:

    --- policy.yaml
    rights:
      access: {line: 40}
      rectification: {line: 41}
      erasure: {limits: [legal_obligation, legal_claims], line: 42}
      restriction: {line: 43}
      objection: {stands: heading, line: 44}
      portability: {formats: [json], line: 45}
      complaint: {to: CNIL, line: 47}
      after_death: {by: [person], fate: {en: Data are deleted after a year}, line: 48}

Name the law that keeps each kind of data, and until when; the answer to a request says the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.rights import BY_LAW
from servanda.rules.engine.rule import Result, fails, not_applicable, rule, weak
from servanda.rules.engine.view import View

_WORDS = {
    "other": "for a reason of its own",
    "own_interest": "in its own interest",
    "own_services": "because its services need them",
}


@rule("SV319", law="GDPR 17(1), (3)")
def check(view: View) -> Iterator[Result]:
    """Compare the limits of erasure with GDPR 17(3)."""
    erasure = view.policy.rights.erasure
    if erasure is None:
        yield not_applicable("the text announces no right to erasure")
        return
    for i, limit in enumerate(erasure.limits):
        at = view.value_spot("rights", "erasure", "limits", i)
        if limit == "running_contract":
            message = (
                "data that a running contract needs stay, and the text does not say which, nor until when"
            )
            yield weak(at, message, "name these data, and say that they go when the contract ends")
        elif limit not in BY_LAW:
            message = (
                f"the company keeps data from being erased {_WORDS[limit]}, which GDPR 17(3) does not know"
            )
            yield fails(at, message, "limits: [legal_obligation, legal_claims]")
