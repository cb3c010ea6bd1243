"""Values of PostgreSQL that Python has no type for: they are read as the text that PostgreSQL writes.

Such are `infinity`, years before 1 or after 9999, the time 24:00, and intervals of months, whose days nobody knows.
The driver raises for the first three and takes a month for 30 days. One such value in a row would otherwise make the
copy of its person impossible for ever.

Source: psycopg 3, “Data adaptation configuration”; PostgreSQL, “Date/Time Types”.
"""

from __future__ import annotations

import json
from typing import Any

from psycopg import Connection, DataError
from psycopg.abc import Buffer
from psycopg.adapt import Loader, PyFormat
from psycopg.pq import Format

_TIMES = ("date", "time", "timetz", "timestamp", "timestamptz")
_TEXTS = ("text", "varchar", "bpchar", "name")


def read_any_value(connection: Connection[Any]) -> None:
    """Make a connection read every value of times, and, where the database has no encoding, of texts."""
    for name in _TIMES:
        connection.adapters.register_loader(name, _or_text(connection, name))
    connection.adapters.register_loader("interval", _interval(connection))
    if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
        for name in _TEXTS:
            connection.adapters.register_loader(name, _Bytes)


def read_json(text: str | bytes) -> Any:
    """JSON as Python values; a number that Python cannot hold becomes its text."""
    return json.loads(text, parse_int=_whole, parse_float=_fraction)


def _whole(text: str) -> int | str:
    return int(text) if len(text) < _DIGITS else text


def _fraction(text: str) -> float | str:
    number = float(text)
    return text if number in (float("inf"), float("-inf")) else number


_DIGITS = 4_000
"""Python refuses to read longer numbers, whose conversion takes quadratic time."""


def _driver(connection: Connection[Any], name: str) -> type[Any]:
    """The driver's own way to read a type."""
    found = connection.adapters.get_loader(connection.adapters.types[name].oid, Format.TEXT)
    assert found is not None, PyFormat.TEXT
    return found


def _or_text(connection: Connection[Any], name: str) -> type[Loader]:
    """Reads a value as the driver does, or else as text."""
    driver = _driver(connection, name)

    class OrText(Loader):
        def __init__(self, oid: int, connection: Any = None) -> None:
            super().__init__(oid, connection)
            self._read = driver(oid, connection).load

        def load(self, data: Buffer) -> Any:
            """The value, or its text."""
            try:
                return self._read(data)
            except (DataError, NotImplementedError, ValueError, OverflowError):
                return bytes(data).decode()

    return OrText


def _interval(connection: Connection[Any]) -> type[Loader]:
    """Reads days and hours as a duration; years and months as text, since no number of days is theirs."""
    whole = _or_text(connection, "interval")

    class Interval(whole):  # type: ignore[misc, valid-type]
        def load(self, data: Buffer) -> Any:
            """The duration, or its text."""
            text = bytes(data)
            return (
                text.decode() if b"y" in text.replace(b"day", b"") or b"mon" in text else super().load(data)
            )

    return Interval


class _Bytes(Loader):
    """Reads texts of a database without an encoding: bytes that are no UTF-8 stay as they are."""

    def load(self, data: Buffer) -> str:
        """The text; a byte that is no UTF-8 is a surrogate (PEP 383)."""
        return bytes(data).decode("utf-8", "surrogateescape")
