"""A column holds personal data that no category of the policy names.

Somebody added a column, and the policy was not told: persons are not informed of it, the
register does not show it, and no promise ends it (GDPR 13, 14(1)(d), 30(1)(c)). Columns are
recognised by their names, their types and up to 200 of their values, which are looked at
and never shown or kept. A column that may be personal, such as free text, is advice.

Bad:

    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, phone_number TEXT, closed_at TIMESTAMP);
    CREATE INDEX accounts_closed ON accounts (closed_at);
    INSERT INTO accounts VALUES (1, 'a@example.org', '+33 1 99 00 12 34', NULL);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Good:

    --- policy.yaml
    categories:
      telephone: {says: {en: Telephone}, audience: customers, fields: [phone_number]}
    --- stores.yaml
    places:
      accounts:
        data: [account, telephone]
        person: self
        identifiers: {email: email}
        triggers: {account_closure: {column: closed_at, open: null}}

Name what the column holds in the category that lives there (and in the published text), move
it to another one, or stop collecting it. `data: {account: [email, phone_number]}` says which
columns a category has where their names do not tell. A column that holds nothing of the kind
is waived: `{rule: SV440, where: app.accounts.phone_number, because: …, until: …}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, Result, fails, needs, rule, weak
from servanda.rules.engine.view import View
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.coverage import Seen, seen, uncovered
from servanda.stores.discovery.lexicon import SHOWN
from servanda.stores.discovery.recognise import Recognised
from servanda.stores.shape import Table


@rule("SV440", law="GDPR 13, 14(1)(d), 30(1)(c)", severity="warning", needs={"stores"})
def check(view: View) -> Iterator[Result]:
    """Recognise the columns of every table, except tables declared not personal (SV441)."""
    for store, session in view.sessions.items():
        entry = view.bound.document.stores[store]
        for table in session.store.shape.tables.values():
            if table.view or table.name in entry.not_personal:
                continue
            recognised = seen(view.bound, session, store, table)
            if not recognised.by_values:
                yield needs(
                    f"the right to read {store}.{table.name}: only the names of its columns were seen"
                )
            places = view.bound.of_table(store, table.name)
            for place in places:
                yield from _of_place(view, place, recognised)
            declared = {place.lives_in(name) for name, place in entry.places.items()}
            if table.name not in declared:
                yield from _of_nobody(view, store, table, recognised)


def _of_place(view: View, place: BoundPlace, recognised: Seen) -> Iterator[Result]:
    missing = list(uncovered(view.policy, view.bound, place, recognised))
    silent = [name for name in place.data if _names_nothing(view, place, name)]
    if missing and silent:
        yield needs(
            f"the fields of {', '.join(silent)}: nothing tells which columns of {place.name} they cover"
        )
        return
    for name, match in missing:
        where = f"{place.name}.{name}"
        at = view.at(place, "data")
        categories = " or ".join(place.data)
        if match.state == "personal":
            message = f"{where} holds {_said(match)}, which {categories} does not name"
            yield fails(
                at, message, f"name it in the fields of {categories}, or drop the column", where=where
            )
        else:
            message = f"{where} may hold {_said(match)}, which {categories} does not name"
            yield weak(at, message, f"name it in the fields of {categories}, or waive it", where=where)


def _names_nothing(view: View, place: BoundPlace, name: str) -> bool:
    category = view.policy.categories[name]
    return place.place.data[name] == "all" and category.role == "controller" and not category.fields


def _of_nobody(view: View, store: str, table: Table, recognised: Seen) -> Iterator[Finding]:
    """Report the personal columns of a table without a place in one finding."""
    personal = {name: match for name, match in recognised.columns.items() if match.state == "personal"}
    if not personal:
        return
    waits = table.name in view.bound.document.stores[store].undecided
    at = view.at_store(store, *(["undecided"] if waits else []))
    first = "; ".join(f"{name}: {SHOWN[match.nature]}" for name, match in list(personal.items())[:3])
    suffix = f" and {len(personal) - 3} more" if len(personal) > 3 else ""
    message = f"{table.name} holds personal data that no place names ({first}{suffix})"
    say = weak if waits else fails
    yield say(at, message, f"make {table.name} a place", where=f"{store}.{table.name}")


def _said(match: Recognised) -> str:
    return SHOWN[match.nature] + {"values": ", as its values show", "type": ", as its type says"}.get(
        match.by, ""
    )
