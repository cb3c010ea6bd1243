"""The residue of an erasure: identifiers of erased persons that are still found in text columns.

Identifiers are read before the erasure and kept in memory and in a temporary table only. Gathered rows are
searched inside the transaction, without the columns that a law keeps; whole tables are scanned afterwards, once
for many persons.

Law: GDPR 5(2): to be able to show it; 17(1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from servanda.persons.collect import Reach
from servanda.plan.erasure import Erasure, StoreEraser
from servanda.plan.retention_limits import by_column
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.sql.archive_table import database
from servanda.stores.sql.erasure import UNTOUCHED
from servanda.stores.sql.lists import temporary

_SHORT = 6
_FEW = 20
_WORD = re.compile(r"[^\s<>()\[\]{}\"`,;:|=&?/!*#]+")
"""A word that may be an address or a number; what else an address may contain stands around it more often."""


@dataclass(slots=True)
class Identifiers:
    """The identifiers of the gathered persons in one store, and the temporary table to search for them."""

    reach: Reach
    table: sa.Table
    columns: dict[str, tuple[str, ...]]
    known: dict[Any, Any] = field(default_factory=dict)
    last: dict[int, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, reach: Reach) -> Identifiers:
        """Create the temporary table; outside of any transaction."""
        made = temporary(
            "servanda_named",
            sa.Column("p", sa.Integer, nullable=False),
            sa.Column("v", sa.String(255), nullable=False),
            postgresql_on_commit="DELETE ROWS",
        )
        reach.session.create_temporary_table(made)
        columns: dict[str, tuple[str, ...]] = {}
        for table in reach.numbers:
            mine = [c for p in reach.graph.places[table] for c in p.place.identifiers.values()]
            texts = [c for c in dict.fromkeys(mine) if _is_text(reach, table, c)]
            if texts:
                columns[table] = tuple(texts)
        return cls(reach, made, columns)

    def read_identifiers(self) -> dict[int, set[str]]:
        """Read the identifiers of each person, in lower case, from their own locked rows."""
        found: dict[int, set[str]] = {}
        for table, rows in self.reach.own.items():
            columns = self.columns.get(table, ())
            for person, row in rows if columns else ():
                mine = {str(row[c]).strip().lower() for c in columns if row[c] is not None}
                found.setdefault(person, set()).update(v for v in mine if len(v) >= _SHORT)
        self.last = found
        return found

    def count_left(self, store: StoreEraser, erasures: Sequence[Erasure]) -> dict[int, int]:
        """Count, by person, the remaining gathered rows that still contain an identifier where nothing keeps it."""
        found: dict[int, int] = {}
        stay = {n for e in erasures for f in e.fates if f.fate == "anonymise" for n in f.places}
        tables = [r for r in store.rules.tables.values() if any(p.name in stay for p in r.places)]
        looked = [(r, c) for r in tables if (c := _unprotected_columns(r.places, r.limits))]
        if not looked:
            return found
        session = self.reach.session
        session.execute(sa.delete(self.table))
        if not self._load(store):
            return found
        for rules, columns in looked:
            query = self._count_query(rules.table, rules.number, columns)
            rows: Any = session.execute(query).all()
            for person, count in rows:
                found[int(person)] = found.get(int(person), 0) + int(count)
        return found

    def _load(self, store: StoreEraser) -> int:
        values = [{"p": p, "v": v[:255]} for p, own in self.last.items() for v in own]
        if values:
            store.reach.session.execute(sa.insert(self.table), values)
        return len(values)

    def _count_query(self, table: str, number: int, columns: Sequence[str]) -> Any:
        if ("left", table) not in self.known:
            row, work, same = self.reach.rows.rows(table)
            named, dialect = self.table, self.reach.session.store
            holds = [dialect.contains(dialect.folded(row.c[c]), named.c.v) for c in columns]
            rows = work.join(row, same).join(named, named.c.p == work.c.p)
            staying = [work.c.n == number, work.c.s != 0, work.c.s.op("&")(int(UNTOUCHED)) == 0]
            query = sa.select(work.c.p, sa.func.count()).select_from(rows).where(*staying, sa.or_(*holds))
            self.known["left", table] = query.group_by(work.c.p)
        return self.known["left", table]


@dataclass(frozen=True, slots=True)
class Residue:
    """The number of rows of a place in which a column still contains an identifier of an erased person.

    `kept`: a law keeps this column in some rows, so that the identifier may be lawful there.
    """

    place: str
    column: str
    rows: int
    kept: bool = False


def scan(
    stores: OpenStores, named: frozenset[str], pause: Callable[[], None] = lambda: None
) -> list[Residue]:
    """Search every mapped text column for identifiers; `pause` is called between two statements.

    A few identifiers are searched for by the database; many by streaming the texts and matching word by word. Only
    whole words count: ann@example.com does not stand in joann@example.com.
    """
    results: list[Residue] = []
    named = frozenset(text for one in named if len(text := one.strip().lower()) >= _SHORT)
    for place in stores.binding.places.values():
        columns = _text_columns(place)
        if not named or place.place.files or not columns:
            continue
        lawful = {c for name, own in place.data.items() if _kept_by_law(place, name) for c in own}
        look = _scan_by_query if len(named) <= _FEW else _scan_by_stream
        results += [replace(r, kept=r.column in lawful) for r in look(stores, place, columns, named)]
        pause()
    return [residue for residue in results if residue.rows]


def _kept_by_law(place: BoundPlace, category: str) -> bool:
    return any(r.outlives_erasure and category in r.data for _, r in place.limits)


def _scan_by_query(
    stores: OpenStores, place: BoundPlace, columns: Sequence[str], named: frozenset[str]
) -> Iterator[Residue]:
    """Look in the database for the rows with an identifier; only theirs are read, for whole words."""
    session = database(stores.session_of(place))
    row, store = session.table_of(place.table.name), session.store
    holds = {}
    for column in columns:
        text = store.folded(row.c[column])
        holds[column] = sa.or_(*(store.contains(text, sa.literal(v)) for v in sorted(named)))
    parts = [sa.func.coalesce(sa.func.sum(sa.case((met, 1), else_=0)), 0) for met in holds.values()]
    counts = session.first(sa.select(*parts).select_from(row))
    whole = re.compile("|".join(rf"(?<![\w.+%-]){re.escape(v)}(?![\w-]|\.\w)" for v in sorted(named)))
    for column, count in zip(columns, counts, strict=True):
        if count:
            with session.snapshot():
                texts = session.stream(sa.select(row.c[column]).where(holds[column]))
                found = sum(whole.search(str(value).lower()) is not None for (value,) in texts)
            yield Residue(place.name, column, found)


def _scan_by_stream(
    stores: OpenStores, place: BoundPlace, columns: Sequence[str], named: frozenset[str]
) -> Iterator[Residue]:
    session = database(stores.session_of(place))
    row = session.table_of(place.table.name)
    counts = dict.fromkeys(columns, 0)
    with session.snapshot():
        for values in session.stream(sa.select(*(row.c[c] for c in columns))):
            for column, value in zip(columns, values, strict=True):
                counts[column] += value is not None and _names(str(value), named)
    yield from (Residue(place.name, c, n) for c, n in counts.items())


def _names(text: str, named: frozenset[str]) -> bool:
    """Whether one of many identifiers stands in a text as a whole word."""
    text = text.strip().lower()
    return text in named or any(word.strip(".-+'") in named for word in _WORD.findall(text))


def _unprotected_columns(places: Sequence[BoundPlace], limits: dict[str, Any]) -> list[str]:
    """The text columns of a table that no limit protects, so that no identifier may remain."""
    found: list[str] = []
    for place in places:
        owners = by_column(place, limits[place.name])
        found += [c for c in _text_columns(place) if not owners.get(c)]
    return list(dict.fromkeys(found))


def _text_columns(place: BoundPlace) -> list[str]:
    """The text columns of a place."""
    mapped = {c for own in place.data.values() for c in own} | set(place.place.at_end)
    kinds = ("CHAR", "TEXT", "CLOB", "JSON")
    return [
        n for n, c in place.table.columns.items() if n in mapped and any(k in c.type.upper() for k in kinds)
    ]


def _is_text(reach: Reach, table: str, column: str) -> bool:
    kind = reach.graph.shape[table].columns[column].type.upper()
    return "CHAR" in kind or "TEXT" in kind
