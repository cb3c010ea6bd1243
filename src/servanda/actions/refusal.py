"""Why a column cannot take a change, and why rows of a table cannot go, decided from the shape of the table alone.

The plan, the pre-flight of `apply`, an erasure and the rules of `check` use it, so that they agree.
"""

from __future__ import annotations

import ipaddress
import json
import re
import uuid
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from servanda.stores.document.change import Change, Scalar
from servanda.stores.shape import Column, Table, null_is_a_value

SHORTEST_PSEUDONYM = 24
"""`psn_`, eight digits that prove it, and twelve of the hash: less would give two persons the same one too often."""
_CHARSETS = {"latin1": "cp1252", "ascii": "ascii", "latin2": "iso8859_2"}
_TIMESTAMP_YEARS = (1970, 2037)


def refuses(table: Table, column: Column, change: Change) -> str:
    """Why a column cannot take a change; empty if it can."""
    empties = change == Change()
    if column.name in table.key:
        return "it is part of the key"
    if column.generated:
        return "the database computes it"
    if column.name in table.pointed_at:
        return "a foreign key leads to it, and its rows would point at nothing; point at the key instead"
    if table.instead_of("UPDATE"):
        return f"the rule {table.instead_of('UPDATE')} does something else in the place of an UPDATE; drop it"
    if empties:
        return _refuses_null(table, column)
    return (
        _not_unique(table, column, change)
        or _checked(table, column, change)
        or (_refuses_constant(column, change.constant) if change.constant is not None else _wrong_type(column, change))
    )


def refuses_delete(table: Table) -> str:
    """Why no row of a table can be deleted, whatever is asked of the database; empty if they can."""
    rule = table.instead_of("DELETE")
    return f"the rule {rule} does something else in the place of a DELETE; drop it" if rule else ""


def refused(table: Table, changes: Iterable[tuple[str, Change]]) -> list[tuple[str, str]]:
    """The columns that cannot take their changes, each with the reason."""
    known = ((name, refuses(table, table.columns[name], change)) for name, change in changes if name in table.columns)
    return [(name, why) for name, why in known if why]


# -- NULL ------------------------------------------------------------------------------------


def _refuses_null(table: Table, column: Column) -> str:
    if not column.nullable:
        return "it is NOT NULL; give a constant"
    if any(_check_refuses_null(check, column.name) for check in table.checks):
        return "a CHECK asks that it is not NULL; drop the check"
    for name in _computed_from(table, column):
        if not table.columns[name].nullable:
            return f"{name} is computed from it and NOT NULL"
    index = next((i for i in table.unique_indexes if i.nulls and column.name in i.columns), None)
    return f"the unique index {index.name} takes NULL only once; use pseudonym" if index is not None else ""


def _check_refuses_null(check: str, column: str) -> bool:
    """Whether a CHECK may be violated by NULL: an unknown result passes, so only one that treats NULL as a value."""
    named = column.lower() in re.findall(r"\w+", check.lower())
    bare = re.sub(r"[\s()\"`\[\]]+", " ", check).strip().lower()
    passes = bare.startswith(f"{column.lower()} is null or ") or bare.endswith(f" or {column.lower()} is null")
    return named and null_is_a_value(check) and not passes


# -- unique, checked -------------------------------------------------------------------------


def _computed_from(table: Table, column: Column) -> list[str]:
    """The columns that the database computes from this one."""
    word = re.compile(rf"\b{re.escape(column.name)}\b", re.IGNORECASE)
    return [c.name for c in table.columns.values() if c.computed_from and word.search(c.computed_from)]


def _not_unique(table: Table, column: Column, change: Change) -> str:
    names = {column.name, *_computed_from(table, column)}
    plain = any(names & set(unique) for unique in table.unique)
    other = next((i for i in table.unique_indexes if names & set(i.columns)), None)
    if not plain and other is None:
        return ""
    if change.constant is not None:
        return "it is unique, and a constant is not; use pseudonym or make it nullable"
    if change.pseudonym and (other is None or column.name not in other.columns or not _shortens(other.name, table)):
        return ""
    if change.pseudonym:
        return "a unique index takes only its beginning, where pseudonyms may be equal; make it nullable"
    return "it is unique, and two rows may be left with the same value; use pseudonym or make it nullable"


def _shortens(index: str, table: Table) -> bool:
    """Whether a unique index takes only the beginning of a value."""
    return any(i.name == index and i.prefix for i in table.unique_indexes)


def _checked(table: Table, column: Column, change: Change) -> str:
    names = {column.name.lower(), *(name.lower() for name in _computed_from(table, column))}
    for check in table.checks:
        if not names & set(re.findall(r"\w+", check.lower())):
            continue
        if re.fullmatch(r"\W*json_valid\W*\w+\W*", check, re.IGNORECASE) and _is_json(change.constant):
            continue
        return "a CHECK constrains it; set it to null, or drop the check"
    return ""


# -- types -----------------------------------------------------------------------------------


def _wrong_type(column: Column, change: Change) -> str:
    """Why a value of this column cannot be shortened or hashed."""
    if not column.holds:
        return _too_short(column, change)
    if change.pseudonym and column.holds != "text":
        return f"a pseudonym is text, and its type is {column.type}; set it to null"
    if change.pseudonym:
        return _too_short(column, change)
    if change.generalise and column.holds != "text":
        return f"generalise keeps the first characters of a text, and its type is {column.type}"
    if change.truncate == "ip" and column.holds not in ("text", "ip"):
        return f"truncate: ip reads addresses, and its type is {column.type}"
    if change.truncate not in (None, "ip") and column.holds not in ("text", "date", "time"):
        return f"truncate: {change.truncate} reads dates, and its type is {column.type}"
    return ""


def _too_short(column: Column, change: Change) -> str:
    if change.pseudonym and column.pseudonym_length < SHORTEST_PSEUDONYM:
        return f"a pseudonym has at least {SHORTEST_PSEUDONYM} characters, and it holds {column.length}"
    return ""


def _refuses_constant(column: Column, value: Scalar) -> str:
    """Why a constant does not fit the type of a column, exactly as it is written."""
    if not _fits(column, value):
        wanted = {
            "choice": f"it holds one of {_some(column.choices)}",
            "set": f"it holds some of {_some(column.choices)}",
            "other": f"its type {column.type} takes no constant; set it to null",
        }
        length = f"it holds {column.length} characters" if column.holds == "text" and column.length else ""
        return wanted.get(column.holds) or length or f"its type {column.type} does not hold this constant"
    return ""


def _some(choices: Iterable[str]) -> str:
    listed = list(choices)
    return ", ".join(listed[:6]) + (" …" if len(listed) > 6 else "")


def _fits(column: Column, value: Scalar) -> bool:
    text = str(value)
    match column.holds:
        case "":
            return True
        case "text":
            short = column.length is None or len(text) <= column.length
            return not isinstance(value, bool) and short and _in_charset(column.collation, text)
        case "choice":
            return isinstance(value, str) and value in column.choices
        case "set":
            return isinstance(value, str) and (not value or set(value.split(",")) <= set(column.choices))
        case "integer":
            low, high = column.bounds or (-(2**63), 2**63 - 1)
            return bool(re.fullmatch(r"-?\d+", str(int(value) if isinstance(value, bool) else value))) and (
                low <= int(value or 0) <= high
            )
        case "number":
            return _is_number(text, column.decimals) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool) or value in (0, 1)
        case "json":
            return _is_json(value)
        case "bytes":
            return isinstance(value, str) and (column.length is None or len(value.encode()) <= column.length)
        case "date" | "time" | "uuid" | "ip":
            return isinstance(value, str) and _is_read(column, value)
        case _:
            return False


def _in_charset(collation: str, text: str) -> bool:
    """Whether a text can be written in the character set of a collation of MariaDB, where it has one."""
    charset = collation.split("_")[0]
    if charset in ("utf8", "utf8mb3"):
        return all(ord(c) < 0x10000 for c in text)
    try:
        text.encode(_CHARSETS.get(charset, "utf-8"))
    except UnicodeEncodeError:
        return False
    return True


def _is_number(text: str, decimals: int | None) -> bool:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return False
    return value.is_finite() and (decimals is None or value == round(value, decimals))


def _is_json(value: Scalar) -> bool:
    try:
        json.loads(str(value))
    except ValueError:
        return False
    return isinstance(value, str)


def _is_read(column: Column, value: str) -> bool:
    """Whether a text is a date, a time, a UUID or an IP address."""
    try:
        match column.holds:
            case "uuid":
                uuid.UUID(value)
            case "ip":
                ipaddress.ip_interface(value)
            case "date":
                date.fromisoformat(value)
            case _:
                first, last = _TIMESTAMP_YEARS if column.time == "utc" else (1, 9999)
                return first <= datetime.fromisoformat(value).year <= last
    except ValueError:
        return False
    return True
