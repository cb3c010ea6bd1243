"""A table that is said to hold nothing personal holds personal data.

What stands under `not_personal` is left out of everything: no promise ends it, no request
reaches it, no hold protects it. A column that was added later, or a judgement that was too
quick, then hides data of persons for good (GDPR 4(1), 5(1)(e), 30).

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT, editor_email TEXT);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
    not_personal: {countries: a list of countries}

Good:

    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
      countries:
        data: account
        person: none
        triggers: {account_closure: {event: account_closure}}

Make the table a place. Where its rows are about nobody after all, waive the column with the
reason: `{rule: SV441, where: app.countries.editor_email, because: …, until: …}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View
from servanda.stores.binding.coverage import owners, seen
from servanda.stores.discovery.lexicon import SHOWN


@rule("SV441", law="GDPR 4(1), 5(1)(e), 30", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Recognise the columns of these tables, and check their references to persons."""
    for store, session in view.sessions.items():
        shape = session.store.shape
        for name in view.bound.document.stores[store].not_personal:
            table = shape.tables.get(name)
            if table is None or table.view:
                continue
            at = view.at_store(store, "not_personal", name)
            for column, match in seen(view.bound, session, store, table).columns.items():
                if match.state == "personal":
                    message = f"{name} is said not to be personal, and {column} holds {SHOWN[match.nature]}"
                    yield fails(at, message, f"make {name} a place", where=f"{store}.{name}.{column}")
            for columns, parent in owners(view.bound, store, table):
                via = ", ".join(columns)
                message = (
                    f"{name} is said not to be personal, and its rows belong to persons: {via} → {parent}"
                )
                yield weak(at, message, f"make {name} a place", where=f"{store}.{name}.{via}")
