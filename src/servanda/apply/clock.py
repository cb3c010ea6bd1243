"""Whether the machine's clock can be believed, before anything ends by it.

A clock that is ahead ends rows that are not due, and destroys keys and records, for good. It is compared with

    the newest entry of the ledger      the clock is not behind it
    the last entry before yesterday     it is not long ago: a machine that ran in between would have written some
    the clock of each database server   they are at most an hour apart; SQLite and files have none

Source: GDPR 5(1)(e) and (f), 32(1)(b).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from servanda.errors import Refused
from servanda.project import Project, utc_now

BEHIND = timedelta(minutes=10)
"""How far the newest entry may lie in the future: clocks of several machines differ."""
SILENCE = timedelta(days=45)
"""How long ago the last entry before yesterday may be."""
APART = timedelta(hours=1)
_YESTERDAY = timedelta(days=1)


def require(project: Project, *, trusted: bool = False) -> None:
    """Raise Refused if the clock is in doubt; with `trusted`, go on, and note that somebody vouched for it."""
    if not project.keeps_machine_time:
        return
    doubts = list(_doubts(project, utc_now()))
    if doubts and not trusted:
        raise Refused(
            f"the clock of this machine may be wrong: {'; '.join(doubts)}",
            advice="see what time it is; if the clock is right, add --clock-is-right. Nothing was changed",
        )
    if doubts:
        project.ledger.append("clock.trusted", {"doubts": doubts})


def _doubts(project: Project, now: datetime) -> Iterator[str]:
    ledger = project.ledger
    newest = ledger.newest_before(None)
    if newest is not None and newest - now > BEHIND:
        yield f"it says {now:%Y-%m-%d %H:%M}, and the newest entry of the ledger is of {newest:%Y-%m-%d %H:%M}"
    earlier = ledger.newest_before(now - _YESTERDAY)
    if earlier is not None and now - earlier > SILENCE:
        yield f"it says {now:%Y-%m-%d}, and nothing was written in the ledger since {earlier:%Y-%m-%d}"
    for name, session in project.stores.sessions.items():
        theirs = session.clock()
        if theirs is not None and abs(theirs - utc_now()) > APART:
            yield f"it says {now:%Y-%m-%d %H:%M}, and the server of store “{name}” says {theirs:%Y-%m-%d %H:%M} (UTC)"
