"""Tables that nobody decided about, and in which the identifiers of a person stand.

    tables that are no place, and not said to hold nothing personal
        ─▶ columns named like addresses: an identifier equals the value, in any row
        ─▶ every text column: an identifier stands in the text, in the first 100,000 rows
        ─▶ the tables where one was found

One statement a store. No request can copy or erase what lies there, so an answer must not be given as if it had.

Law: GDPR 15(1), 17(1); 12(1) nothing is said that is not so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from servanda.errors import StoreDown, StoreError
from servanda.persons.person import Human
from servanda.stores.addresses import spellings
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.discovery import lexicon
from servanda.stores.document.archiving import ArchiveTable
from servanda.stores.shape import Column, Table
from servanda.stores.sql.archive_table import database
from servanda.stores.sql.session import Session

_FIRST = 100_000
"""How many rows of a table are searched word by word."""
_SHORT = 6
"""Identifiers with fewer characters stand in texts by chance."""
_ADDRESSES = frozenset({"email", "phone", "login"})
_AT_ONCE = 200


def identifiers_of(stores: OpenStores, human: Human) -> Iterator[str]:
    """The identifiers in the rows of a person, as the stores hold them; kept in memory only."""
    for person in human:
        place = stores.binding.places.get(person.place)
        named = list(dict.fromkeys(place.place.identifiers.values())) if place is not None else []
        if place is None or not named or place.store not in stores.sessions:
            continue
        session = database(stores.session_of(place))
        row: Any = session.table_of(place.table.name)
        same = session.at_key(place.table.name, person.key)
        values = session.first(sa.select(*(row.c[c] for c in named)).where(*same))
        yield from (str(value) for value in values or () if value is not None)


def undecided_with(stores: OpenStores, identifiers: Iterable[str]) -> tuple[str, ...]:
    """The undecided tables, as STORE.TABLE, in which any of some identifiers stands, or which could not be read."""
    wanted = sorted({form for text in identifiers if len(text.strip()) >= _SHORT for form in spellings(text)})
    holding: list[str] = []
    for name, session in stores.sessions.items():
        tables = list(_undecided(stores, name))
        if wanted and tables and isinstance(session, Session):
            copies = session.own_copies()
            tables = [table for table in tables if table.name not in copies]
            for start in range(0, len(tables), _AT_ONCE):
                part = tables[start : start + _AT_ONCE]
                holding += [f"{name}.{table.name}" for table in _holding(session, part, wanted)]
    return tuple(sorted(holding))


def _undecided(stores: OpenStores, name: str) -> Iterator[Table]:
    entry = stores.binding.document.stores[name]
    known = {place.lives_in(label) for label, place in entry.places.items()} | set(entry.not_personal)
    for place in entry.places.values():
        if isinstance(place.archive, ArchiveTable):
            known.add(place.archive.table)
    for table in stores.binding.shapes[name].tables.values():
        if table.name not in known and not table.view and not table.name.startswith(("servanda_", "sqlite_")):
            yield table


def _holding(session: Session, tables: Sequence[Table], wanted: Sequence[str]) -> Iterator[Table]:
    """The tables with an identifier. Where the store refuses to look at all at once, each is looked at by itself."""
    asked = [(table, cond) for table in tables if (cond := _holds(session, table, wanted)) is not None]
    if not asked:
        return
    try:
        values = session.first(sa.select(*(sa.case((met, 1), else_=0) for _, met in asked)))
    except StoreDown:
        raise
    except StoreError:
        if len(asked) > 1:
            for table, _ in asked:
                yield from _holding(session, [table], wanted)
        elif any(_is_address(column) for column in asked[0][0].columns.values()):
            yield asked[0][0]  # nobody may read it, and it looks as if it held addresses
        return
    yield from (table for (table, _), value in zip(asked, values, strict=True) if value)


def _holds(session: Session, table: Table, wanted: Sequence[str]) -> sa.ColumnElement[bool] | None:
    """Whether a table holds an identifier; None if it has no column that could."""
    columns = [column for column in table.columns.values() if _is_text(column)]
    if not columns:
        return None
    store = session.store
    row: Any = session.table_of(table.name)
    parts = [row.c[c.name].label(f"c{i}") for i, c in enumerate(columns)]
    some = sa.select(*parts).select_from(row).limit(_FIRST).subquery()
    texts = [store.folded(sa.cast(some.c[f"c{i}"], sa.Text)) for i in range(len(columns))]
    inside = sa.or_(*(store.contains(text, sa.literal(form)) for text in texts for form in wanted))
    ways = [sa.exists(sa.select(sa.literal(1)).select_from(some).where(inside))]
    for column in columns:
        if _is_address(column) and "ENUM" not in column.type.upper():
            equal = sa.or_(
                *(store.same_identifier(row.c[column.name], f, (table.name, column.name)) for f in wanted)
            )
            ways.append(sa.exists(sa.select(sa.literal(1)).select_from(row).where(equal)))
    return sa.or_(*ways)


def _is_address(column: Column) -> bool:
    return _is_text(column) and bool(_ADDRESSES & set(lexicon.read(column.name).natures))


def _is_text(column: Column) -> bool:
    kind = column.type.upper()
    return not column.number and (
        kind in ("", "NULL") or any(word in kind for word in ("CHAR", "TEXT", "CLOB", "JSON", "XML", "ARRAY"))
    )
