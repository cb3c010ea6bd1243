"""The text promises something absolute that it contradicts itself, or that nothing proves.

“Always encrypted”, “all necessary measures”, “we can never see it”: such a sentence is either true on
every day, and the company can show it (GDPR 5(2)), or it misleads (5(1)(a)). Evidence is a probe that
runs, or a dated statement by somebody with a name. A sentence with an exception of its own is weak;
what is said about sharing and about single purposes is judged by rules of their own, and that the
company answers for nobody else is no claim at all.

Bad:

    --- policy.yaml
    claims:
      - {says: {en: Data always travel encrypted}, about: encryption, line: 20}

Good:

    --- policy.yaml
    claims:
      - says: {en: Data always travel encrypted}
        about: encryption
        evidence: probe of all endpoints, every night
        line: 20

Say what is done (“our sites use TLS 1.3”) rather than what never happens, or attach the evidence.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV601", law="GDPR 32, 5(2)", severity="warning")
def check(view: View) -> Iterator[Finding]:
    """Find contradicted claims, and claims without evidence."""
    for i, claim in enumerate(view.policy.claims):
        if claim.about == "sharing":
            continue
        text = claim.says.say("en")
        if claim.against:
            lines = ", ".join(map(str, claim.against))
            message = f"“{text}”: line {lines} of the text says otherwise"
            yield fails(
                view.value_spot("claims", i), message[:199], "claim only what is true without exception"
            )
        elif not claim.evidence:
            judge = weak if claim.unless else fails
            message = f"“{text}”: nothing shows that this is so at any time"
            yield judge(
                view.value_spot("claims", i),
                message[:199],
                "evidence: the probe or the dated statement that shows it",
            )
