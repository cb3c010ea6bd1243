"""What a folder of log files must do: the lines that are over go, and nothing else changes."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import resource
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servanda.errors import StoreDown, StoreError
from servanda.stores.document.document import Place
from servanda.stores.files.folder import read_name
from servanda.stores.files.lines import reader
from servanda.stores.files.store import FilesSession
from servanda.stores.selection import (
    All,
    Before,
    Compares,
    Condition,
    Equals,
    Missing,
    Not,
    OwnTime,
    TimeColumn,
)
from servanda.stores.store import open_session, open_store
from servanda.stores.verbs import Settings

pytestmark = pytest.mark.unit

PARIS = ZoneInfo("Europe/Paris")
CUT = date(2025, 10, 27)  # the night before it has an hour twice
TIME = OwnTime(TimeColumn("time", "naive", "UTC"))
OVER = Before(TIME, CUT)
WRITE: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
READ: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
}


def packing(path: Path) -> str:
    return path.suffix if path.suffix in WRITE else ""


def put(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(WRITE[packing(path)](raw))
    return path


def plain(folder: Path) -> dict[str, bytes]:
    """Every file's bytes, unpacked."""
    return {
        str(p.relative_to(folder)): READ[packing(p)](p.read_bytes())
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@contextmanager
def at(folder: Path, zone: str = "Europe/Paris", **place: Any) -> Iterator[FilesSession]:
    said = {"files": "access.log*", "line": "common", "data": "visit", "triggers": {"collection": "time"}}
    places = {"p": Place.model_validate(said | place)}
    store = open_store("logs", f"files://{folder}", Settings("Europe/Paris", zone, places=places))
    with open_session(store) as found:
        assert isinstance(found, FilesSession)
        yield found


def sweep(found: FilesSession, condition: Condition = OVER, pattern: str = "access.log*") -> tuple[int, int]:
    """Delete page by page; the lines and the pages."""
    work = found.work(pattern, condition)
    found.ready(work)
    done = [found.attempt(partial(found.delete, work, page)) for page in found.pages(work)]
    return sum(done), len(done)


def web(when: datetime, ip: str = "192.0.2.1", rest: str = "") -> str:
    return f'{ip} - - [{when:%d/%b/%Y:%H:%M:%S %z}] "GET / HTTP/1.1" 200 5{rest}\n'


OLD = datetime(2025, 3, 1, 12, tzinfo=PARIS)
LATE = datetime(2025, 10, 26, 23, 59, 59, tzinfo=PARIS)
FIRST = datetime(2025, 10, 27, tzinfo=PARIS)


# -- what is over goes ------------------------------------------------------------------------


@pytest.mark.parametrize("pack", sorted(WRITE))
def test_whole_files_go_and_the_one_across_the_limit_is_rewritten(tmp_path: Path, pack: str) -> None:
    put(tmp_path, f"access.log-20250302{pack}", web(OLD) * 3)
    put(tmp_path, f"access.log-20251028{pack}", web(LATE) + web(FIRST) + web(FIRST))
    put(tmp_path, f"access.log-20251101{pack}", web(FIRST + timedelta(days=4)))
    with at(tmp_path) as found:
        assert found.count("access.log*", OVER) == 4
        assert sweep(found) == (4, 2)
    assert plain(tmp_path) == {
        f"access.log-20251028{pack}": (web(FIRST) * 2).encode(),
        f"access.log-20251101{pack}": web(FIRST + timedelta(days=4)).encode(),
    }
    with at(tmp_path) as found:
        assert sweep(found) == (0, 0)


def test_a_file_without_a_day_in_its_name_is_as_old_as_its_lines_whatever_its_mtime(tmp_path: Path) -> None:
    old, new = put(tmp_path, "access.log.3.gz", web(OLD)), put(tmp_path, "access.log.1", web(FIRST))
    os.utime(new, (0, 0))  # copied by a tool that forgot the time
    with at(tmp_path) as found:
        assert sweep(found) == (1, 1)
    assert not old.exists()
    assert new.exists()


def test_a_name_that_does_not_tell_the_truth_ends_nothing_early(tmp_path: Path) -> None:
    put(tmp_path, "access.log-20250302", web(OLD) + web(FIRST))
    put(tmp_path, "access.log-20250303.gz", web(FIRST + timedelta(days=60)))
    with at(tmp_path) as found:
        assert sweep(found) == (1, 1)
    assert plain(tmp_path) == {
        "access.log-20250302": web(FIRST).encode(),
        "access.log-20250303.gz": web(FIRST + timedelta(days=60)).encode(),
    }


def test_newer_lines_in_the_middle_of_an_old_file_stay(tmp_path: Path) -> None:
    path = put(tmp_path, "access.log.2", web(OLD) + web(FIRST + timedelta(days=9)) + web(OLD))
    with at(tmp_path) as found:
        assert sweep(found) == (2, 1)
    assert path.read_text() == web(FIRST + timedelta(days=9))


def test_the_file_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    live = put(tmp_path, "access.log", web(OLD) + web(FIRST))
    before = live.stat()
    with at(tmp_path) as found:
        assert found.count("access.log*", OVER) == 0
        assert found.in_use("access.log*", OVER) == 1
        assert sweep(found) == (0, 0)
    assert (live.stat().st_ino, live.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_rotated_file_that_a_program_still_writes_is_left_alone(tmp_path: Path) -> None:
    path = put(tmp_path, "access.log.1", web(OLD))
    with at(tmp_path) as found:
        with path.open("ab"):
            if found.count("access.log*", OVER):
                pytest.skip("this file system cannot tell who writes")
            assert found.in_use("access.log*", OVER) == 1
            assert sweep(found) == (0, 0)
        assert sweep(found) == (1, 1)


def test_todays_file_with_the_day_in_its_name_is_being_written(tmp_path: Path) -> None:
    today = datetime.now(PARIS)
    put(tmp_path, f"access.log-{today:%Y-%m-%d}", web(OLD))
    put(tmp_path, f"access.log-{today - timedelta(days=3):%Y-%m-%d}", web(OLD))
    with at(tmp_path) as found:
        assert (found.count("access.log*", OVER), found.in_use("access.log*", OVER)) == (1, 1)


def test_continued_lines_go_and_stay_with_the_line_before(tmp_path: Path) -> None:
    trace = "Traceback:\r\n  at x\n\n"
    path = put(tmp_path, "access.log.1", "headless\n" + web(OLD) + trace + web(FIRST) + trace + "no end")
    with at(tmp_path) as found:
        assert sweep(found) == (5, 1)
    assert path.read_bytes() == (web(FIRST) + trace + "no end").encode()


def test_held_lines_stay_with_what_belongs_to_them(tmp_path: Path) -> None:
    held = web(OLD, "192.0.2.66") + "  at x\n"
    broken = "?? 192.0.2.66 broken off\n"
    text = web(OLD) + held + web(OLD) + broken + "  at y\n" + web(OLD)
    path = put(tmp_path, "access.log-20250302.gz", text)
    free = All((OVER, Not(Compares("ip", "=", "192.0.2.66"))))
    with at(tmp_path) as found:
        assert found.count("access.log*", OVER) - found.count("access.log*", free) == 3
        assert sweep(found, free) == (4, 1)
    assert gzip.decompress(path.read_bytes()).decode() == held + broken


def test_lines_of_another_place_in_the_same_file_stay(tmp_path: Path) -> None:
    path = put(tmp_path, "access.log.1", web(OLD, "192.0.2.1") + web(OLD, "192.0.2.2"))
    with at(tmp_path) as found:
        assert sweep(found, All((Equals("ip", "192.0.2.2"), OVER))) == (1, 1)
    assert path.read_text() == web(OLD, "192.0.2.1")


def test_owner_mode_attributes_and_times_stay(tmp_path: Path) -> None:
    path = put(tmp_path, "access.log.1", web(OLD) + web(FIRST))
    path.chmod(0o640)
    with_attribute = True
    try:
        os.setxattr(path, "user.origin", b"nginx")
    except OSError:
        with_attribute = False
    os.utime(path, (1_700_000_000, 1_761_600_000))
    before = path.stat()
    with at(tmp_path) as found:
        assert sweep(found) == (1, 1)
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_mtime_ns == before.st_mtime_ns
    assert not with_attribute or os.getxattr(path, "user.origin") == b"nginx"


def test_links_are_not_followed_and_nothing_outside_is_touched(tmp_path: Path) -> None:
    logs, outside = tmp_path / "logs", put(tmp_path / "else", "secret.log", web(OLD))
    inside = put(logs, "a/access.log.1", web(OLD))
    (logs / "access.log.2").symlink_to(outside)
    (logs / "b").symlink_to(outside.parent)
    put(tmp_path / "else", "access.log.1", web(OLD))
    with at(logs) as found:
        assert sweep(found) == (0, 0)
    with at(logs, files="*/access.log*") as found:
        assert sweep(found, pattern="*/access.log*") == (1, 1)
    assert not inside.exists()
    assert outside.exists()
    assert (tmp_path / "else" / "access.log.1").exists()
    for wrong in ("../else/*", "/etc/*", "a/../../*", "**/x"):
        with pytest.raises(ValueError, match=r"inside|\*\*"):
            Place.model_validate({"files": wrong, "line": "common", "data": "visit"})


# -- what cannot be told ----------------------------------------------------------------------


def test_a_file_that_tells_no_day_is_counted_and_never_ended(tmp_path: Path) -> None:
    put(tmp_path, "access.log.1", "one\ntwo\n")
    put(tmp_path, "access.log.2", web(OLD))
    with at(tmp_path) as found:
        assert found.count("access.log*", Missing(TIME)) == 2
        assert sweep(found) == (1, 1)
    assert list(plain(tmp_path)) == ["access.log.1"]


def test_lines_without_a_time_are_as_old_as_the_name_says(tmp_path: Path) -> None:
    put(tmp_path, "access.log-20250302", "one\ntwo\n")
    put(tmp_path, "access.log-20251027", "one\n")  # of the day before, or of this one
    with at(tmp_path) as found:
        assert found.count("access.log*", Missing(TIME)) == 0
        assert sweep(found) == (2, 1)
    assert list(plain(tmp_path)) == ["access.log-20251027"]


@pytest.mark.parametrize("name", ["access.log-20250302.zst", "access.log-20250302.gz"])
def test_an_overdue_file_that_cannot_be_read_is_told_and_stays(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(web(OLD).encode() * 500)[:-20])
    put(tmp_path, "access.log-20250301", web(OLD))
    with at(tmp_path) as found:
        assert found.count("access.log*", OVER) == 1
        assert found.in_use("access.log*", OVER) == 1, "so that the promise is not said to be kept"
        assert sweep(found) == (1, 1)
        assert any("cannot be read" in message for message, _ in found.remarks("access.log*"))
    assert path.exists()


def test_stamps_without_a_year_need_the_day_in_the_name(tmp_path: Path) -> None:
    text = "Dec 31 10:00:00 host sshd[7]: a\nJan  1 10:00:00 host sshd[7]: b\n"
    put(tmp_path, "access.log-20250105.gz", text)
    numbered = put(tmp_path, "access.log.2", text)
    with at(tmp_path, line="syslog") as found:
        assert sweep(found, Before(TIME, date(2025, 1, 1))) == (1, 1)
        assert found.count("access.log*", Missing(TIME)) == 2
    assert plain(tmp_path)["access.log-20250105.gz"] == text.splitlines(keepends=True)[1].encode()
    assert numbered.read_text() == text


def test_a_folder_that_is_not_there_is_a_store_that_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(StoreDown, match="no folder"), at(tmp_path / "gone"):
        pass


def test_files_that_no_pattern_means_are_in_the_shape(tmp_path: Path) -> None:
    for name in (
        "access.log",
        "error.log",
        "error.log.1",
        "error.log-20250302.gz",
        ".hidden",
        "mail-2025-03-01.log",
    ):
        put(tmp_path, name, "x\n")
    with at(tmp_path) as found:
        assert sorted(found.store.shape.tables) == ["access.log*", "error.log*", "mail*"]


def test_a_form_that_fits_no_line_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "access.log.1", web(OLD))
    with at(tmp_path, line="syslog") as found, pytest.raises(StoreError, match="none of its first 1 lines"):
        found.learn_forms("access.log*", [TIME.time])
    with at(tmp_path) as found:
        found.learn_forms("access.log*", [TIME.time])


def test_the_number_of_many_lines_is_estimated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "access.log.1.gz", web(OLD) * 20_000)
    put(tmp_path, "access.log", web(FIRST) * 10_000)
    monkeypatch.setattr("servanda.stores.files.store._EXACT", 0)
    with at(tmp_path) as found:
        assert 29_000 < found.total("access.log*", Not(Missing(TIME))) < 31_000


# -- forms of lines ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "form", "text"),
    [
        ("combined", None, '::1 - jo doe [26/Oct/2025:23:59:59 +0100] "GET /\\" HTTP/1.1" 200 5 "-" "x"'),
        ("json", None, '{"timestamp": "2025-10-26T22:59:59.5Z", "ip": "::1"}'),
        ("json", None, '{"ts": 1761519599.5, "ip": "::1"}'),
        ("syslog", None, "<13>1 2025-10-26T23:59:59+01:00 host app[1]: x"),
        (r"(?P<time>\S+ \S+) (?P<ip>\S+)", None, "2025-10-26 23:59:59,123 ::1"),
        (r"(?P<time>\S+ \S+) (?P<ip>\S+)", None, "2025/10/26 23:59:59 ::1"),
        (r"(?P<time>\S+ \S+) (?P<ip>\S+)", "%d.%m.%Y %H:%M", "26.10.2025 23:59 ::1"),
        (r"(?P<time>\d+) (?P<ip>\S+)", None, "1761519599999 ::1"),
    ],
)
def test_known_forms(tmp_path: Path, line: str, form: str | None, text: str) -> None:
    more: dict[str, Any] = {"data": {"visit": ["ip"]}} if line == "json" else {}
    put(tmp_path, "access.log.1", text + "\n")
    with at(tmp_path, line=line, time=form, **more) as found:
        assert found.count("access.log*", Before(TIME, CUT)) == 1
        assert found.count("access.log*", Before(TIME, CUT - timedelta(days=1))) == 0
        if "ip" in found.store.shape.tables["access.log*"].columns:
            assert found.count("access.log*", Compares("ip", "=", "::1")) == 1
            assert found.count("access.log*", Compares("ip", "=", "::2")) == 0


@pytest.mark.parametrize(
    ("name", "mark", "day"),
    [
        ("access.log", "", None),
        ("access.log.1", ".1", None),
        ("access.log.12.gz", ".12.gz", None),
        ("access.log-20250301.gz", "-20250301.gz", date(2025, 3, 1)),
        ("access.log-20250301-1740787200", "-20250301-1740787200", date(2025, 3, 1)),
        ("access-2025-03-01.log", "2025-03-01.log", date(2025, 3, 1)),
        ("app.2025030117.log", "2025030117.log", date(2025, 3, 1)),
        ("app-2025-02.log", "2025-02.log", date(2025, 2, 28)),
        ("a.2025-02-01_2025-02-28.log", "2025-02-01_2025-02-28.log", date(2025, 2, 28)),
        ("x-20251340.log", "", None),
        ("error_12345678.log", "", None),
    ],
)
def test_what_names_say(name: str, mark: str, day: date | None) -> None:
    found = read_name(name)
    assert (found[0].lstrip("-"), found[1]) == (mark.lstrip("-"), day)


def test_the_doubled_hour_is_read_as_the_later(tmp_path: Path) -> None:
    read = reader(None, "America/New_York", "Europe/Paris")
    found = read("2025-11-02 01:30:00", None)
    assert found is not None
    assert found.instant == datetime(2025, 11, 2, 6, 30, tzinfo=ZoneInfo("UTC"))


# -- faults -----------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = put(tmp_path, "access.log.1", web(OLD) + web(FIRST) * 5_000)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with at(tmp_path) as found:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        try:
            with pytest.raises(StoreError, match="no room"):
                sweep(found)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert list(tmp_path.iterdir()) == [path]
        assert path.read_bytes() == before
        assert sweep(found) == (1, 1)


def test_a_file_that_is_written_meanwhile_stays(tmp_path: Path) -> None:
    path = put(tmp_path, "access.log.1", web(OLD) + web(FIRST))
    with at(tmp_path) as found:
        work = found.work("access.log*", OVER)
        (page,) = found.pages(work)
        with path.open("a") as late:
            late.write(web(OLD))
        with pytest.raises(StoreError, match="while its lines were looked at"):
            found.delete(work, page)
    assert path.read_text() == web(OLD) + web(FIRST) + web(OLD)


@pytest.mark.parametrize("step", range(8))
def test_killed_between_any_two_steps_the_old_or_the_new_file_is_there(tmp_path: Path, step: int) -> None:
    whole = put(tmp_path, "access.log-20250302.gz", web(OLD) * 3)
    across = put(tmp_path, "access.log-20251028.gz", web(LATE) + web(FIRST) * 2)
    if (child := os.fork()) == 0:
        _die_at(step)
        with at(tmp_path) as found:
            sweep(found)
        os._exit(0)
    os.waitpid(child, 0)
    left = gzip.decompress(across.read_bytes()).decode()
    assert left in (web(LATE) + web(FIRST) * 2, web(FIRST) * 2)
    assert not whole.exists() or gzip.decompress(whole.read_bytes()).decode() == web(OLD) * 3
    with at(tmp_path) as found:
        sweep(found)
    assert plain(tmp_path) == {across.name: (web(FIRST) * 2).encode()}, "also nothing unfinished is left"


def _die_at(step: int) -> None:
    """Kill this process before the n-th call that changes the disk."""
    calls = [0]
    for name in ("open", "unlink", "replace", "fchown", "fsync", "fchmod"):
        real = getattr(os, name)

        def deadly(*args: Any, real: Any = real, name: str = name, **more: Any) -> Any:
            if name != "open" or (len(args) > 1 and args[1] & os.O_CREAT):
                calls[0] += 1
                if calls[0] > step:
                    os._exit(9)
            return real(*args, **more)

        setattr(os, name, deadly)


def test_memory_stays_flat(tmp_path: Path) -> None:
    put(
        tmp_path,
        "access.log-20251028.gz",
        web(LATE) * 40_000 + "x" * 5_000_000 + "\n" + web(FIRST) * 40_000,
    )
    tracemalloc.start()
    try:
        with at(tmp_path) as found:
            assert sweep(found)[0] == 40_001
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


# -- any folder -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """One record of a log: its wall clock and zone, the lines that follow it, whether it is held."""

    wall: datetime
    zone: str
    follows: tuple[str, ...]
    held: bool
    crlf: bool

    @property
    def day(self) -> date:
        return self.wall.replace(tzinfo=ZoneInfo(self.zone), fold=1).astimezone(PARIS).date()

    def text(self, naive: bool) -> list[str]:
        ip = "192.0.2.66" if self.held else "198.51.100.1"
        form = "%Y-%m-%d %H:%M:%S" if naive else "%Y-%m-%d %H:%M:%S%z"
        stamp = self.wall.replace(tzinfo=ZoneInfo(self.zone), fold=1).strftime(form)
        end = "\r\n" if self.crlf else "\n"
        return [f"{stamp} | {ip} | é{end}", *(f"{line}{end}" for line in self.follows)]


NEW_YORK = "America/New_York"
walls = st.datetimes(datetime(2025, 10, 20), datetime(2025, 11, 5)).map(lambda d: d.replace(microsecond=0))
records = st.builds(
    Record,
    wall=st.one_of(
        walls, st.sampled_from([datetime(2025, 10, 26, 2, 30), datetime(2025, 10, 26, 23, 59, 59)])
    ),
    zone=st.just(NEW_YORK),
    follows=st.lists(st.sampled_from(["", "  at x", "\tcaused by 2025"]), max_size=2).map(tuple),
    held=st.booleans(),
    crlf=st.booleans(),
)
STYLES = ("dated", "dated-gz", "number", "number-gz", "number-bz2", "number-xz", "day-log")


@dataclass(frozen=True)
class Made:
    records: tuple[Record, ...]
    style: str
    cut_end: bool


folders = st.lists(
    st.builds(
        Made,
        records=st.lists(records, max_size=6).map(lambda r: tuple(sorted(r, key=lambda x: x.wall))),
        style=st.sampled_from(STYLES),
        cut_end=st.booleans(),
    ),
    max_size=5,
)


def name_of(made: Made, number: int) -> str:
    last = max((r.day for r in made.records), default=date(2025, 10, 1))
    pack = {"gz": ".gz", "bz2": ".bz2", "xz": ".xz"}.get(made.style.rpartition("-")[2], "")
    if made.style.startswith("number"):
        return f"app.log.{number}{pack}"
    if made.style == "day-log":
        return f"app.log-{number}-{last}.log"
    return f"app.log-{last + timedelta(days=1):%Y%m%d}-{number}{pack}"


def written_as(made: Made, naive: bool, keep: Callable[[Record], bool]) -> str:
    texts = [(line, keep(r)) for r in made.records for line in r.text(naive)]
    if made.cut_end and texts:
        texts[-1] = (texts[-1][0].rstrip("\r\n"), texts[-1][1])
    return "".join(line for line, kept in texts if kept)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=folders, naive=st.booleans(), live=st.lists(records, max_size=3))
def test_exactly_the_lines_that_are_over_and_not_held_go(
    made: list[Made], naive: bool, live: list[Record]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = {}
        for number, one in enumerate(made, 1):
            before = written_as(one, naive, lambda _: True)
            after = written_as(one, naive, lambda r: r.held or r.day >= CUT)
            path = put(folder, name_of(one, number), before)
            if after or not before:
                wanted[path.name] = after.encode()
        text = "".join(line for r in live for line in r.text(naive))
        wanted[put(folder, "app.log", text).name] = text.encode()
        free = All((OVER, Not(Compares("ip", "=", "192.0.2.66"))))
        line = r"(?P<time>\d{4}-\S+ [^ |]+) \| (?P<ip>\S+) \| (?P<rest>.*)"
        place = {"files": "app.log*", "line": line}
        with at(folder, NEW_YORK, **place) as found:
            due = found.count("app.log*", free)
            assert sweep(found, free, "app.log*")[0] == due
        assert plain(folder) == wanted
        inodes = {p.name: p.stat().st_ino for p in folder.iterdir()}
        with at(folder, NEW_YORK, **place) as found:
            assert sweep(found, free, "app.log*") == (0, 0)
        assert {p.name: p.stat().st_ino for p in folder.iterdir()} == inodes
