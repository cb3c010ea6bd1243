"""Whether the type of a column holds what a change writes, exactly as it is written; else why not."""

from __future__ import annotations

import ipaddress
import json
import re
import uuid
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from servanda.stores.document.change import Change, Scalar
from servanda.stores.shape import Column

SHORTEST_PSEUDONYM = 24
"""`psn_`, eight digits that prove it, and twelve of the hash: less would give two persons the same one too often."""
_CHARSETS = {"latin1": "cp1252", "ascii": "ascii", "latin2": "iso8859_2"}
_TIMESTAMP_YEARS = (1970, 2037)


def misfit(column: Column, change: Change) -> str:
    """Why the type of a column does not hold what a change writes; empty if it does."""
    if change == Change():
        return ""
    if change.constant is not None:
        return _refuses_constant(column, change.constant)
    return _wrong_type(column, change)


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
            return is_json(value)
        case "bytes":
            return isinstance(value, str) and (column.length is None or len(value.encode()) <= column.length)
        case "date" | "time" | "uuid" | "ip":
            return isinstance(value, str) and _is_read(column, value)
        case _:
            return False


def _in_charset(collation: str, text: str) -> bool:
    """Whether a text can be written in the character set of a collation of MariaDB, where it has one."""
    charset = collation.split("_", maxsplit=1)[0]
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


def is_json(value: Scalar) -> bool:
    """Whether a constant is the text of a JSON document."""
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
