"""Requests are refused when somebody else makes them for the person.

A lawyer, an association, a parent or guardian, an heir may ask for the person, with a mandate or
by law (décret 2019-536, art. 77; EDPB 01/2022, §80-81; LIL 85 for heirs). The company may ask for
the mandate; it may not say that only the person can ask.

Bad:

    --- policy.yaml
    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      mandataries: {accepted: false, line: 62}
      deadline: {within: P1M, since: receipt, line: 61}

Good:

    --- policy.yaml
    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      mandataries: {accepted: true, line: 62}
      deadline: {within: P1M, since: receipt, line: 61}

Accept whoever shows a mandate, and say where to send it; or say nothing, and accept them.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV304", law="Décret 2019-536, art. 77; EDPB Guidelines 01/2022, §80-81")
def check(view: View) -> Iterator[Finding]:
    """Check the statement on mandataries; a text without one passes."""
    mandataries = view.policy.requests.mandataries
    if mandataries is not None and not mandataries.accepted:
        message = "requests by somebody with a mandate are refused: parents, guardians, lawyers, heirs"
        yield fails(view.value_spot("requests", "mandataries", "accepted"), message, "accepted: true")
