"""The forms in which texts write times, and which of them can be compared as text."""

from __future__ import annotations

import re

from servanda.errors import StoreError

_ISO = re.compile(r"(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:\.\d+)?)?)(Z|\+00:00|\+00)?")


def form_of(table: str, column: str, value: str) -> str:
    """The form of a text: each digit a 9, but for the offset, which must be that of UTC."""
    match = _ISO.fullmatch(value)
    if match is None:
        message = f"{table}.{column}: its texts are no ISO 8601 dates or times in one zone"
        raise StoreError(message, advice="such as 2026-03-01, 2026-03-01 10:00:00 or 2026-03-01T10:00:00Z")
    return re.sub(r"\d", "9", match[1]) + (match[2] or "")
