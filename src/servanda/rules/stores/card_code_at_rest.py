"""A column holds verification codes of payment cards.

The three or four digits on a card prove that who pays holds it. They end with the payment,
without exception, encrypted or not: nobody may find them in a database afterwards (CNIL
2018-303, art. 4; PCI DSS 3.3.1). Columns are known by their names; one that is always empty
is none.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, card_cvv TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    INSERT INTO accounts VALUES (1, 'a@example.org', '123', NULL);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Good:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, card_token TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    INSERT INTO accounts VALUES (1, 'a@example.org', 'tok_1', NULL);

Let the payment provider ask for the code on its own page, and keep the provider’s token.
Empty the column, and drop it; backups that have it end sooner than others.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View
from servanda.stores.discovery.assertions import filled
from servanda.stores.discovery.lexicon import read
from servanda.stores.discovery.recognise import readable
from servanda.stores.shape import Column


@rule("SV442", law="CNIL 2018-303 art. 4; PCI DSS 3.3.1; GDPR 5(1)(c), 32", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Count the rows of each column, in any table, with the name of a card code."""
    for store, session in view.sessions.items():
        if any(assertion.never == "card-code" for assertion in view.bound.document.stores[store].assert_):
            continue  # SV443 reports it, with the promise
        for table in session.store.shape.tables.values():
            code_columns = [c for c in table.columns.values() if _code(c)] if not table.view else []
            if not code_columns or session.lacking(table.name, frozenset({"SELECT"})):
                continue
            places = view.bound.of_table(store, table.name)
            at = view.at(places[0], "data") if places else view.at_store(store)
            for column in code_columns:
                rows = session.count(table.name, filled(column))
                if rows:
                    message = f"{table.name}.{column.name} holds verification codes of cards in {rows:,} rows"
                    where = f"{store}.{places[0].short if places else table.name}.{column.name}"
                    yield fails(at, message, "empty the column and drop it", where=where)


def _code(column: Column) -> bool:
    return readable(column) and read(column.name).natures[:1] == ("card-code",)
