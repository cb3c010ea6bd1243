"""Trackers are used, and not each of them is listed with its name, party, purpose and lifetime.

People choose among trackers that they know: what each is called, who sets or reads it, what for and for how
long (LIL 82; CNIL 2020-092). A class such as “marketing cookies” is no tracker. A list that stands in
another document or in the consent tool may be complete: then that is what is needed.

Bad:

    --- policy.yaml
    trackers:
      means: [tool]
      tool: {name: Klaro, refusing: same}
      after_withdrawal: removed
      items:
        statistics:
          says: {en: Statistical cookies}
          uses: [measurement]

Good:

    --- policy.yaml
    trackers:
      means: [tool]
      tool: {name: Klaro, refusing: same}
      after_withdrawal: removed
      items:
        statistics:
          says: {en: Counts visitors}
          names: [_pk_id, _pk_ses]
          set_by: [Matomo]
          uses: [measurement]
          lifetime: P13M

List what the site really sets, a row a tracker, and look again when a script is added.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.trackers import Tracker, Trackers
from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule
from servanda.rules.engine.view import View


@rule("SV222", law="LIL 82; CNIL 2020-092")
def check(view: View) -> Iterator[Result]:
    """Find missing details of each listed tracker."""
    trackers = view.policy.trackers
    if trackers is None:
        yield needs("a look at the site: the text has no word on trackers")
    elif not trackers.used:
        yield not_applicable("the text says that no tracker is used")
    elif trackers.listed_in:
        yield needs(f"{trackers.listed_in}: the list of trackers stands there")
    elif not trackers.items:
        yield fails(
            view.key_spot("trackers"), "trackers are used, and none is listed", "items: {…}, or listed_in: …"
        )
    else:
        for name, tracker in trackers.items.items():
            lacking = _lacking(trackers, tracker)
            if lacking:
                at = view.key_spot("trackers", "items", name)
                yield fails(
                    at, f"{name} is listed without {', '.join(lacking)}", "names, set_by, uses and lifetime"
                )


def _lacking(trackers: Trackers, tracker: Tracker) -> list[str]:
    parts = {
        "a name": tracker.names,
        "a party": tracker.set_by,
        "a purpose": tracker.uses,
        "a lifetime": tracker.lifetime or trackers.lifetime,
    }
    return [word for word, value in parts.items() if not value]
