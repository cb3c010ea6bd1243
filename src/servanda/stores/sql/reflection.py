"""Reads the shape of an SQL database by reflection, in a few set-based queries."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import replace
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.mysql import SET, YEAR
from sqlalchemy.dialects.postgresql import CIDR, DOMAIN, INET
from sqlalchemy.engine.reflection import Inspector, ObjectKind, ObjectScope

from servanda.stores.shape import Column, DatabaseTrigger, Points, Shape, Table, UniqueIndex, null_is_a_value

Types = dict[tuple[str, str], sa.types.TypeEngine[Any]]


def reflect(inspector: Inspector, schema: str | None) -> tuple[Shape, Types]:
    """Every table and view of a schema (None: the default one), and the types of their columns."""
    scope: dict[str, Any] = {"schema": schema, "scope": ObjectScope.DEFAULT}
    with warnings.catch_warnings():  # a type that SQLAlchemy does not know is read as the driver gives it
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        columns = inspector.get_multi_columns(kind=ObjectKind.ANY, **scope)
    keys = inspector.get_multi_pk_constraint(kind=ObjectKind.TABLE, **scope)
    points = inspector.get_multi_foreign_keys(kind=ObjectKind.TABLE, **scope)
    with warnings.catch_warnings():  # SQLite leaves out indexes of expressions, which is right
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        indexes = inspector.get_multi_indexes(kind=ObjectKind.TABLE, **scope)
        unique = inspector.get_multi_unique_constraints(kind=ObjectKind.TABLE, **scope)
    checks = inspector.get_multi_check_constraints(kind=ObjectKind.TABLE, **scope)
    views = set(inspector.get_view_names(schema=schema))
    types: Types = {}
    tables: dict[str, Table] = {}
    for address, found in columns.items():
        name = address[1]
        if name.startswith(("servanda_", "sqlite_")):
            continue
        domains: list[str] = []
        for column in found:
            domains += _resolve_domain(column)
            types[name, column["name"]] = column["type"]
        plain = tuple(filter(None, map(_indexed, indexes.get(address, []))))
        uniques = tuple(
            tuple(str(c) for c in i["column_names"])
            for i in indexes.get(address, [])
            if i["unique"] and all(i["column_names"]) and not _partial(i)
        ) + tuple(tuple(u["column_names"]) for u in unique.get(address, []))
        described = {c["name"]: _column(c) for c in found}
        key = tuple((keys.get(address) or {"constrained_columns": []})["constrained_columns"])
        tables[name] = Table(
            name=name,
            schema=schema,
            columns=described,
            key=key or _unique_key(described, uniques),
            points=tuple(_points(p) for p in points.get(address, [])),
            indexes=plain + tuple(tuple(u["column_names"]) for u in unique.get(address, [])),
            unique=uniques,
            unique_indexes=tuple(
                unique_index(
                    described, str(i["name"]), " ".join([*map(str, i.get("expressions", [])), _partial(i)]), i
                )
                for i in indexes.get(address, [])
                if i["unique"] and (not all(i["column_names"]) or _partial(i))
            ),
            checks=(*(str(c["sqltext"]) for c in checks.get(address, [])), *domains),
            view=name in views,
        )
    return Shape(with_targets(tables)), types


def with_targets(tables: dict[str, Table]) -> dict[str, Table]:
    """The same tables, each with the columns that foreign keys lead to."""
    targets: dict[str, set[str]] = {}
    for table in tables.values():
        for points in table.points:
            targets.setdefault(points.table, set()).update(points.to_columns)
    return {n: replace(t, pointed_at=frozenset(targets.get(n, ()))) for n, t in tables.items()}


def unique_index(
    columns: dict[str, Column], name: str, text: str, index: Any = None, *, nulls: bool = False
) -> UniqueIndex:
    """A unique index whose definition names columns in a text, beside those that it lists."""
    words = set(re.findall(r"\w+", text.lower()))
    listed = {c for c in (index or {}).get("column_names", ()) if c}
    named = tuple(c for c in columns if c in listed or c.lower() in words)
    return UniqueIndex(name, named, nulls or null_is_a_value(text))


def _resolve_domain(found: Any) -> list[str]:
    """Put the base type in the place of a domain. Returns what its CHECKs say, VALUE being the column."""
    texts = []
    while isinstance(found["type"], DOMAIN):
        domain: Any = found["type"]
        if domain.check is not None:
            texts.append(re.sub(r"\bVALUE\b", re.escape(found["name"]), str(domain.check)))
        found["nullable"] = found["nullable"] and not domain.not_null
        found["type"] = domain.data_type
    return texts


_HELD: tuple[tuple[Any, str], ...] = (
    (SET, "set"),
    (sa.Enum, "choice"),
    (sa.Boolean, "boolean"),
    (YEAR, "number"),
    (sa.Integer, "integer"),
    (sa.Numeric, "number"),
    (sa.DateTime, "time"),
    (sa.Date, "date"),
    (sa.Uuid, "uuid"),
    (INET, "ip"),
    (CIDR, "ip"),
    (sa.JSON, "json"),
    (sa.LargeBinary, "bytes"),
    (sa.types._Binary, "bytes"),
    (sa.String, "text"),
)
_INTEGERS = {"TINY": 8, "SMALL": 16, "MEDIUM": 24, "BIG": 64}
_SHORT_TEXTS = {"TINYTEXT": 255, "TINYBLOB": 255}


def _held(type_: sa.types.TypeEngine[Any]) -> dict[str, Any]:
    """What a type can hold, as fields of a column."""
    holds = next((held for kind, held in _HELD if isinstance(type_, kind)), "other")
    more: dict[str, Any] = {}
    if holds == "choice":
        more["choices"] = tuple(str(e) for e in getattr(type_, "enums", ()))
    if holds == "set":
        more["choices"] = tuple(str(e) for e in getattr(type_, "values", ()))
    if holds == "integer":
        name = str(type_).upper()
        bits = next((bits for word, bits in _INTEGERS.items() if name.startswith(word)), 32)
        unsigned = bool(getattr(type_, "unsigned", False))
        more["bounds"] = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    if holds == "number" and getattr(type_, "scale", None) is not None:
        more["decimals"] = int(getattr(type_, "scale"))  # noqa: B009
    return {"holds": holds, **more}


def _column(found: Any) -> Column:
    type_ = found["type"]
    return Column(
        name=found["name"],
        type=str(type_) if not isinstance(type_, sa.types.NullType) else "",
        nullable=bool(found["nullable"]),
        time=_time(type_),
        number=isinstance(type_, sa.Integer | sa.Numeric),
        on_update="on update" in str(found.get("default") or "").lower(),
        generated=bool(found.get("computed")) or bool((found.get("identity") or {}).get("always")),
        length=getattr(type_, "length", None) or _SHORT_TEXTS.get(str(type_).upper()),
        default=None if found.get("default") is None else str(found["default"]),
        computed_from=str((found.get("computed") or {}).get("sqltext") or ""),
        **_held(type_),
    )


def _time(type_: sa.types.TypeEngine[Any]) -> str:
    if isinstance(type_, sa.DateTime):
        return "aware" if getattr(type_, "timezone", False) else "naive"
    return "date" if isinstance(type_, sa.Date) else ""


_WRITES = re.compile(
    r"\b(?:INSERT\s+(?:IGNORE\s+|OR\s+\w+\s+)?INTO|REPLACE\s+INTO|MERGE\s+INTO|DELETE\s+FROM|UPDATE)\s+"
    r"(?:ONLY\s+)?(?:[\"`\[]?\w+[\"`\]]?\s*\.\s*)?[\"`\[]?(\w+)",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


_EVENTS = ("DELETE", "UPDATE")
_SKIPS_ROW = re.compile(r"\bRETURN\s+NULL\b|\bRAISE\s*\(\s*IGNORE\b", re.IGNORECASE)
_RETURNS_OLD = re.compile(r"\bRETURN\s+OLD\b", re.IGNORECASE)
_PUTS_BACK = re.compile(r"\bNEW\s*\.\s*[\"`]?\w+[\"`]?\s*(?::=|=)\s*OLD\s*\.", re.IGNORECASE)


def triggers_of(shape: Shape, rows: Iterable[Any]) -> dict[str, tuple[DatabaseTrigger, ...]]:
    """The triggers of each table, from their (table, name, when, text)s.

    `when` is as in BEFORE DELETE OR UPDATE; the text says which other tables are written, and what may be undone.
    """
    named = {name.lower(): name for name in shape.tables}
    found: dict[str, list[DatabaseTrigger]] = {}
    for table, name, when, text in rows:
        plain = _COMMENT.sub(" ", str(text or ""))
        tables = dict.fromkeys(
            named[word.lower()] for word in _WRITES.findall(plain) if word.lower() in named
        )
        writes = tuple(other for other in tables if other != table)
        on = frozenset(verb for verb in _EVENTS if verb in str(when).upper())
        trigger = DatabaseTrigger(
            str(name), writes, on, undoes=_undoes(str(when), on, plain, str(table) in tables)
        )
        found.setdefault(str(table), []).append(trigger)
    return {table: tuple(triggers) for table, triggers in found.items()}


def _undoes(when: str, on: frozenset[str], text: str, writes_own: bool) -> frozenset[str]:
    """The changes that a trigger may undo, by its text: it skips the row, puts a value back, or writes the row anew."""
    if "AFTER" in when.upper():
        return on if writes_own else frozenset()
    undone = set(on) if _SKIPS_ROW.search(text) or writes_own else set()
    if _PUTS_BACK.search(text) or (_RETURNS_OLD.search(text) and "TG_OP" not in text.upper()):
        undone |= on & {"UPDATE"}
    return frozenset(undone)


def _indexed(index: Any) -> tuple[str, ...]:
    """The columns that an index can be searched by: up to its first expression; none where it is partial.

    An index of the rows whose first column is not NULL has every row that a comparison can mean.
    """
    columns = tuple(str(c) for c in takewhile(bool, index["column_names"]))
    where = re.sub(r"[\s()\"`]+", " ", _partial(index)).strip().lower()
    return columns if not where or (columns and where == f"{columns[0].lower()} is not null") else ()


def _partial(index: Any) -> str:
    """The condition of an index that has only some of the rows; empty where it has all."""
    options = index.get("dialect_options") or {}
    return next((str(value) for name, value in options.items() if name.endswith("_where")), "")


def _unique_key(columns: dict[str, Column], unique: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    usable = [u for u in unique if u and all(not columns[c].nullable for c in u)]
    return min(usable, key=len, default=())


def _points(found: Any) -> Points:
    return Points(
        columns=tuple(found["constrained_columns"]),
        table=found["referred_table"],
        to_columns=tuple(found["referred_columns"]),
        on_delete=str((found.get("options") or {}).get("ondelete") or "").upper(),
    )
