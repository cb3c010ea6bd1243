"""Keys of rows as JSON, to be remembered: numbers and texts as they are, bytes in hex, every other type as its text.

A key that was read back equals the row's own in the database: it compares a text with a column of dates, UUIDs or
decimals by the type of the column, and bytes with bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_HEX = "hex"


def to_plain(key: Iterable[Any]) -> list[Any]:
    """The parts of a key as values of JSON."""
    return [_part(part) for part in key]


def from_plain(key: Iterable[Any]) -> tuple[Any, ...]:
    """The parts of a key that `to_plain` made."""
    return tuple(bytes.fromhex(part[_HEX]) if isinstance(part, dict) else part for part in key)


def _part(part: Any) -> Any:
    if isinstance(part, int | str):
        return part
    return {_HEX: bytes(part).hex()} if isinstance(part, bytes | bytearray | memoryview) else str(part)
