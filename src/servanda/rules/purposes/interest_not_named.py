"""A purpose rests on a legitimate interest that the text does not name, or that nobody has weighed.

Where GDPR 6(1)(f) is the basis, people must be told the interest itself (13(1)(d)), so that they can object to
it (21(1)). The company must have weighed it against the interests of persons beforehand; that
record is not part of the text: `balanced_on` says when it was made.

Bad:

    --- policy.yaml
    purposes:
      security:
        says: {en: Detect intrusions}
        basis: [legitimate_interest]
        data: [account, login, visit, invoice]

Good:

    --- policy.yaml
    purposes:
      security:
        says: {en: Detect intrusions}
        basis: [legitimate_interest]
        interest: {en: to keep accounts from being taken over}
        balanced_on: 2026-01-05
        data: [account, login, visit, invoice]

Name the interest in the text. Weigh it, write the result down, and give the day.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule
from servanda.rules.engine.view import View


@rule("SV203", law="GDPR 13(1)(d), 6(1)(f)")
def check(view: View) -> Iterator[Result]:
    """Check the purposes that rest on a legitimate interest."""
    resting = {name: p for name, p in view.policy.purposes.items() if "legitimate_interest" in p.bases}
    if not resting:
        yield not_applicable("no purpose rests on a legitimate interest")
    for name, purpose in resting.items():
        if purpose.interest is None:
            message = f"{name} rests on a legitimate interest, and the text does not say which"
            yield fails(view.value_spot("purposes", name, "basis"), message, "interest: {en: …}")
    unweighed = [name for name, purpose in resting.items() if purpose.balanced_on is None]
    if unweighed:
        yield needs(f"the record that weighs the interest against persons, for {', '.join(unweighed)}")
