"""Browsing, using a form, calling or giving data is taken for consent.

Consent is a clear affirmative act, given for something specific (GDPR 4(11), recital 32): silence,
a box that is ticked already, or going on with something else is none (CJEU C-673/17, Planet49). Nor is a
policy accepted: it informs. A text that takes such an act for consent fails; one that only says data are
collected with consent on that occasion, without saying how it is given, is weak.

Bad:

    --- policy.yaml
    consents:
      acceptance:
        says: {en: Whoever goes on browsing accepts this policy}
        purposes: [all]
        act: [browsing]

Good:

    --- policy.yaml
    consents:
      newsletter:
        says: {en: Whoever ticks the box receives the newsletter}
        act: [box]
        default: inactive
        withdrawal: [{channels: [message_link]}]

Ask by a box that is empty, a button or a switch, for one purpose at a time. Where the contract or
another basis is meant, name that.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.consents import IMPLIED
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View

_WORDS = {
    "accepting_terms": "accepting terms",
    "message": "writing a message",
    "preticked_box": "leaving a ticked box",
    "providing_data": "giving data",
    "use": "using the service",
}


@rule("SV211", law="GDPR 4(11), 7, recital 32; CJEU C-673/17")
def check(view: View) -> Iterator[Finding]:
    """Find implied consents."""
    for name, consent in view.policy.consents.items():
        acts = [act for act in consent.act if act in IMPLIED]
        at = view.value_spot("consents", name, "act")
        words = " or ".join(_WORDS.get(act, act) for act in acts)
        fix = "ask by an act of its own, act: [box]; or name another basis"
        if acts and consent.act_is == "consent":
            yield fails(at, f"{name}: {words} is taken for consent, and is none", fix)
        elif acts:
            message = f"{name}: data are taken “with consent” by {words}, and nothing says how it is given"
            yield weak(at, message, fix)
        elif consent.default == "active":
            yield fails(
                view.value_spot("consents", name, "default"),
                f"{name} is on until somebody turns it off",
                "default: inactive",
            )
