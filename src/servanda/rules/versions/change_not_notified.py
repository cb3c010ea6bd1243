"""People are not told of changes before they hold, but asked to look at the page again.

A change that matters is brought to people's attention, by a means that reaches them, and well
before it holds (GDPR 13(3), 5(1)(a); WP 260, §29-31). A new text on the site, or the advice to
come back and check, is no notice: a text that has nothing else fails. One that leaves the means
or the time open is weak, and so is one that keeps the right to change without prior notice.

Bad:

    --- policy.yaml
    changes:
      notices: [{means: [check_page], line: 80}]
      asked_again: {on: [new_purpose], line: 81}

Good:

    --- policy.yaml
    changes:
      notices: [{means: [email], lead: P30D, line: 80}]
      asked_again: {on: [new_purpose], line: 81}

Promise a message to each person and a time before the change, such as thirty days; and send it.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.edition import Notice
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View

_FIX = "notices: [{means: [email], lead: P30D}]"


@rule("SV702", law="GDPR 13(3), 5(1)(a); WP 260, §29-31")
def check(view: View) -> Iterator[Finding]:
    """Check the announced notices."""
    notices = view.policy.changes.notices
    if not any(notice.may_reach for notice in notices):
        at = view.value_spot("changes", "notices", 0, "means") if notices else view.key_spot("changes")
        problem = "only those who look at the page learn of" if notices else "the text announces no notice of"
        yield fails(at, f"{problem} a change; nobody is told", _FIX)
        return
    for i, notice in enumerate(notices):
        lacks = ", and ".join(_lacks(notice))
        if lacks:
            where = " of the trackers" if notice.of == "trackers" else ""
            yield weak(
                view.value_spot("changes", "notices", i), f"of a change{where} people learn {lacks}", _FIX
            )


def _lacks(notice: Notice) -> Iterator[str]:
    if not notice.may_reach:
        yield "on the site only"
    elif not notice.reaches:
        yield "by a means that the text leaves open"
    if notice.prior is False:
        yield "without prior notice"
    elif notice.lead is None:
        yield "at no time that the text states"
    elif not notice.beforehand:
        yield "on the day on which it holds"
