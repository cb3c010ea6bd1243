"""Reads the shape of an SQL database by reflection, in a few set-based queries."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.reflection import Inspector, ObjectKind, ObjectScope

from servanda.stores.shape import Column, DatabaseTrigger, Points, Shape, Table

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
        for column in found:
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
            checked=_checked(described, [c["sqltext"] for c in checks.get(address, [])]),
            view=name in views,
        )
    return Shape(tables), types


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
        length=getattr(type_, "length", None),
        default=None if found.get("default") is None else str(found["default"]),
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


def triggers_of(shape: Shape, rows: Iterable[Any]) -> dict[str, tuple[DatabaseTrigger, ...]]:
    """The triggers of each table, from their (table, name, text)s; the text says which other tables are written."""
    named = {name.lower(): name for name in shape.tables}
    found: dict[str, list[DatabaseTrigger]] = {}
    for table, name, text in rows:
        words = _WRITES.findall(_COMMENT.sub(" ", str(text or "")))
        tables = dict.fromkeys(named[word.lower()] for word in words if word.lower() in named)
        writes = tuple(other for other in tables if other != table)
        found.setdefault(str(table), []).append(DatabaseTrigger(str(name), writes))
    return {table: tuple(triggers) for table, triggers in found.items()}


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


def _checked(columns: dict[str, Column], texts: list[str]) -> frozenset[str]:
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    return frozenset(name for name in columns if name in words)
