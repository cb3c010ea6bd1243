"""People must show who they are although nobody doubts it, or send a copy of their identity document.

Proof may be asked for only where there is reasonable doubt about who asks (GDPR 12(6)). A copy of
an identity document puts the person at risk and is mostly out of proportion; where it is needed,
it goes as soon as it was looked at (EDPB 01/2022, §65-79). Fails: proof of every request, a copy
that no doubt calls for, a copy that is kept. Weak: a copy without a word on its end; data asked
for in every request. To be logged in is enough, and costs nobody anything.

Bad:

    --- policy.yaml
    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      deadline: {within: P1M, since: receipt, line: 61}
      identity: [{when: always, asks: [copy], line: 63}]

Good:

    --- policy.yaml
    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      deadline: {within: P1M, since: receipt, line: 61}
      identity: [{when: on_doubt, asks: [copy], until_checked: true, line: 63}]

Answer a request that comes from a known address or an account without more. In doubt, ask for
something that only the person knows; keep the fact that it was checked, and not the copy.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.requests import IdentityProof
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View

_EASY = frozenset({"code", "login"})
_WHO = {"always": "everybody", "some_requests": "people in cases that the text does not name"}


@rule("SV305", law="GDPR 12(6); EDPB Guidelines 01/2022, §65-79")
def check(view: View) -> Iterator[Finding]:
    """Check each required proof of identity."""
    for i, proof in enumerate(view.policy.requests.identity):
        yield from _proof(view, ("requests", "identity", i), proof)


def _proof(view: View, path: tuple[str | int, ...], proof: IdentityProof) -> Iterator[Finding]:
    copy = "copy" in proof.asks
    if proof.when != "on_doubt":
        at, fix = view.value_spot(*path, "when"), "when: on_doubt"
        persons = _WHO[proof.when]
        if copy:
            yield fails(
                at, f"a copy of an identity document is asked of {persons}, not where there is doubt", fix
            )
        elif set(proof.asks) <= {"data"}:
            yield weak(
                at, f"data that show who asks are demanded of {persons}, not where there is doubt", fix
            )
        elif not set(proof.asks) <= _EASY:
            judge = fails if proof.when == "always" else weak
            yield judge(at, f"proof of identity is asked of {persons}, not where there is doubt", fix)
    if not copy:
        return
    if proof.copy_kept_for is not None:
        message = f"the copy of an identity document is kept for {proof.copy_kept_for.in_words()}"
        yield fails(view.value_spot(*path, "copy_kept_for"), message, "until_checked: true")
    elif not proof.until_checked:
        message = "nothing says that the copy of an identity document goes once it was looked at"
        yield weak(view.value_spot(*path, "asks"), message, "until_checked: true")
