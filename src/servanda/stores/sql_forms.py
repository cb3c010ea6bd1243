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


def regex_of(form: str) -> str:
    """A form as an anchored expression; fractions of a second may be there or not, as ISO writers do."""
    day, clock, tail = _parts(form)
    fraction = "([.][0-9]+)?" if clock else ""
    return f"^{_digits(day + clock)}{fraction}{tail.replace('+', '[+]')}$"


def globs_of(form: str) -> list[str]:
    """The same for GLOB, which knows no option: the usual lengths of fractions, and the one that was learnt."""
    day, clock, tail = _parts(form)
    found = len(form) - len(day + clock + tail)
    fractions = (
        ["", ".999", ".999999", "." + "9" * (found - 1)] if clock and found else ["", ".999", ".999999"]
    )
    return list(dict.fromkeys(_digits(day + clock + f) + tail for f in (fractions if clock else [""])))


def _parts(form: str) -> tuple[str, str, str]:
    """The day, the clock without fractions, and the offset of a form."""
    match = re.fullmatch(r"(.{10})(.99:99:99)?(?:\.9+)?(.*)", form)
    assert match is not None
    return match[1], match[2] or "", match[3]


def _digits(form: str) -> str:
    return form.replace("9", "[0-9]")
