"""Rows are not as the stores document asserts, or what it asserts of is gone.

Some promises say what is in a column: bank details only of those who pay by direct debit, no
verification code of a card, advertising off until it is asked for (GDPR 5(1)(c), 25(2)).
`assert:` writes them down where the column is, and each is counted in the database; no value
is read or shown.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, iban TEXT, payment TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    INSERT INTO accounts VALUES (1, 'a@example.org', 'FR00 0000', 'cheque', NULL);
    --- stores.yaml
    places:
      accounts:
        data: {account: [email, iban, payment, closed_at]}
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}
        assert:
          - {column: iban, is: null, unless: {payment: debit}}

Good:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, iban TEXT, payment TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    INSERT INTO accounts VALUES (1, 'a@example.org', NULL, 'cheque', NULL), (2, NULL, 'FR00 0000', 'debit', NULL);

Mend the rows, and what wrote them. A column that was renamed is named anew here. Where the
assertion asks for more than was promised, change it; a promise itself is changed in the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from servanda.errors import Spot, StoreError
from servanda.law.minors import birthday
from servanda.rules.engine.rule import Finding, Result, fails, needs, rule
from servanda.rules.engine.view import View
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.coverage import seen
from servanda.stores.discovery.assertions import filled, has_default, unconsented, violating
from servanda.stores.discovery.lexicon import SHOWN
from servanda.stores.document.assertion import Assertion, Held, Minor, Never, Unasked
from servanda.stores.selection import Condition, TimeColumn
from servanda.stores.shape import Table

_READ = frozenset({"SELECT"})


@rule("SV443", law="GDPR 5(1)(a) and (c), 25(2)", needs={"stores"})
def check(view: View) -> Iterator[Result]:
    """Count the rows that violate each assertion."""
    entries = view.bound.document.stores
    for store in view.sessions:
        for i, never in enumerate(entries[store].assert_):
            at = view.bound.document.source.spot(("stores", store, "assert", i))
            yield from _promised(view, at, never)
            for table in view.sessions[store].store.shape.tables.values():
                yield from _never(view, at, store, table, never)
    for place in view.places:
        yield from _of(view, place)


def _of(view: View, place: BoundPlace) -> Iterator[Result]:
    for i, assertion in enumerate(place.place.assert_):
        at = view.at(place, "assert", i)
        yield from _promised(view, at, assertion)
        if isinstance(assertion, Never):
            yield from _never(view, at, place.store, place.table, assertion)
            continue
        unless = assertion.unless if isinstance(assertion, Held | Minor) else {}
        missing = [name for name in (assertion.column, *unless) if name not in place.table.columns]
        where = f"{place.name}.{assertion.column}"
        if missing:
            message = f"{place.table.name} has no column {missing[0]}, of which something is asserted{_by(assertion)}"
            yield fails(at, message, "name the column as the store spells it now", where=where)
        elif isinstance(assertion, Unasked):
            if not has_default(place.table.columns[assertion.column], assertion.default):
                message = f"{place.table.name}.{assertion.column} has another default than is asserted{_by(assertion)}"
                yield fails(at, message, "change the default of the column", where=where)
        elif view.sessions[place.store].lacking(place.table.name, _READ):
            yield needs(f"the right to read {place.name}, to count what is asserted of it")
        elif isinstance(assertion, Minor):
            yield from _minors(view, at, place, assertion)
        else:
            yield from _counted(view, at, place, assertion, violating(assertion, place.place.where))


def _minors(view: View, at: Spot, place: BoundPlace, assertion: Minor) -> Iterator[Result]:
    """Count the persons under age without a recorded consent."""
    consents = view.bound.places.get(f"{place.store}.{assertion.consent}")
    links = consents.links.values() if consents is not None else ()
    link = next((candidate for candidate in links if candidate.to_table == place.table.name), None)
    if link is None:
        message = (
            f"no reference of “{assertion.consent}” leads to {place.name}, where a consent would be found"
        )
        yield fails(
            at, message, "name the place that holds the consents", where=f"{place.name}.{assertion.born}"
        )
        return
    column = place.table.columns[assertion.born]
    time = TimeColumn(assertion.born, column.time or "text", place.entry.timezone)
    try:
        view.sessions[place.store].learn_forms(place.table.name, [time])
    except StoreError as error:
        yield fails(at, error.message, error.advice, where=f"{place.name}.{assertion.born}")
        return
    of_age = _first_under(view.today, assertion.under)
    yield from _counted(
        view, at, place, assertion, unconsented(assertion, place.place.where, time, of_age, link)
    )


def _first_under(today: date, age: int) -> date:
    """The earliest date of birth of a person below an age."""
    born = today - timedelta(days=366 * age + 2)
    while birthday(born, age) <= today:
        born += timedelta(days=1)
    return born


def _counted(
    view: View, at: Spot, place: BoundPlace, assertion: Held | Minor, condition: Condition
) -> Iterator[Finding]:
    session, table = view.sessions[place.store], place.table.name
    rows = session.count(table, condition) + session.in_use(table, condition)
    if rows:
        counted = "1 row is" if rows == 1 else f"{rows:,} rows are"
        message = f"{table}: {counted} not as asserted, {assertion}{_by(assertion)}"
        yield fails(
            at, message, "mend the rows, and what writes them", where=f"{place.name}.{assertion.column}"
        )


def _never(view: View, at: Spot, store: str, table: Table, assertion: Never) -> Iterator[Result]:
    """Find the columns of a table that hold forbidden data; empty columns pass."""
    session = view.sessions[store]
    if table.view or session.lacking(table.name, _READ):
        return
    for name, match in seen(view.bound, session, store, table).columns.items():
        if match.state != "personal" or match.nature != assertion.never:
            continue
        rows = session.count(table.name, filled(table.columns[name]))
        if rows:
            column = f"{table.name}.{name}"
            message = (
                f"{column} holds {SHOWN[assertion.never]} in {rows:,} rows, and never should{_by(assertion)}"
            )
            yield fails(at, message, "empty the column and drop it", where=f"{store}.{table.name}.{name}")


def _promised(view: View, at: Spot, assertion: Assertion) -> Iterator[Finding]:
    if assertion.promise is not None and view.policy.promise(assertion.promise) is None:
        yield fails(
            at, f"“{assertion.promise}” is no promise of the policy", "see them with: servanda promises"
        )


def _by(assertion: Assertion) -> str:
    return f" ({assertion.promise})" if assertion.promise else ""
