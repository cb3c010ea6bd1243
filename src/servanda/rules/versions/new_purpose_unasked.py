"""Data may be used for something new without people being told first, or asked.

Before data are used for another purpose, people are told of it (GDPR 13(3)); where the use rests
on consent or does not go with the first purpose, they consent anew (6(4), 7). A text that
promises neither fails; one of the two is weak, and so is a notice that may come after the change.

Bad:

    --- policy.yaml
    changes:
      causes: [practice]
      notices: [{means: [check_page], line: 80}]

Good:

    --- policy.yaml
    changes:
      causes: [practice]
      notices: [{means: [email], lead: P30D, line: 80}]
      asked_again: {on: [new_purpose, consented_use], line: 81}

Promise both: a notice before the new use begins, and a question where it needs consent.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View

_TOLD = "notices: [{means: [email], lead: P30D}]"
_ASKED = "asked_again: {on: [new_purpose, consented_use]}"


@rule("SV703", law="GDPR 13(3), 6(4), 7")
def check(view: View) -> Iterator[Finding]:
    """Check for a prior notice, and for renewed consent."""
    changes = view.policy.changes
    notices = [notice for notice in changes.notices if notice.of == "policy" and notice.may_reach]
    if not notices and changes.asked_again is None:
        at = view.value_spot("changes", "causes") if changes.causes else view.key_spot("changes")
        message = "data may serve a new purpose with nobody told before, and nobody asked again"
        yield fails(at, message, f"{_TOLD}, {_ASKED}")
    elif changes.asked_again is None:
        message = "people are told of changes, but not asked again where a new use needs their consent"
        yield weak(view.key_spot("changes", "notices"), message, _ASKED)
    elif not notices:
        message = "consent is asked again, but nobody is told of a new purpose before it begins"
        yield weak(view.key_spot("changes", "asked_again"), message, _TOLD)
    elif not any(notice.beforehand for notice in notices):
        message = "people are told of changes, but perhaps only after they hold"
        yield weak(view.key_spot("changes", "notices"), message, _TOLD)
