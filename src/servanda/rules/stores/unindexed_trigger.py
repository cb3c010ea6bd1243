"""The column that a retention counts from has no index.

Pages of a sweep follow the trigger: the upper end of each page is found on its index, and
the rows between are ended in one go, as fast as a single DELETE. Without it every plan
reads the whole table, and pages follow the key instead, several times slower.

Bad:

    --- app.sql
    CREATE TABLE visits (id INTEGER PRIMARY KEY, ip TEXT, visited_at TIMESTAMP);
    --- stores.yaml
    places:
      visits:
        data: visit
        person: none
        triggers: {collection: visited_at}

Good:

    --- app.sql
    CREATE TABLE visits (id INTEGER PRIMARY KEY, ip TEXT, visited_at TIMESTAMP);
    CREATE INDEX visits_visited_at ON visits (visited_at);

Create the index that the finding names. Where the table will always be small, ignore it.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View
from servanda.stores.selection import OwnTime, ParentTime


@rule("SV406", severity="warning", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Check that each column read in batches is indexed."""
    reported = set()
    for place in view.ended:
        for name, trigger in view.used(place).items():
            is_own = isinstance(trigger, OwnTime)
            if not is_own and not (isinstance(trigger, ParentTime) and len(trigger.links) == 1):
                continue
            for table, time in view.times(place, trigger):
                once = (place.store, table.name, time.name)
                if table.view or table.indexed((time.name,)) or once in reported:
                    continue
                reported.add(once)
                message = f"{table.name}.{time.name} has no index: every plan and page reads the whole table"
                fix = view.create_index(place.store, table, (time.name,))
                yield fails(view.at(place, "triggers", name), message, fix)
