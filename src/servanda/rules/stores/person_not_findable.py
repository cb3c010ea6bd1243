"""Rows are persons, and no column is named by which they are found.

Who writes to a company gives an e-mail address. It is looked for in the columns under `identifiers`. Without one,
a request of somebody who stands in the table finds nobody, and the answer would say that nothing is held (GDPR 15,
17). An error if the table has a column that looks like an e-mail address, else a warning.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        triggers: {account_closure: {column: closed_at, open: null}}

Good:

    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Name the columns, such as `identifiers: {email: email}`. If the rows bear no address, name a number that people know,
such as `identifiers: {customer: customer_no}`. Rows that bear neither are found with `--row PLACE=KEY` only.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.discovery.lexicon import read


@rule("SV485", law="GDPR 12(2), 15, 17", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Find places whose rows are persons and whom nothing identifies."""
    identified = {(p.store, p.table.name) for p in view.places if p.place.identifiers}
    for place in view.places:
        if place.place.person != "self" or (place.store, place.table.name) in identified:
            continue
        addresses = _addresses(place)
        message = f"no column of {place.name} is named by which a person is found there"
        if addresses:
            yield fails(view.at(place), message, f"identifiers: {{email: {addresses[0]}}}")
        else:
            yield weak(view.at(place), message, "name a column under identifiers:, or find rows with --row")


def _addresses(place: BoundPlace) -> list[str]:
    """The columns whose name says that they hold e-mail addresses."""
    named = ((column, read(column)) for column in place.table.columns)
    return [column for column, said in named if said.sure and said.natures[0] == "email"]
