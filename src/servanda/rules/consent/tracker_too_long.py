"""A tracker stays longer than the CNIL recommends, or begins anew with each visit.

At most thirteen months on the device, not renewed by visits; at most twenty-five for what it collected; a
choice is remembered for some six months, whatever it was (CNIL 2020-091, 2020-092). For a tool that
measures an audience without consent the first two are conditions of the exemption: there the rule
fails; elsewhere it is weak.

Bad:

    --- policy.yaml
    trackers:
      means: [tool]
      tool: {name: Klaro, refusing: same}
      after_withdrawal: removed
      items:
        statistics:
          says: {en: Counts visitors}
          names: [_ga]
          set_by: [Google]
          uses: [measurement]
          lifetime: P2Y

Good:

    --- policy.yaml
    trackers:
      means: [tool]
      tool: {name: Klaro, refusing: same}
      after_withdrawal: removed
      items:
        statistics:
          says: {en: Counts visitors}
          names: [_ga]
          set_by: [Google]
          uses: [measurement]
          lifetime: P13M
          renewed: false

Shorten it where it is set, and write the same figure here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from servanda.law.period import Period
from servanda.policy.trackers import Tracker, Trackers
from servanda.rules.engine.rule import Finding, Result, fails, needs, not_applicable, rule, weak
from servanda.rules.engine.view import View

_LIFE, _DATA, _CHOICE = Period(months=13), Period(months=25), Period(months=6)


@rule("SV223", law="CNIL 2020-091, 2020-092", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Compare every stated time with the recommended one."""
    trackers = view.policy.trackers
    if trackers is None:
        yield needs("a look at the site: the text has no word on trackers")
    elif not trackers.used:
        yield not_applicable("the text says that no tracker is used")
    elif not _times(trackers):
        yield needs("the lifetime of each tracker, which the text does not state")
    else:
        yield from _period(view, ("trackers",), trackers, "trackers", exempt=False)
        for name, tracker in trackers.items.items():
            exempt = tracker.exempt and tracker.setup is not None
            yield from _period(view, ("trackers", "items", name), tracker, name, exempt=exempt)
        if _longer(trackers.choice_kept, _CHOICE):
            message = (
                f"a choice is kept for {trackers.choice_kept.in_words()}; the CNIL recommends six months"
            )
            yield weak(view.value_spot("trackers", "choice_kept"), message, "choice_kept: P6M")


def _times(trackers: Trackers) -> bool:
    """Return whether the text states any lifetime."""
    lifetimes = (trackers.lifetime, trackers.choice_kept)
    return any(lifetimes) or any(tracker.lifetime or tracker.data_kept for tracker in trackers.items.values())


def _period(
    view: View, path: tuple[str, ...], part: Tracker | Trackers, name: str, *, exempt: bool
) -> Iterator[Finding]:
    """Check the lifetimes of one tracker, or of all; an `exempt` one is set without consent."""
    judge = fails if exempt else weak
    data_kept = part.data_kept if isinstance(part, Tracker) else None
    if _longer(part.lifetime, _LIFE):
        message = f"{name}: {part.lifetime.in_words()} on the device; the CNIL recommends 13 months at most"
        yield judge(view.value_spot(*path, "lifetime"), message, "lifetime: P13M")
    if part.renewed:
        message = f"{name}: each visit begins the time anew, so that it never ends for a regular visitor"
        yield judge(view.value_spot(*path, "renewed"), message, "renewed: false")
    if _longer(data_kept, _DATA):
        message = f"{name}: what it collects is kept for {data_kept.in_words()}; the CNIL recommends 25 months at most"
        yield judge(view.value_spot(*path, "data_kept"), message, "data_kept: P25M")


def _longer(period: Period | None, limit: Period) -> TypeGuard[Period]:
    """Return whether a period always exceeds a limit; P395D counts as thirteen months."""
    return period is not None and period != limit and limit.never_longer_than(period)
