"""A retention ends data that no place holds.

The promise is made, and nothing carries it out: nobody said in which table the data are. It
is shown as broken until somebody does (GDPR 5(2)).

Bad:

    --- app.sql
    CREATE TABLE countries (code TEXT PRIMARY KEY);
    --- stores.yaml
    places: {}
    not_personal: {countries: a list of countries}

Good:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    --- stores.yaml
    places:
      accounts:
        data: [account, login, visit, invoice]
        person: self
        identifiers: {email: email}
        triggers:
          account_closure: {column: closed_at, open: null}
          login: {column: closed_at, open: null}
          collection: {column: closed_at, open: null}
          invoice_issued: {column: closed_at, open: null}

Make the table that holds them a place. Where no store holds them, say so under `nowhere:`
with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV422", law="GDPR 5(2)", severity="warning", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Compare the data of each retention with the places, unless a store could not be read."""
    stores = view.bound.document
    if set(stores.stores) != set(view.bound.shapes):
        return
    declared = {name for _, place in stores.places().values() for name in place.data} | set(stores.nowhere)
    for promise, retention in view.policy.retentions():
        missing = [name for name in retention.data if name not in declared]
        if missing:
            at = view.policy.at(promise, "enforced", promise.enforced.index(retention), "data")
            verb = "is" if len(missing) == 1 else "are"
            message = f"{promise.name} ends {', '.join(missing)}, which {verb} in no place of stores.yaml"
            yield fails(at, message, "give it a place, or state under nowhere: why there is none")
