"""The company reserves the right to refuse requests, without the grounds and the answer of the law.

Only a manifestly unfounded or excessive request may be refused, and the company has to prove that
it is (GDPR 12(5)); besides, where it cannot tell whose data they are (12(2)) and where a law says
so. A refusal is an answer: within one month, with its reasons, and with the ways to the authority
and to a court (12(4)). Other grounds fail; a refusal whose answer the text leaves out is weak.
What the letter really says only the letter shows.

Bad:

    --- policy.yaml
    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      deadline: {within: P1M, since: receipt, line: 61}
      refusal: {grounds: [excessive, unfounded], line: 65}

Good:

    --- policy.yaml
    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      deadline: {within: P1M, since: receipt, line: 61}
      refusal:
        grounds: [manifestly_excessive, manifestly_unfounded]
        tells: [reasons, complaint, court]
        within: P1M
        line: 65

Write “manifestly”, say that the reasons and the remedies are told within the month, and keep a
letter for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.period import Period
from servanda.policy.requests import LAWFUL_REFUSALS, Refusal
from servanda.rules.engine.rule import Result, fails, needs, rule, weak
from servanda.rules.engine.view import View

_MONTH = Period(months=1)
_TOLD = {"reasons": "its reasons", "complaint": "the way to the authority", "court": "the way to a court"}


@rule("SV307", law="GDPR 12(4)-(5)")
def check(view: View) -> Iterator[Result]:
    """Check the grounds for a refusal, and its contents."""
    refusal = view.policy.requests.refusal
    if refusal is None:
        yield needs(
            "the letter by which a request is refused: the text says nothing of refusals (requests.refusal)"
        )
        return
    beyond = [ground for ground in refusal.grounds if ground not in LAWFUL_REFUSALS]
    if beyond or not refusal.grounds:
        at = view.value_spot("requests", "refusal", "grounds")
        grounds = f"that are {' or '.join(beyond)}" if beyond else "at its will"
        message = (
            f"the company refuses requests {grounds}; the law knows the manifestly unfounded or excessive"
        )
        yield fails(at, message, "grounds: [manifestly_excessive, manifestly_unfounded]")
        return
    lacks = list(_lacks(refusal))
    if lacks:
        message = f"the text does not say that a refusal comes with {', '.join(lacks)}"
        yield weak(
            view.value_spot("requests", "refusal"), message, "tells: [reasons, complaint, court], within: P1M"
        )


def _lacks(refusal: Refusal) -> Iterator[str]:
    yield from (words for item, words in _TOLD.items() if item not in refusal.tells)
    if refusal.within is None or not refusal.within.never_longer_than(_MONTH):
        yield "an answer within the month"
