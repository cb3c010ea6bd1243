"""A field cannot be emptied in the way that the place declares, or must not be.

NOT NULL refuses NULL, a unique column refuses a constant, a key cannot change, a short
column has no room for a pseudonym: the sweep would stop half way. And where a row stays
until later, the field from which its end is counted must not be emptied before.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT NOT NULL, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
        skeleton: true
        at_end: {email: null}

Good:

    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
        skeleton: true
        at_end: {email: {constant: gone}}

Empty the column in a way that it takes: a constant where it is NOT NULL, a pseudonym where
it is unique. Leave the columns of triggers as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.actions.refusal import refuses
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.selection import ParentTime, ParentTrigger


@rule("SV412", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Check each change against the type of its column, and whether a trigger still reads the value."""
    for place in view.places:
        for name, change in place.place.at_end.items():
            column = place.table.columns.get(name)
            if column is None:
                continue
            why = refuses(place.table, column, change)
            if why:
                message = f"{place.table.name}.{name} cannot be emptied so: {why}"
                yield fails(view.at(place, "at_end", name), message)
        if place in view.ended:
            yield from _triggers(view, place)


def _triggers(view: View, place: BoundPlace) -> Iterator[Finding]:
    for label, trigger in view.used(place).items():
        read = {time.name for table, time in view.times(place, trigger) if table.name == place.table.name}
        if isinstance(trigger, ParentTime | ParentTrigger):
            read |= set(trigger.links[0].columns)
        for name in sorted(read & set(place.place.at_end)):
            if place.place.at_end[name].truncate:
                continue  # an earlier time is in the past as well
            at = view.at(place, "at_end", name)
            head = f"{place.table.name}.{name} is emptied, and {label} is counted from it"
            if view.deletes(place):
                yield fails(at, f"{head}: the row that is left would never end", f"leave {name} as it is")
            elif not isinstance(trigger, ParentTime | ParentTrigger):
                message = f"{head}: emptied rows will be reported as rows without an end"
                yield weak(at, message, f"{name}: {{truncate: month}}, or say open: null for {label}")
