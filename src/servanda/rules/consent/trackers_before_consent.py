"""Trackers do not wait for consent, or people are sent to their browser to refuse them.

Nothing may be read or written on a device without prior consent, except what a service that was asked for
needs (LIL 82; ePrivacy 2002/58 art. 5(3)). Settings of a browser and ad blockers are no consent, and
refusing must be as easy as accepting (CNIL 2020-091, 2020-092). A consent tool without a name, and
tracking that rests on a consent given elsewhere, are weak.

Bad:

    --- policy.yaml
    trackers:
      means: [browser]
      items:
        statistics:
          says: {en: Counts visitors}
          names: [_pk_id]
          set_by: [Matomo]
          uses: [measurement]
          lifetime: P13M

Good:

    --- policy.yaml
    trackers:
      means: [tool, browser]
      tool: {name: Klaro, refusing: same}
      after_withdrawal: removed
      items:
        statistics:
          says: {en: Counts visitors}
          names: [_pk_id]
          set_by: [Matomo]
          uses: [measurement]
          lifetime: P13M

Ask by a tool before anything is set, with “refuse” beside “accept”, and name the tool in the text.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.trackers import Trackers
from servanda.rules.engine.rule import Finding, Result, fails, needs, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV221", law="LIL 82; CNIL 2020-091, 2020-092")
def check(view: View) -> Iterator[Result]:
    """Check the means of choice."""
    trackers = view.policy.trackers
    if trackers is None:
        yield needs("a look at the site: the text has no word on trackers")
    elif not trackers.used:
        yield not_applicable("the text says that no tracker is used")
    elif "tool" in trackers.means or trackers.tool is not None:
        yield from _tool(view, trackers)
    elif {"browser", "ad_blocker"} & set(trackers.means):
        message = "people are sent to their browser to refuse trackers, which is no consent"
        yield fails(
            view.value_spot("trackers", "means"), message, "means: [tool], tool: {name: …, refusing: same}"
        )
    elif trackers.asking:
        yield from _elsewhere(view, trackers)
    elif trackers.listed_in:
        yield needs(f"{trackers.listed_in}: how trackers wait for consent stands there")


def _tool(view: View, trackers: Trackers) -> Iterator[Result]:
    if trackers.tool is None or trackers.tool.name is None:
        at = view.key_spot("trackers", "tool") if trackers.tool else view.value_spot("trackers", "means")
        yield weak(at, "the tool that asks for consent to trackers has no name", "tool: {name: …}")
    if trackers.tool is not None and trackers.tool.refusing == "more":
        message = "refusing trackers takes more effort than accepting them"
        yield fails(view.value_spot("trackers", "tool", "refusing"), message, "“refuse” beside “accept”")
    elif trackers.tool is None or trackers.tool.refusing is None:
        yield needs("a look at the site: whether refusing trackers is as easy as accepting them")


def _elsewhere(view: View, trackers: Trackers) -> Iterator[Finding]:
    for name, tracker in trackers.asking.items():
        at = view.key_spot("trackers", "items", name)
        if tracker.consent is not None:
            message = (
                f"{name} rests on {tracker.consent}, given outside any consent tool: it may begin before"
            )
            yield weak(at, message, "means: [tool], and nothing set before the choice")
        else:
            message = f"{name} is set, and the text does not say that it waits for consent"
            yield fails(at, message, "means: [tool], tool: {name: …, refusing: same}")
