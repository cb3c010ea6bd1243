"""Compiles the text of a gettext catalogue (.po) to the form that `gettext` reads (.mo).

Understood are comments, `msgid` and `msgstr`, and strings that go on over lines. What
else the format has (plurals, contexts) is refused, so that nothing is dropped unseen.
"""

from __future__ import annotations

import re
import struct
from io import BytesIO

_MAGIC = 0x950412DE
_HEADER = struct.Struct("<7I")
_ENTRY = struct.Struct("<2I")
_LINE = re.compile(r'(?:(msgid|msgstr) +)?"((?:[^"\\]|\\.)*)"')
_ESCAPES = {"\\n": "\n", "\\t": "\t", '\\"': '"', "\\\\": "\\"}


def read_po(text: str, name: str = "catalogue") -> dict[str, str]:
    """Return the sentences of a catalogue by their keys; the header stands under "".

    Raises ValueError with the line of what it does not understand, and for a key that
    stands there twice or has no sentence.
    """
    entries: list[dict[str, str]] = []
    part = ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None or (match[1] == "msgstr" and part != "msgid") or not (match[1] or part):
            raise ValueError(f"{name}:{number}: not understood: {line}")
        if match[1] == "msgid":
            entries.append({"msgid": "", "msgstr": ""})
        part = match[1] or part
        entries[-1][part] += re.sub(r"\\.", lambda escape: _ESCAPES[escape[0]], match[2])
    found: dict[str, str] = {}
    for entry in entries:
        if entry["msgid"] in found or not entry["msgstr"]:
            why = "stands there twice" if entry["msgid"] in found else "has no sentence"
            raise ValueError(f"{name}: {entry['msgid']!r} {why}")
        found[entry["msgid"]] = entry["msgstr"]
    return found


def compile_po(text: str, name: str = "catalogue") -> BytesIO:
    """Return a catalogue as a .mo file in memory; raises ValueError as `read_po` does."""
    entries = sorted((key.encode(), said.encode()) for key, said in read_po(text, name).items())
    tables = [[key for key, _ in entries], [said for _, said in entries]]
    first_table = _HEADER.size
    second_table = first_table + _ENTRY.size * len(entries)
    at = second_table + _ENTRY.size * len(entries)
    index, strings = b"", b""
    for string in [string for table in tables for string in table]:
        index += _ENTRY.pack(len(string), at + len(strings))
        strings += string + b"\0"
    header = _HEADER.pack(_MAGIC, 0, len(entries), first_table, second_table, 0, at)
    return BytesIO(header + index + strings)
