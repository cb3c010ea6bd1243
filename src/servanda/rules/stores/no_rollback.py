"""A table's engine does not undo what was begun.

MyISAM and Aria keep half of a statement when the connection breaks, and two tables that
ought to change together do not. What was ended could then not be proved, so such tables
are left out of every plan.

Bad:

    --- app.sql of MariaDB
    CREATE TABLE visits (id INTEGER PRIMARY KEY, ip VARCHAR(45), visited_at TIMESTAMP NULL, KEY (visited_at))
      ENGINE = MyISAM;
    --- stores.yaml
    places:
      visits:
        data: visit
        person: none
        triggers: {collection: visited_at}

Good:

    --- app.sql of MariaDB
    CREATE TABLE visits (id INTEGER PRIMARY KEY, ip VARCHAR(45), visited_at TIMESTAMP NULL, KEY (visited_at))
      ENGINE = InnoDB;

Convert the table: `ALTER TABLE visits ENGINE = InnoDB`. It is rewritten, so choose a quiet hour.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV414", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Check the storage engine of each table."""
    for place in view.places:
        if not place.table.rolls_back:
            name = view.sessions[place.store].store.quoted(place.table.name)
            judge = fails if place in view.ended else weak
            message = f"the engine of {place.table.name} does not roll back, so that nothing is ended there"
            yield judge(view.at(place), message, f"ALTER TABLE {name} ENGINE = InnoDB;")
