"""A table of the store is neither a place, nor said to hold nothing personal.

What nobody looked at holds personal data more often than not, and the register of
processing must name them all (GDPR 30). A table that is not mentioned at all is new since
somebody last looked, and that is graver than one that waits for a decision.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
    CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
    undecided: [notes]

Good:

    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
      notes:
        data: account
        person: none
        triggers: {account_closure: {event: account_closure}}
    not_personal: {countries: a list of countries}

Make the table a place, or name it under `not_personal:` with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View

_SHOWN = 8


@rule("SV416", law="GDPR 30", severity="warning", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Compare the declared tables with those of the store, without views."""
    for store, shape in view.bound.shapes.items():
        entry = view.bound.document.stores[store]
        known_tables = {place.lives_in(name) for name, place in entry.places.items()}
        known_tables |= {*entry.not_personal, *entry.undecided}
        tables = [name for name, table in shape.tables.items() if not table.view]
        unknown = sorted(name for name in tables if name not in known_tables)
        if unknown:
            verb = "is" if len(unknown) == 1 else "are"
            message = f"{_some(unknown)} {verb} in {store}, and not in this document"
            yield fails(view.at_store(store), message, "a place, or not_personal: with the reason")
        waiting = [name for name in entry.undecided if name in tables]
        if waiting:
            message = f"{store}: nobody has decided yet about {_some(waiting)}"
            yield weak(
                view.at_store(store, "undecided"), message, "a place, or not_personal: with the reason"
            )


def _some(names: list[str]) -> str:
    hidden = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {hidden} more" if hidden > 0 else "")
