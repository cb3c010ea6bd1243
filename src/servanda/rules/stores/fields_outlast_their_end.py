"""Data of two periods stand in one row, and nothing says how the ones that are over first are emptied.

An order has what was bought, for ten years, and where it was sent, for as long as the account is open. After ten years
the row stays for the address, and what was bought stays with it: longer than promised (GDPR 5(1)(e)). The promise on it
is not kept as long as there is such a row.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP, login_ip TEXT, login_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    CREATE INDEX accounts_login ON accounts (login_at);
    --- stores.yaml
    places:
      accounts:
        data: {account: [email], login: [login_ip]}
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}, login: login_at}
        at_end: {email: null}

Good:

    --- stores.yaml
    places:
      accounts:
        data: {account: [email], login: [login_ip]}
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}, login: login_at}
        at_end: {email: null, login_ip: null}

Say under `at_end` how each column is emptied, or keep data of different periods in tables of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View
from servanda.stores.binding.obstacles import endless_fields


@rule("SV468", law="GDPR 5(1)(e)", severity="warning", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Find columns that nothing empties when their data are over before their row."""
    for place in view.ended:
        for fields in endless_fields(view.bound, place):
            columns = ", ".join(fields.columns)
            promises = ", ".join(dict.fromkeys(place.limits[n][0].name for n in fields.retentions))
            message = f"{place.name}: {columns} may be over ({promises}) while the row stays for other data"
            yield fails(view.at(place), message, f"at_end: {{{fields.columns[0]}: null}}, or another change")
