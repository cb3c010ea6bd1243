"""A tool measures the audience without consent, and its set-up is not that of the exemption.

Consent is not needed where a tool counts visitors for the publisher of the site alone: anonymous statistics
(IP addresses cut), nobody followed across sites, thirteen months on the device, twenty-five for the
data, people informed and able to object (CNIL 2020-091, art. 5; updated in July 2025). Every point must be so. A
consent that is a condition of something else, or is read out of browsing, is none.

Bad:

    --- policy.yaml
    trackers:
      items:
        statistics:
          says: {en: Counts visitors}
          names: [_pk_id]
          set_by: [Matomo]
          uses: [measurement]
          software: Matomo
          lifetime: P13M

Good:

    --- policy.yaml
    trackers:
      items:
        statistics:
          says: {en: Counts visitors}
          names: [_pk_id]
          set_by: [Matomo]
          uses: [measurement]
          software: Matomo
          setup: {own_use_only: true, ip_shortened: true, cross_site: false, opt_out: true}
          lifetime: P13M
          data_kept: P25M

State each point of the set-up, or let the tool wait for consent: `consent: …`.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.policy import Policy
from servanda.policy.trackers import Setup, Tracker, Trackers
from servanda.rules.engine.rule import Result, not_applicable, rule, weak
from servanda.rules.engine.view import View

_WANTED = {"own_use_only": True, "ip_shortened": True, "cross_site": False, "opt_out": True}


@rule("SV225", law="LIL 82; CNIL 2020-091, art. 5", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Check each named measuring tool without a prior free consent."""
    trackers = view.policy.trackers or Trackers()
    tools = {name: t for name, t in trackers.items.items() if t.software and "measurement" in t.uses}
    if not tools:
        yield not_applicable("no tool that measures the audience is named")
    for name, tracker in tools.items():
        lacking = _lacking(trackers, tracker)
        if lacking and not _consented(view.policy, tracker):
            path = ("trackers", "items", name)
            keys = ", ".join(lacking)
            message = f"{tracker.software} measures without free consent, and the text does not state {keys}"
            yield weak(view.key_spot(*path), message, "setup: {…} with each point, or consent: …")


def _consented(policy: Policy, tracker: Tracker) -> bool:
    """Return whether the tracker waits for a free and explicit consent."""
    if tracker.consent is None:
        return policy.trackers is not None and "tool" in policy.trackers.means
    consent = policy.consents[tracker.consent]
    return not consent.implied and consent.required_for is None


def _lacking(trackers: Trackers, tracker: Tracker) -> list[str]:
    setup = tracker.setup or Setup()
    lacking = [key for key, value in _WANTED.items() if getattr(setup, key) is not value]
    if tracker.lifetime is None and trackers.lifetime is None:
        lacking.append("lifetime")
    return [*lacking, *(["data_kept"] if tracker.data_kept is None else [])]
