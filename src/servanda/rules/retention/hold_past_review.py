"""A hold is still there after the day on which somebody was to look at it again.

Data that are held do not end, whatever was promised. A case is settled, an order expires,
and the hold is forgotten: then data stay without a ground (GDPR 5(1)(e), 17(3)(e), 18).

Bad:

    --- policy.yaml
    promises:
      - id: TEST-HLD-01
        kind: hold
        keep: enforce
        line: 20
        says: {en: What a dispute needs stays until it is settled.}
        enforced: [{hold: litigation}]
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Accounts stay for three years after they are closed.}
        published: {period: P3Y}
        enforced: [{data: account, trigger: account_closure, active: P3Y, ground: {choice: disputes}}]
    --- holds.yaml
    - {kind: litigation, review_on: 2020-01-31}

Good:

    --- holds.yaml
    - {kind: litigation, review_on: 2099-01-31}

Look at the case. Lift the hold (`servanda hold lift N`), or place it again with a new
review date.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.errors import Spot
from servanda.policy.promise import KeepsHolds
from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV501", law="GDPR 5(1)(e), 17(3)(e), 18", severity="warning", needs={"holds"})
def check(view: View) -> Iterator[Finding]:
    """Compare the review date of each running hold with today."""
    for hold in view.holds or ():
        if hold.unreviewed(view.today):
            message = f"hold {hold.id} ({hold.kind}) was to be looked at again on {hold.review_on}"
            fix = f"servanda hold show {hold.id}, then lift it or place it again"
            yield fails(_spot(view, hold.kind), message, fix)


def _spot(view: View, kind: str) -> Spot:
    """The spot of the promise on holds, or of the policy."""
    for promise in view.policy.promises:
        if any(isinstance(item, KeepsHolds) and item.hold == kind for item in promise.enforced):
            return view.source.spot(("promises", view.policy.promises.index(promise), "id"))
    return Spot(view.source.name, 1, 1)
