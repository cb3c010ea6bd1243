"""Renders values of a store as JSON, which keeps their types, and as CSV, safe from formula injection.

    value            JSON                      CSV
    NULL             null                      (nothing; an empty text is "")
    12, 3.50         12, 3.50                  12, 3.50
    a moment         "2026-03-02T09:00:00"     2026-03-02T09:00:00    its offset only where the store keeps one
    bytes            {"base64": "AP8="}        AP8=
    =1+1             "=1+1"                    '=1+1

JSON is exact. In CSV an apostrophe stands before what a spreadsheet would run as a formula.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_INNER_FORMULA = re.compile(r"([;\r\n])(?=[=+\-@\t＝＋－＠])")
"""Where a spreadsheet that parts cells by semicolons, as in France, would see the beginning of a formula."""
_QUOTED = re.compile(r'[",\r\n]|^$|^\s|\s$')


def to_json(value: Any) -> str:
    """A value as JSON."""
    form = _JSON.get(type(value))
    return form(value) if form is not None else _other(value)


def to_csv(value: Any) -> str:
    """A value as one field of a CSV line (RFC 4180)."""
    if value is None:
        return ""
    kind = type(value)
    if kind is str:
        return _cell(value)
    if kind is int or kind is float:
        return repr(value)
    return _cell(to_text(value), number=isinstance(value, int | float | Decimal))


def to_text(value: Any) -> str:
    """A value as text, the same in every language."""
    plain = _plain(value)
    if isinstance(plain, str):
        return plain
    if isinstance(plain, dict) and plain.keys() == {"base64"}:
        return str(plain["base64"])
    return to_json(plain)


def json_row(names: Sequence[str]) -> Callable[[Sequence[Any]], str]:
    """Return a function that renders a row as a JSON object with these keys."""
    heads = [f"{',' if i else ''}{encode_basestring(name)}:" for i, name in enumerate(names)]
    form_of = _JSON.get

    def render_row(row: Sequence[Any]) -> str:
        parts = ["{"]
        for head, value in zip(heads, row, strict=True):
            form = form_of(type(value))
            parts += (head, form(value) if form is not None else _other(value))
        parts.append("}")
        return "".join(parts)

    return render_row


def csv_line(row: Sequence[Any]) -> str:
    """A row as a line of CSV. A single empty field is written as "", as readers skip blank lines."""
    return (",".join(map(to_csv, row)) or '""') + "\r\n"


def _cell(text: str, *, number: bool = False) -> str:
    if not number:
        text = _INNER_FORMULA.sub(r"\1'", text)
        if _FORMULA.match(text):
            text = "'" + text
    if _QUOTED.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def _plain(value: Any) -> Any:
    """Convert a value to a type of JSON; bytes to base64."""
    match value:
        case None | bool() | int() | str() | list() | tuple() | dict():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return {"base64": base64.b64encode(bytes(value)).decode()}
        case timedelta():
            return _duration(value)
        case set() | frozenset():
            return sorted(map(str, value))
        case _:
            return str(value)


def _duration(value: timedelta) -> str:
    """A duration in ISO 8601: PT26H3M4S."""
    sign, seconds = ("-", -value) if value < timedelta() else ("", value)
    whole = seconds.days * 86_400 + seconds.seconds
    part = f".{seconds.microseconds:06d}".rstrip("0") if seconds.microseconds else ""
    return f"{sign}PT{whole // 3600}H{whole % 3600 // 60}M{whole % 60}{part}S"


def _decimal(value: Decimal) -> str:
    return format(value, "f") if value.is_finite() else encode_basestring(str(value))


def _float(value: float) -> str:
    return repr(value) if math.isfinite(value) else encode_basestring(str(value))


def _other(value: Any) -> str:
    if isinstance(value, Decimal):
        return _decimal(value)
    return json.dumps(_plain(value), ensure_ascii=False, default=_plain)


_JSON: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    int: repr,
    float: _float,
    str: encode_basestring,
    Decimal: _decimal,
}
