"""A promise about log files, from plan to proof: counted, ended, held, and told where it cannot be kept yet."""

from __future__ import annotations

import gzip
import os
import signal
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from projects import NOW, Choices, TestProject, policy, project, retention
from servanda import promises as board
from servanda.cli import command
from servanda.errors import PolicyError, Refused
from servanda.persons.holds import HeldRows
from servanda.policy.promise_status import PromiseStatus
from servanda.stores.files.store import FilesSession
from servanda.stores.verbs import EVERYTHING

pytestmark = pytest.mark.unit

PARIS = ZoneInfo("Europe/Paris")
LIMIT = datetime(2025, 11, 22, tzinfo=PARIS)  # of one year, on 2026-11-22
PLACE = {
    "files": "access.log*",
    "line": "combined",
    "data": "visit",
    "person": "none",
    "triggers": {"collection": "time"},
}


def web(when: datetime, ip: str = "192.0.2.1") -> str:
    return f'{ip} - - [{when:%d/%b/%Y:%H:%M:%S %z}] "GET / HTTP/1.1" 200 5 "-" "x"\n'


def made(folder: Path, place: dict[str, Any] | None = None, **more: Any) -> TestProject:
    """A project with a year and a half of daily logs, ten lines a day, rotated at midnight."""
    logs = folder / "logs"
    logs.mkdir(parents=True)
    for ago in range(0, 540, 30):
        day = LIMIT + timedelta(days=120 - ago)
        text = "".join(web(day + timedelta(hours=2 * i), f"192.0.2.{i}") for i in range(10))
        (logs / f"access.log-{day + timedelta(days=1):%Y%m%d}.gz").write_bytes(gzip.compress(text.encode()))
    text = "".join(web(LIMIT + timedelta(hours=h)) for h in range(-5, 5))
    (logs / f"access.log-{LIMIT:%Y%m%d}").write_text(text)
    (logs / "access.log").write_text(web(LIMIT + timedelta(days=364)))
    promises = policy([retention("X-RET-01", "visit", "collection", "P1Y")])
    return project(folder, "files:logs", promises, {"nginx": place or PLACE}, **more)


def left(made: TestProject) -> int:
    count = 0
    for path in (made.folder / "logs").iterdir():
        raw = path.read_bytes()
        count += (gzip.decompress(raw) if path.suffix == ".gz" else raw).count(b"\n")
    return count


def standing(made: TestProject) -> PromiseStatus:
    with made.opened() as project:
        (only,) = board.statuses(project)
    return only


ALLOW: Choices = {"allow": {"app.nginx": 10_000}}
OVERDUE = 13 * 10 + 5


def test_from_plan_to_proof(tmp_path: Path) -> None:
    found = made(tmp_path)
    before = left(found)
    (step,) = found.plan().steps
    assert (step.rows, step.words) == (OVERDUE, "collection before 2025-11-22")
    outcome = found.apply(**ALLOW)
    assert outcome.whole
    assert list(outcome.done.values()) == [OVERDUE]
    assert left(found) == before - OVERDUE
    assert found.plan().due == 0
    assert standing(found).state == "kept"
    (ended,) = found.ledger.entries("apply.ended")
    assert ended.body is not None
    assert "blocks of deleted files" in ended.body["bytes"]
    intents = list(found.ledger.entries("page.intent"))
    assert len(intents) == 14, "one page a file"
    assert sum(e.body["expected"] for e in intents if e.body) == OVERDUE
    assert not [e for e in intents if "access" in str(e.body).replace("access.log*", "")], "no file is named"
    assert found.ledger.verify().ok


def test_a_hold_by_condition_keeps_its_lines(tmp_path: Path) -> None:
    found = made(tmp_path)
    place = ["-C", str(tmp_path), "hold", "place", "--kind", "litigation", "--case", "c", "--reason", "r"]
    run = CliRunner().invoke(
        command,
        [*place, "--review", "2099-01-01", "--where", "app.nginx.ip=192.0.2.3"],
        standalone_mode=False,
    )
    assert run.exception is None, run.output
    (step,) = found.plan().steps
    assert (step.rows, step.held) == (OVERDUE - 13, 13)
    assert found.apply(**ALLOW).whole
    texts = [gzip.decompress(p.read_bytes()) for p in (tmp_path / "logs").glob("access.log-2024*.gz")]
    assert texts
    assert {line.split()[0] for text in texts for line in text.splitlines()} == {b"192.0.2.3"}
    found.holds.lift(1)
    assert found.plan().due == 13, "what became overdue under the hold is due again"


def test_a_hold_placed_in_the_middle_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = made(tmp_path)
    real, pages = FilesSession.delete, [0]

    def delete(self: FilesSession, work: Any, page: Any) -> int:
        pages[0] += 1
        return real(self, work, page)

    def stop() -> bool:
        if pages[0] == 3 and not found.holds.all():
            scope = (HeldRows("app.nginx", "ip", "=", "192.0.2.3"),)
            with suppress(Refused):  # it waits for the page that is open, and this is the thread that has it
                review = date(2099, 1, 1)
                found.holds.place(
                    "litigation", scope, case="c", reason="r", author="a", review_on=review, wait=0
                )
        return False

    monkeypatch.setattr(FilesSession, "delete", delete)
    assert found.apply(**(ALLOW | {"stop": stop})).whole
    assert "loaded again" in found.listener.sentences[0]
    texts = [gzip.decompress(p.read_bytes()) for p in (tmp_path / "logs").glob("access.log-202*.gz")]
    assert sum(text.count(b"192.0.2.3 ") for text in texts) == 18 - 3, (
        "those of the three pages before are gone"
    )


def test_lines_of_the_file_being_written_are_told_and_end_once_it_is_rotated(tmp_path: Path) -> None:
    found = made(tmp_path)
    live = tmp_path / "logs" / "access.log"
    live.write_text(web(LIMIT - timedelta(days=9)) + web(LIMIT))
    assert found.apply(**ALLOW).whole
    plan = found.plan()
    assert [(s.rows, s.why) for s in plan.stuck] == [(1, "being written")]
    assert (standing(found).state, "in files being written" in standing(found).why) == ("at_risk", True)
    live.rename(tmp_path / "logs" / "access.log.1")
    assert found.plan(quick=True).due == 1, "a watermark does not hide it"
    assert found.apply(**ALLOW).whole
    assert standing(found).state == "kept"


def test_killed_and_started_again_nothing_is_lost_or_done_twice(tmp_path: Path) -> None:
    found = made(tmp_path)
    before = left(found)
    if (child := os.fork()) == 0:
        _apply_and_die(found)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    done = before - left(found)
    assert 0 < done < OVERDUE
    assert list((tmp_path / "logs").glob(".servanda-*")), "it died while it wrote"
    assert found.apply(**ALLOW).whole
    assert any("interrupted" in s for s in found.listener.sentences)
    assert left(found) == before - OVERDUE
    assert not list((tmp_path / "logs").glob(".servanda-*"))
    assert found.ledger.verify().ok


def _apply_and_die(found: TestProject) -> None:
    """Apply, and be killed while the last of the files, which is rewritten, is half written."""
    from servanda.stores.files import rewrite as files_rewrite

    def die(new: int, old: Path) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    files_rewrite._dress = die
    fresh = TestProject(found.folder, found.url, type(found.db).open(None, found.folder), found.vault)
    fresh.apply(**ALLOW)
    os._exit(1)


def test_what_files_cannot_do_is_refused_before_anything_is_tried(tmp_path: Path) -> None:
    found = made(tmp_path, PLACE | {"at_end": {"ip": None}, "person": "self"})
    plan = found.plan()
    assert plan.steps == ()
    ((place, _),) = plan.left_out
    assert place == "app.nginx"
    with found.opened() as project:
        assert {c.kind for c in project.stores.binding.complaints} == {"store-cannot"}
        assert project.stores.sessions["app"].store.dialect.verbs < EVERYTHING


def test_a_folder_that_we_may_not_write_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = made(tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)  # root may write anywhere
    with pytest.raises(Refused, match="lacks DELETE"):
        found.apply(**ALLOW)


def test_two_patterns_for_one_file_are_refused(tmp_path: Path) -> None:
    found = made(tmp_path)
    text = (tmp_path / "stores.yaml").read_text()
    second = text[text.index("      nginx:") :].replace("nginx:", "again:").replace("access.log*", "access*")
    (tmp_path / "stores.yaml").write_text(text + second)
    plan = found.plan()
    assert plan.steps == ()
    assert all("mean the same files" in why for _, why in plan.left_out)
    (tmp_path / "stores.yaml").write_text(
        text + second.replace("access*", "access.log*").replace("combined", "common")
    )
    with pytest.raises(PolicyError, match="reads in two ways"):
        found.plan()


def test_lines_end_on_the_company_s_day(tmp_path: Path) -> None:
    found = made(tmp_path)
    assert found.plan(NOW - timedelta(hours=4)).steps[0].words == "collection before 2025-11-21"


def test_lines_of_a_newer_form_outlive_the_old_ones_before_them(tmp_path: Path) -> None:
    """A program writes another form since last week, into files that rotation has closed since."""
    found = made(tmp_path / "p")
    for path in (found.folder / "logs").iterdir():
        path.unlink()
    old, recent = web(LIMIT - timedelta(days=900)), LIMIT + timedelta(days=355)
    newer = (
        f'{{"time": "{recent:%Y-%m-%dT%H:%M:%S}Z", "path": "/"}}\n',
        f"ts={recent.timestamp():.0f} level=info msg=started\n",
        f"{recent:%d %B %Y %H:%M:%S} started\n",
        f"[{recent:%Y/%m/%d}] started\n",
    )
    trace = "Traceback (most recent call last):\n  File x.py, line 3\nValueError: no\n"
    for number, line in enumerate(newer, 1):
        (found.folder / "logs" / f"access.log.{number}").write_text(
            old * 5 + trace + old + line + trace + old
        )
        (found.folder / "logs" / f"access.log.{number}9.gz").write_bytes(
            gzip.compress((old * 5 + line).encode())
        )
        (found.folder / "logs" / f"access.log.{number}8").write_text(line + old * 2)
    found.apply(allow={"app.nginx": 1_000})
    texts = {p.name: p.read_bytes() for p in (found.folder / "logs").iterdir()}
    for number, line in enumerate(newer, 1):
        assert texts[f"access.log.{number}"].decode() == line + trace, "the trace belongs to the newer line"
        assert gzip.decompress(texts[f"access.log.{number}9.gz"]).decode() == line
        assert texts[f"access.log.{number}8"].decode() == line
    assert standing(found).state != "kept", "nobody knows when these lines end"


def test_a_stamp_that_cannot_be_read_is_no_older_than_it_may_be(tmp_path: Path) -> None:
    found = made(tmp_path / "p")
    for path in (found.folder / "logs").iterdir():
        path.unlink()
    old = web(LIMIT - timedelta(days=900))
    odd = old.replace("/", ".", 2).replace(":", " ", 1)
    (found.folder / "logs" / "access.log.1").write_text(old + odd + old)
    found.apply(allow={"app.nginx": 1_000})
    assert (found.folder / "logs" / "access.log.1").read_text() == odd
