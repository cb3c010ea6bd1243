"""A table has no primary key, and no unique one that is never NULL.

Its rows can be deleted by ranges of their own trigger, as visitor logs often are, and
nothing else: they cannot be emptied, archived, held or erased one by one, their events
cannot be named, and rows that end by what other tables say cannot be locked and looked at
again.

Bad:

    --- app.sql
    CREATE TABLE visits (ip TEXT, visited_at TIMESTAMP);
    CREATE INDEX visits_visited_at ON visits (visited_at);
    --- stores.yaml
    places:
      visits:
        data: visit
        person: none
        triggers: {collection: visited_at}
        at_end: {ip: null}

Good:

    --- app.sql
    CREATE TABLE visits (id INTEGER PRIMARY KEY, ip TEXT, visited_at TIMESTAMP);
    CREATE INDEX visits_visited_at ON visits (visited_at);

Give the table a primary key. Where its rows are only ever deleted by their own time, it
can stay as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.selection import Before, reads_other_rows


@rule("SV415", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Report the operations that a place without a primary key cannot support."""
    for place in view.places:
        if place.table.key or place.table.view or place.place.files:  # SV430 covers files
            continue
        head = f"{place.table.name} has no key"
        reasons = _asked(view, place) if place in view.ended else []
        fix = "give the table a primary key"
        if reasons:
            yield fails(view.at(place), f"{head}, so that its rows cannot {' or '.join(reasons)}", fix)
        else:
            message = (
                f"{head}: its rows can be deleted by ranges of their own trigger, "
                "but not emptied, archived, held or erased one by one"
            )
            yield weak(view.at(place), message, fix)


def _asked(view: View, place: BoundPlace) -> list[str]:
    """The declared operations that need a primary key."""
    reasons = []
    if place.place.at_end or any(r.keeps_row for _, r in place.limits):
        reasons.append("be emptied")
    if any(r.archive is not None for _, r in place.limits):
        reasons.append("be archived")
    if any(r.warn_before is not None for _, r in place.limits):
        reasons.append("be warned about")
    if any(reads_other_rows(Before(trigger, view.today)) for trigger in view.used(place).values()):
        reasons.append("end by what other tables say")
    return reasons
