"""A retention counts from a column that every change of the row sets to now.

With ON UPDATE CURRENT_TIMESTAMP the database renews the time whenever anything in the row
changes: an import, a new index column, a sweep that empties a field. The clock starts again
each time, and the data may never end. Servanda writes such columns back to themselves; the
application does not.

Bad:

    --- app.sql of MariaDB
    CREATE TABLE accounts (
      id INTEGER PRIMARY KEY,
      email VARCHAR(100),
      closed_at TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP,
      KEY (closed_at));
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Good:

    --- app.sql of MariaDB
    CREATE TABLE accounts (
      id INTEGER PRIMARY KEY,
      email VARCHAR(100),
      closed_at TIMESTAMP NULL DEFAULT NULL,
      KEY (closed_at));

Count from a column that only the event itself sets, or take the ON UPDATE away.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV409", law="GDPR 5(1)(e)", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Check every column that a used trigger reads."""
    for place in view.ended:
        for name, trigger in view.used(place).items():
            for table, time in view.times(place, trigger):
                if table.columns[time.name].on_update:
                    message = f"{table.name}.{time.name} is set to now by every change of its row"
                    fix = f"count {name} from a column that only the event sets"
                    yield fails(view.at(place, "triggers", name), message, fix)
