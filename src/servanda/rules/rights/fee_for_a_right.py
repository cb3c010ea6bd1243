"""A right costs money where the law makes it free.

Information, answers and the first copy of the data are free (GDPR 12(5), 15(3)). A reasonable fee
is allowed for manifestly unfounded or excessive requests, and for a further copy. A text that
announces another fee fails. One that says nothing about money is not enough to decide.

Bad:

    --- policy.yaml
    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      deadline: {within: P1M, since: receipt, line: 61}
      fee: {charged_for: [copy], line: 64}

Good:

    --- policy.yaml
    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      deadline: {within: P1M, since: receipt, line: 61}
      fee: {free: true, charged_for: [further_copy], line: 64}

Say that rights are free. Name a fee only for further copies and manifestly excessive requests,
and tell the person before charging it.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Result, fails, needs, rule
from servanda.rules.engine.view import View

_LAWFUL = frozenset({"excessive", "further_copy"})
_WORDS = {
    "any_request": "any request",
    "copy": "a copy, the first included",
    "other": "what the law makes free",
}


@rule("SV306", law="GDPR 12(5), 15(3)")
def check(view: View) -> Iterator[Result]:
    """Check the stated fees."""
    fee = view.policy.requests.fee
    if fee is None:
        yield needs("whether requests cost anything: the text says nothing of it (requests.fee)")
        return
    for i, charge in enumerate(fee.charged_for):
        if charge not in _LAWFUL:
            at = view.value_spot("requests", "fee", "charged_for", i)
            yield fails(at, f"the text announces a fee for {_WORDS[charge]}", "charged_for: [further_copy]")
