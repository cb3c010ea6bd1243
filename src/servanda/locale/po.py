"""Compiles a gettext catalogue (.po) to the binary format of `gettext` (.mo).

Supports comments, `msgid`, `msgstr` and multi-line strings. Anything else in the format, such as
plurals and contexts, raises an error.
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
    """Parse the sentences of a catalogue by key; the key of the header is "".

    Raises ValueError, with the line, for unsupported syntax, a duplicate key or an empty sentence.
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
    sentences: dict[str, str] = {}
    for entry in entries:
        if entry["msgid"] in sentences or not entry["msgstr"]:
            why = "stands there twice" if entry["msgid"] in sentences else "has no sentence"
            raise ValueError(f"{name}: {entry['msgid']!r} {why}")
        sentences[entry["msgid"]] = entry["msgstr"]
    return sentences


def compile_po(text: str, name: str = "catalogue") -> BytesIO:
    """Compile a catalogue to the bytes of a .mo file. Raises ValueError as `read_po` does."""
    entries = sorted((key.encode(), sentence.encode()) for key, sentence in read_po(text, name).items())
    tables = [[key for key, _ in entries], [sentence for _, sentence in entries]]
    first_table = _HEADER.size
    second_table = first_table + _ENTRY.size * len(entries)
    at = second_table + _ENTRY.size * len(entries)
    index, strings = b"", b""
    for string in [string for table in tables for string in table]:
        index += _ENTRY.pack(len(string), at + len(strings))
        strings += string + b"\0"
    header = _HEADER.pack(_MAGIC, 0, len(entries), first_table, second_table, 0, at)
    return BytesIO(header + index + strings)
