"""One consent covers several purposes.

Consent is given for one or more specific purposes, and is not free where they cannot be chosen apart
(GDPR 6(1)(a), 7(2), recitals 32 and 43). One act for several purposes fails, and so does one for the whole of
a policy; a class of trackers with several uses in one choice is weak.

Bad:

    --- policy.yaml
    purposes:
      service: {says: {en: Provide the service}, basis: [contract], data: [account, login, visit, invoice]}
      offers: {says: {en: Send offers}, basis: [consent], data: [account]}
      statistics: {says: {en: Follow the pages seen}, basis: [consent], data: [visit]}
    consents:
      box:
        says: {en: "A box for offers and statistics"}
        purposes: [offers, statistics]
        act: [box]
        withdrawal: [{channels: [account]}]

Good:

    --- policy.yaml
    consents:
      offers:
        says: {en: A box for offers}
        purposes: [offers]
        act: [box]
        withdrawal: [{channels: [account]}]
      statistics:
        says: {en: Another one for statistics}
        purposes: [statistics]
        act: [box]
        withdrawal: [{channels: [account]}]
    purposes:
      service: {says: {en: Provide the service}, basis: [contract], data: [account, login, visit, invoice]}
      offers: {says: {en: Send offers}, basis: [consent], data: [account]}
      statistics: {says: {en: Follow the pages seen}, basis: [consent], data: [visit]}

Give each purpose a box or a switch of its own; one more that sets all of them is welcome.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.purposes import ALL
from servanda.policy.trackers import EXEMPT, Trackers
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV213", law="GDPR 7(2), 6(1)(a), recital 43")
def check(view: View) -> Iterator[Finding]:
    """Count the purposes of each consent, and the uses of each class of trackers."""
    everything = list(view.policy.purposes)
    for name, consent in view.policy.consents.items():
        purposes = everything if ALL in consent.purposes else consent.purposes
        if len(purposes) > 1 and not consent.each:
            purposes_text = f"{len(purposes)} purposes" if len(purposes) > 3 else ", ".join(purposes)
            at = view.value_spot("consents", name, "purposes")
            yield fails(
                at, f"{name}: one act stands for {purposes_text}", "a choice of its own for each purpose"
            )
    for name, tracker in (view.policy.trackers or Trackers()).items.items():
        uses = [use for use in tracker.uses if use not in EXEMPT]
        if len(uses) > 1:
            message = f"{name} mixes {' and '.join(uses)} in one choice"
            at = view.value_spot("trackers", "items", name, "uses")
            yield weak(at, message, "a class of its own for each use")
