"""The databases of the examples hold what they say, on any day.

The limits are computed here once more, by walking the calendar day by day, so that a
mistake in the generators' own arithmetic shows.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from limits_of_examples import FISCAL, PARIS, TRIGGERS, WITHOUT_INDEX, Trigger
from sqlalchemy import MetaData

from examples import dates

ROOT = Path(__file__).resolve().parents[2]

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
NAMES = ("exograd", "xmserver", "sociatex", "xsior", "ksaar")
TODAYS = (date(2026, 11, 22), date(2028, 2, 29))


def generator(name: str) -> Any:
    return importlib.import_module(f"examples.{name}.generate")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, date], Path]:
    """A function that gives the path of an example's database on a day, made once."""
    folder = tmp_path_factory.mktemp("examples")

    def make(name: str, today: date) -> Path:
        path: Path = folder / f"{name}-{today}.db"
        if not path.exists():
            generator(name).build(f"sqlite:///{path}", today)
        return path

    return make


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def digest(path: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        return hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()
    finally:
        connection.close()


def same_day_later(day: date, years: int, months: int, days: int) -> date:
    year, month = day.year + years, day.month + months
    while month > 12:
        year, month = year + 1, month - 12
    number = day.day
    while True:
        try:
            return date(year, month, number) + DAY * days
        except ValueError:
            number -= 1


def oldest_kept(today: date, years: int, months: int, days: int) -> date:
    day = today
    while same_day_later(day - DAY, years, months, days) >= today:
        day -= DAY
    return day


def oldest_fiscal_year(today: date, years: int, month: int, last: int) -> date:
    """The first day of the oldest fiscal year still kept, year by year from the running one."""
    end = date(today.year, month, last)
    if end < today:
        end = date(today.year + 1, month, last)
    while same_day_later(date(end.year - 1, month, last), years, 0, 0) >= today:
        end = date(end.year - 1, month, last)
    return date(end.year - 1, month, last) + DAY


def instant(raw: Any, form: str, zone: ZoneInfo) -> datetime:
    """The local time of a stored value; of a wall clock, as it stands."""
    if form == "epoch":
        return datetime.fromtimestamp(raw, UTC).astimezone(zone)
    if form == "milliseconds":
        return datetime.fromtimestamp(raw / 1000, UTC).astimezone(zone)
    read = datetime.fromisoformat(raw)
    if form == "wall utc":
        assert read.tzinfo is None
        read = read.replace(tzinfo=UTC)
    if form in ("wall", "date"):
        return read.replace(tzinfo=zone)
    assert read.tzinfo is not None
    return read.astimezone(zone)


def values(path: Path, trigger: Trigger) -> list[datetime]:
    found = rows(
        path,
        f'SELECT DISTINCT "{trigger.column}" FROM "{trigger.table}"'
        f' WHERE NOT coalesce("{trigger.column}" {trigger.absent}, 1)',
    )
    return [instant(raw, trigger.form, trigger.zone) for (raw,) in found]


def test_limits_of_every_day_of_five_years() -> None:
    for number in range(5 * 366):
        today = date(2024, 1, 1) + DAY * number
        for years, months, days in ((1, 0, 0), (3, 0, 0), (0, 6, 0), (0, 13, 0), (0, 0, 90)):
            assert dates.first_kept(today, dates.Period(years, months, days)) == oldest_kept(
                today, years, months, days
            )
        for years, month, last in ((10, 12, 31), (10, 6, 30), (7, 12, 31)):
            first = dates.first_kept_fiscal(today, dates.Period(years), month, last)
            assert first == oldest_fiscal_year(today, years, month, last)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_day_gives_the_same_rows(name: str, made: Any, tmp_path: Path) -> None:
    again = tmp_path / "again.db"
    shutil.copy(made(name, TODAYS[1]), again)
    generator(name).build(f"sqlite:///{again}", TODAYS[0])
    assert digest(again) == digest(made(name, TODAYS[0])), "what lay there before is replaced"


@pytest.mark.parametrize("name", ["exograd", "xsior", "sociatex"])
def test_logs_are_rotated_and_packed_and_lie_on_both_sides_of_a_year(name: str, tmp_path: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    assert generator(name).write_logs(one, TODAYS[0]) == generator(name).write_logs(two, TODAYS[0])
    files = {p.relative_to(one): p.read_bytes() for p in one.rglob("*") if p.is_file()}
    assert files == {p.relative_to(two): p.read_bytes() for p in two.rglob("*") if p.is_file()}
    packed = [p for p in files if p.suffix == ".gz"]
    assert 60 < len(packed) < len(files) - 1, "and two that are not: the live one, and the one before it"
    first = oldest_kept(TODAYS[0], 1, 0, 0)
    texts = [gzip.decompress(files[p]).decode() for p in packed]
    for day in (first - DAY, first):
        written = {"exograd": f"{day:%d/%b/%Y}", "xsior": f'"{day}T', "sociatex": f"{day}T"}[name]
        assert any(written in text for text in texts)


@pytest.mark.parametrize("today", TODAYS)
@pytest.mark.parametrize("name", NAMES)
def test_size_and_references(name: str, today: date, made: Any) -> None:
    path, metadata = made(name, today), generator(name).metadata
    assert isinstance(metadata, MetaData)
    counts = {table: rows(path, f'SELECT count(*) FROM "{table}"')[0][0] for table in metadata.tables}
    assert 40_000 <= sum(counts.values()) <= 70_000
    assert all(counts.values()), "every table has rows"
    assert rows(path, "PRAGMA foreign_key_check") == []


@pytest.mark.parametrize("name", NAMES)
def test_referencing_columns_have_an_index(name: str) -> None:
    for table in generator(name).metadata.tables.values():
        leading = {next(iter(index.columns)).name for index in table.indexes}
        leading.add(next(iter(table.primary_key.columns)).name if table.primary_key.columns else "")
        for key in table.foreign_keys:
            assert key.parent.name in leading, f"{table.name}.{key.parent.name}"


def test_triggers_have_an_index_but_one() -> None:
    fiscal = [case[:3] for case in FISCAL]
    missing = set()
    for example, table, column in [(t.example, t.table, t.column) for t in TRIGGERS] + fiscal:
        indexes = generator(example).metadata.tables[table].indexes
        if column not in {next(iter(index.columns)).name for index in indexes}:
            missing.add((example, table, column))
    assert missing == WITHOUT_INDEX


def test_the_table_without_an_index_is_the_smallest(made: Any) -> None:
    path = made("sociatex", TODAYS[0])
    counts = {
        t: rows(path, f'SELECT count(*) FROM "{t}"')[0][0] for t in generator("sociatex").metadata.tables
    }
    assert min(counts, key=counts.__getitem__) == "demandes_devis"


@pytest.mark.parametrize("today", TODAYS)
@pytest.mark.parametrize("trigger", TRIGGERS, ids=str)
def test_both_sides_of_a_limit(trigger: Trigger, today: date, made: Any) -> None:
    found = set(values(made(trigger.example, today), trigger))
    kept = oldest_kept(today, trigger.years, trigger.months, trigger.days)
    for day in (kept - DAY, kept, kept + DAY):
        for hour in (time(0, 0, 0), time(23, 59, 59))[: 1 if trigger.form == "date" else 2]:
            assert datetime.combine(day, hour, trigger.zone) in found, f"{day} {hour}"
    assert any((when.month, when.day) == (2, 29) and when.date() < today for when in found)
    assert any(when.date() > today for when in found)
    absent = f'SELECT count(*) FROM "{trigger.table}" WHERE "{trigger.column}" {trigger.absent}'
    assert rows(made(trigger.example, today), absent)[0][0] >= 2


@pytest.mark.parametrize("trigger", [t for t in TRIGGERS if t.form != "date"], ids=str)
def test_nights_of_clock_changes(trigger: Trigger, made: Any) -> None:
    found = values(made(trigger.example, TODAYS[0]), trigger)
    walls = {when.replace(tzinfo=None) for when in found}
    autumn = [when for when in found if is_doubled(when)]
    assert {when.minute for when in autumn} >= {0, 30, 59}
    if trigger.form != "wall":
        twice = {when.replace(tzinfo=None, fold=0) for when in autumn if when.fold == 0}
        assert twice & {when.replace(tzinfo=None, fold=0) for when in autumn if when.fold}, "lived twice"
    before = [wall for wall in walls if is_missing(wall + SECOND, trigger.zone)]
    assert any(wall + HOUR + SECOND in walls for wall in before), "both shores of the missing hour"


def is_doubled(when: datetime) -> bool:
    return when.replace(fold=0).utcoffset() != when.replace(fold=1).utcoffset()


def is_missing(wall: datetime, zone: ZoneInfo) -> bool:
    there = wall.replace(tzinfo=zone)
    return there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall


@pytest.mark.parametrize("today", TODAYS)
@pytest.mark.parametrize("case", FISCAL, ids=lambda case: f"{case[0]}.{case[1]}")
def test_both_sides_of_a_fiscal_year(case: Any, today: date, made: Any) -> None:
    example, table, column, form, years, (month, last), zone = case
    found = set()
    for (raw,) in rows(
        made(example, today), f'SELECT DISTINCT "{column}" FROM "{table}" WHERE "{column}" > 0'
    ):
        day = date.fromisoformat(raw) if form == "date" else instant(raw, form, zone).date()
        found.add(day)
    first = oldest_fiscal_year(today, years, month, last)
    assert {first - DAY, first} <= found
    assert any((day.month, day.day) == (2, 29) for day in found)
    assert any(day > today for day in found)


REAL_DOMAIN = re.compile(r"@(?!example\.(?:com|org|net)$|[a-z0-9.-]+\.example$)", re.IGNORECASE)
FICTION = re.compile(
    r"^(?:(?:\+33|0)(?:199|261|353|465|536|639)(?:00|91|01|71|49|98)\d{4}|\+44(?:2079460|1632960)\d{3})$"
)
DOCUMENTATION = re.compile(r"^(?:192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|2001:db8:)")


@pytest.mark.parametrize("name", NAMES)
def test_nobody_real_is_in_it(name: str, made: Any) -> None:
    path, seen = made(name, TODAYS[0]), 0
    for table in generator(name).metadata.tables.values():
        for column in table.columns:
            for (raw,) in rows(path, f'SELECT DISTINCT "{column.name}" FROM "{table.name}"'):
                if not isinstance(raw, str) or not raw:
                    continue
                if re.fullmatch(r"[^@\s]+@[^@\s]+", raw):
                    seen += 1
                    assert not REAL_DOMAIN.search(raw), raw
                if "phone" in column.name:
                    assert FICTION.match(re.sub(r"[ .]", "", raw)), raw
                if re.fullmatch(r"\d+\.\d+\.\d+\.\d+|[0-9a-f]+:[0-9a-f:]+", raw):
                    assert DOCUMENTATION.match(raw), raw
    assert seen > 100


@pytest.mark.parametrize("name", NAMES)
def test_most_rows_of_a_large_table_are_not_due(name: str, made: Any) -> None:
    """A sweep that would end more than half of a large table needs a permission of its own."""
    path, today = made(name, TODAYS[0]), TODAYS[0]
    for trigger in (t for t in TRIGGERS if t.example == name):
        kept = datetime.combine(
            oldest_kept(today, trigger.years, trigger.months, trigger.days), time(0), trigger.zone
        )
        found = rows(path, f'SELECT "{trigger.column}" FROM "{trigger.table}"')
        whens = [instant(raw, trigger.form, trigger.zone) for (raw,) in found if raw]
        if len(whens) >= 1_000:
            assert sum(when < kept for when in whens) <= len(whens) / 2, str(trigger)


@pytest.mark.parametrize("name", NAMES)
def test_as_a_script_from_anywhere(name: str, tmp_path: Path) -> None:
    script, target = ROOT / "examples" / name / "generate.py", tmp_path / "x.db"
    done = subprocess.run(
        [sys.executable, str(script), f"sqlite:///{target}", "--today", "2025-03-01"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.rstrip().endswith("rows")
    assert rows(target, "PRAGMA foreign_key_check") == []


LAST_SIGN = """
    SELECT max(coalesce((SELECT max(at) FROM logins WHERE user_id = u.id), ''),
               coalesce((SELECT max(at) FROM api_calls WHERE user_id = u.id), ''))
    FROM users u WHERE u.id
"""


@pytest.mark.parametrize("today", TODAYS)
def test_xsior_signs_of_life(today: date, made: Any) -> None:
    """The last activity of users lies on both sides of three years, in the API calls alone."""
    path, kept = made("xsior", today), oldest_kept(today, 3, 0, 0)
    found = rows(path, f"{LAST_SIGN} BETWEEN 151 AND 200")
    last = {instant(raw, "wall utc", PARIS) for (raw,) in found}
    assert {datetime.combine(kept, time(0), PARIS), datetime.combine(kept, time(0), PARIS) - SECOND} <= last
    assert rows(path, f"{LAST_SIGN} IN (46, 49, 50, 52)") == [("",)] * 4
    assert rows(path, "SELECT count(*) FROM logins WHERE user_id BETWEEN 101 AND 200") == [(0,)]
    gone = "SELECT count(*) FROM users WHERE id > 300 AND id NOT IN (SELECT user_id FROM logins)"
    assert rows(path, gone)[0][0] > 50, "users whose log-ins are gone"
    assert rows(path, "SELECT count(*) FROM api_calls WHERE user_id = 45")[0][0] > 2_000


def test_xsior_our_own_mails_hide_nothing(made: Any) -> None:
    path, today = made("xsior", TODAYS[0]), TODAYS[0]
    old = f"'{oldest_kept(today, 3, 0, 0) - DAY}'"
    sql = f"""SELECT count(*) FROM prospects WHERE last_mailed_at > '{today - 60 * DAY}'
              AND coalesce(last_contact_at, collected_at) < {old}"""
    assert rows(path, sql)[0][0] > 5


@pytest.mark.parametrize("today", TODAYS)
def test_xsior_fifteenth_birthdays(today: date, made: Any) -> None:
    path = made("xsior", today)
    born = {
        date.fromisoformat(raw)
        for (raw,) in rows(path, "SELECT birth_date FROM users WHERE id < 300 AND birth_date")
    }
    turns = {same_day_later(day, 15, 0, 0) for day in born}
    near = {today - DAY, today, today + DAY} - {date(2028, 2, 29)}  # nobody was born on 29 February 2013
    assert near <= turns
    assert any((day.month, day.day) == (2, 29) for day in born)
    minors = "SELECT count(*) FROM users WHERE id BETWEEN 201 AND 300 AND id {} (SELECT user_id FROM parental_consents)"
    assert rows(path, minors.format("IN"))[0][0] > 3
    assert rows(path, minors.format("NOT IN"))[0][0] > 3


@pytest.mark.parametrize("today", TODAYS)
def test_ksaar_last_millisecond(today: date, made: Any) -> None:
    midnight = datetime.combine(oldest_kept(today, 1, 0, 0), time(0), PARIS).timestamp() * 1000
    found = {raw for (raw,) in rows(made("ksaar", today), "SELECT at FROM connection_logs")}
    assert {midnight - 1, midnight, midnight + 1} <= found


@pytest.mark.parametrize("today", TODAYS)
def test_ksaar_letters_from_prospects(today: date, made: Any) -> None:
    """The last letter from somebody lies on both sides of three years, behind newer letters of ours."""
    sql = "SELECT max(sent_at) FROM prospect_messages WHERE direction = 'in' GROUP BY prospect_id"
    found = {instant(raw, "instant", PARIS) for (raw,) in rows(made("ksaar", today), sql)}
    midnight = datetime.combine(oldest_kept(today, 3, 0, 0), time(0), PARIS)
    assert {midnight - SECOND, midnight} <= found


def test_ksaar_records_of_customers_name_a_user(made: Any) -> None:
    path = made("ksaar", TODAYS[0])
    ((address,),) = rows(path, f"SELECT email FROM users WHERE id = '{generator('ksaar').user_id(52)}'")
    holds = f"SELECT count(*) FROM records WHERE json_extract(content, '$.courriel') = '{address}'"
    assert rows(path, holds)[0][0] > 2
