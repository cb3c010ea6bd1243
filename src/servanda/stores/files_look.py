"""A look at the first lines of files: whether they read as the place says, and how many lines there may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from servanda.errors import StoreError
from servanda.stores.files_folder import LogFile, Unreadable, lines, opened
from servanda.stores.files_lines import Line
from servanda.stores.files_scan import Scan
from servanda.stores.files_where import Test

_LINES, _FILES = 500, 5
_PACKS = 8
"""How many times smaller packed logs usually are."""
_DOUBT = 0.1
_LONG = 35
"""Days after which a file that is still being written was forgotten by rotation."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The first lines of a file: how many, how many read as they should, tell a time, meet a condition."""

    lines: int
    size: int
    read: int
    timed: int
    met: int


def sample(scan: Scan, file: LogFile, test: Test | None = None) -> Sample:
    """Look at the first lines of a file. Raises Unreadable."""
    number = size = read = timed = met = 0
    latest = scan.latest(file)
    with opened(file) as source:
        for piece in islice(lines(source), _LINES):
            number, size = number + 1, size + len(piece)
            cells = scan.form.split(piece.rstrip(b"\r\n"))
            if cells is not None:
                read += 1
                moment = scan.form.moment(cells, latest)
                timed += moment is not None
                met += test is not None and test(Line(piece, cells, moment))
    return Sample(number, size, read, timed, met)


def cells(scan: Scan, files: Sequence[LogFile], columns: Sequence[str], rows: int) -> dict[str, list[str]]:
    """Values of the first lines of the newest file that has some, by column."""
    found: dict[str, list[str]] = {name: [] for name in columns}
    for file in reversed(files):
        try:
            with opened(file) as source:
                for piece in islice(lines(source), rows):
                    cell = scan.form.split(piece.rstrip(b"\r\n"))
                    values = ((n, cell(n)) for n in columns) if cell is not None else ()
                    for name, value in values:
                        found[name] += [value[:400]] if value is not None else []
        except Unreadable:
            continue
        if any(found.values()):
            break
    return found


def readable(scan: Scan, table: str, files: Sequence[LogFile]) -> None:
    """See that some line of the newest files tells its time. Raises StoreError."""
    seen = _samples(scan, files)
    if any(s.lines for s in seen) and not any(s.timed for s in seen):
        raise StoreError(
            f"{table}: none of its first {sum(s.lines for s in seen)} lines tells a time",
            advice="do line: and time: fit them? A stamp without a year needs the day in the file's name",
        )


def lines_about(scan: Scan, file: LogFile, test: Test) -> int:
    """About how many lines of a file meet a condition, as its first lines let expect."""
    try:
        seen = sample(scan, file, test)
    except Unreadable:
        return 0
    return round(_plain_size(file) / seen.size * seen.met) if seen.size else 0


def _plain_size(file: LogFile) -> int:
    if not file.packed:
        return file.size
    if file.packed == "gz":
        with file.path.open("rb") as raw:
            raw.seek(-4, 2)
            said = int.from_bytes(raw.read(4), "little")  # of the last member, up to 4 GB
        return max(said, file.size)
    return file.size * _PACKS


def remarks(scan: Scan, table: str, files: Sequence[LogFile]) -> Iterator[tuple[str, str]]:
    """What somebody should know about the files of a place: a sentence, and what to do."""
    if not files:
        yield f"no file is called {table}", "mend the pattern, or remove the place"
    yield from _unread(table, files)
    seen = _samples(scan, files)
    number, read = sum(s.lines for s in seen), sum(s.read for s in seen)
    if number and 1 - read / number > _DOUBT:
        share = round(100 * (1 - read / number))
        message = f"{table}: {share} % of the {number} lines looked at do not read as line: says"
        yield f"{message}, and go with the line before", "mend line:, unless they are continued lines"
    dateless = sum(1 for file in files if _tells_nothing(scan, file))
    if dateless:
        message = f"{table}: {_files(dateless)} without a day, in the name or in any line: never ended"
        yield message, "let rotation write the day into the name (logrotate: dateext)"
    late = [file for file in files if file.written_now(scan.today) and _long(scan, file)]
    if late:
        message = f"{table}: the file that is being written began over {_LONG} days ago"
        yield f"{message}, and no line of it ends before it is rotated", "rotate it every day"


def _unread(table: str, files: Sequence[LogFile]) -> Iterator[tuple[str, str]]:
    reasons: dict[str, int] = {}
    for file in files:
        try:
            with opened(file) as source:
                source.read(1)
        except Unreadable as error:
            reasons[str(error)] = reasons.get(str(error), 0) + 1
    for why, number in sorted(reasons.items()):
        fix = "pack with gzip, bzip2 or xz" if why.startswith("packed") else "mend or remove them"
        yield f"{table}: {_files(number)} cannot be read, and never end: {why}", fix


def _samples(scan: Scan, files: Sequence[LogFile]) -> list[Sample]:
    found: list[Sample] = []
    for file in reversed(files):
        try:
            seen = sample(scan, file)
        except Unreadable:
            continue
        found += [seen] if seen.lines else []
        if len(found) == _FILES:
            break
    return found


def _tells_nothing(scan: Scan, file: LogFile) -> bool:
    try:
        return bool(file.size) and scan.span(file).dateless
    except Unreadable:
        return False


def _long(scan: Scan, file: LogFile) -> bool:
    try:
        first = scan.span(file).first
    except Unreadable:
        return False
    return first is not None and (scan.today - first).days > _LONG


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"
