"""The text does not say whether a machine alone decides about persons.

GDPR 13(2)(f) and 22: people must be told of automated decisions with legal or similar effects, with their logic
and consequences. Most companies take none, and say so. A text without a word on machines fails; one
that describes profiling, or says only that data are processed by machines, is weak.

Bad:

    --- policy.yaml
    automation:
      profiling:
        - {says: {en: Offers according to what was bought}}

Good:

    --- policy.yaml
    automation:
      decisions: {taken: false}
      profiling:
        - {says: {en: Offers according to what was bought}}

Say that no such decision is taken, or explain how each is taken and what it may lead to.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.collection import Automation
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View

_FIX = "automation: {decisions: {taken: false}}, or taken: true with its logic and consequences"


@rule("SV206", law="GDPR 13(2)(f), 22", severity="warning")
def check(view: View) -> Iterator[Finding]:
    """Check the statement on automated decisions, and on profiling."""
    automation = view.policy.automation or Automation()
    if automation.decisions is None:
        if automation.profiling:
            message = "the text describes profiling, and does not say whether a machine alone decides"
            yield weak(view.key_spot("automation", "profiling"), message, _FIX)
        elif automation.processing is not None:
            message = "the text says that machines process data, and not whether they decide about persons"
            yield weak(view.key_spot("automation", "processing"), message, _FIX)
        else:
            message = "the text has no word on automated decisions or profiling, not even “none”"
            yield fails(view.key_spot("automation"), message, _FIX)
    elif automation.decisions.taken:
        lacking = [key for key in ("logic", "consequences") if getattr(automation.decisions, key) is None]
        if lacking:
            message = (
                f"decisions are taken by a machine, and the text leaves out their {' and '.join(lacking)}"
            )
            yield weak(view.key_spot("automation", "decisions"), message, f"{lacking[0]}: {{en: …}}")
