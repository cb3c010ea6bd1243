"""A rule of the database does something else in the place of a DELETE, or a trigger may leave rows as they are.

A table of PostgreSQL with `RULE … ON DELETE DO INSTEAD` accepts the statement and keeps the row; so does a trigger
that returns NULL (`RAISE(IGNORE)` in SQLite), or one that writes the old value back. Servanda counts in the store what
was done, and takes a page or an erasure back that left rows as they were, so that nothing is claimed; but the rows
stay, and the promise is not kept (GDPR 5(1)(e), 17).

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE TRIGGER accounts_stay BEFORE DELETE ON accounts BEGIN SELECT RAISE(IGNORE); END;
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Good:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Drop the rule or trigger, or let it make an exception for the role that Servanda works with. Where deleted rows are
to be marked first, say so by a retention that begins with the mark.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.persons.subject_graph import is_of_persons
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View
from servanda.stores.binding.binding import BoundPlace


@rule("SV465", law="GDPR 5(1)(e), 17", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Find rules and triggers that undo a DELETE, or an UPDATE where fields are emptied."""
    for place in view.places:
        if not place.swept and not is_of_persons(view.bound, place):
            continue
        for trigger in place.table.database_triggers:
            verbs = [verb for verb in _verbs(place) if verb in trigger.instead]
            doubtful = [verb for verb in _verbs(place) if verb in trigger.undoes]
            if verbs:
                head = f"the rule {trigger.name} does something else in the place of {' and '.join(verbs)}"
                message = f"{head} on {place.table.name}: no row ends there"
                yield fails(view.at(place), message, "drop the rule")
            elif doubtful:
                after = " and ".join(doubtful)
                message = f"{trigger.name} may leave rows of {place.table.name} as they are after {after}"
                yield weak(
                    view.at(place), message, "let it make an exception for the role of apply, or drop it"
                )


def _verbs(place: BoundPlace) -> list[str]:
    """What is asked of the database there."""
    return ["DELETE", *(["UPDATE"] if place.place.at_end else [])]
