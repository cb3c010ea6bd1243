"""The text has a gap, a link that leads nowhere, a wrong name, or tells what is no longer so.

A text is for people to read and to act on (GDPR 12(1)): an empty slot where a name should stand, a
chat whose address has no host, a network that closed years ago stop them. A statement that has
merely grown old is weak. Services end on known days: with `check --as-of` one that was alive then
is fine.

Bad:

    --- policy.yaml
    text:
      languages: [en]
      readers: [en]
      defects:
        - {kind: empty, says: {en: The name of the consent tool is left out}, line: 48}
        - {kind: service, service: Google+, says: {en: Google+ is named as a network}, line: 50}

Good:

    --- policy.yaml
    text:
      languages: [en]
      readers: [en]
      defects:
        - {kind: service, service: LinkedIn, says: {en: LinkedIn is named as a network}, line: 50}

Mend the text, and take the defect out of the list. Before publishing, follow every link once and look
for brackets, dots and the name of the template’s company.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.services import ended
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View

_FIX = {
    "placeholder": "write what belongs there",
    "empty": "write what belongs there, or take the sentence out",
    "dead_link": "give an address that works",
    "wrong_name": "write the right name",
    "outdated": "write what is so today",
}


@rule("SV904", law="GDPR 12(1), 5(1)(a)", severity="warning")
def check(view: View) -> Iterator[Finding]:
    """Report each defect of the text; a service only if it is discontinued."""
    if view.policy.text is None:
        return
    for i, defect in enumerate(view.policy.text.defects):
        at = view.value_spot("text", "defects", i)
        text = defect.says.say("en")
        if defect.kind == "service":
            service = ended(defect.service or "", view.today)
            if service:
                message = f"line {defect.line}: {text}; its last day was {service.last_day}"
                yield fails(at, message[:199], "take it out")
        else:
            judge = weak if defect.kind == "outdated" else fails
            yield judge(at, f"line {defect.line}: {text}"[:199], _FIX[defect.kind])
