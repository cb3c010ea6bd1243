"""A service cannot be had without consent to something else.

Consent is free only if refusing costs nothing (GDPR 7(4), recitals 42 and 43): a box that must be ticked to
send a question is no choice. A text that makes consent the condition of another service fails.
One that says a refusal, of trackers too, limits what can be used is weak: whether that is lawful
depends on the case (Conseil d’État 434684; CNIL on cookie walls).

Bad:

    --- policy.yaml
    consents:
      offers:
        says: {en: "To send the form, tick the box for our offers"}
        act: [box]
        required_for: {en: sending a question}
        withdrawal: [{channels: [message_link]}]

Good:

    --- policy.yaml
    consents:
      offers:
        says: {en: "Below the form, a box for our offers"}
        act: [box]
        refusal: no_effect
        withdrawal: [{channels: [message_link]}]

Let the form go without the box. What the service truly needs rests on the contract, not on consent.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV212", law="GDPR 7(4)")
def check(view: View) -> Iterator[Finding]:
    """Find consents that are conditions of something else, and refusals with consequences."""
    language = view.policy.languages[0]
    for name, consent in view.policy.consents.items():
        if consent.required_for is not None:
            message = f"{name} is a condition of something else: {consent.required_for.say(language)}"
            at = view.value_spot("consents", name, "required_for")
            yield fails(at, message, "let people have it without this consent")
        elif consent.refusal == "limits":
            message = f"the text says that refusing {name}, or taking it back, limits what can be used"
            yield weak(
                view.value_spot("consents", name, "refusal"), message, "say what exactly, and why it needs it"
            )
    trackers = view.policy.trackers
    if trackers is not None and trackers.refusal == "limits":
        message = "the text says that refusing trackers limits what can be used"
        yield weak(
            view.value_spot("trackers", "refusal"), message, "say which functions need which exempt tracker"
        )
