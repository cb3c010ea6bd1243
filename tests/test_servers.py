"""A run that is interrupted leaves nothing behind: no server, and no folder of one, however it was ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import database_servers
import memory
from conftest import missing

TESTS = Path(__file__).parent
HOLD = ("-m", "pytest", "-q", "-n", "1", "--max-worker-restart=0", "-p", "no:cacheprovider")
Held = tuple[subprocess.Popen[bytes], dict[str, Any]]
ENDINGS = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]


def until(true: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, otherwise()
        time.sleep(0.05)


def left(held: dict[str, Any]) -> list[str]:
    """The servers and folders of a run that are still there."""
    folders = [f for f in (*held["folders"], held["project"]) if f in held["folders"] or memory.holds(f)]
    servers = [pid for pid in held["servers"] if Path(f"/proc/{pid}").exists()]
    return [*map(str, servers), *(folder for folder in folders if Path(folder).exists())]


@pytest.mark.unit
def test_where_memory_is_short_the_tests_write_to_disk_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "DURABLE", False)
    monkeypatch.setattr(memory, "NEEDED", 10**9)
    folder, sentence = memory.place()
    assert folder is None
    assert "MB of memory are free, 1000000000 are wanted" in sentence or "there is no /dev/shm" in sentence
    monkeypatch.setattr(memory, "SHARED", tmp_path / "shm")
    folder, sentence = memory.place()
    assert folder is None
    assert f"there is no {tmp_path / 'shm'}" in sentence
    monkeypatch.setattr(memory, "DURABLE", True)
    assert memory.place()[1].endswith("as DURABLE asks")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Held]:
    """A run of the tests that holds both servers, and what it holds."""
    if not (database_servers.has_postgres() and database_servers.has_mariadb()):
        missing("PostgreSQL or MariaDB is missing")
    at = tmp_path / "held.json"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    said = (tmp_path / "said").open("w+")
    command = [sys.executable, *HOLD, str(TESTS / "held_servers.py")]
    started = subprocess.Popen(
        command,
        env=inherited | {"SERVERS_HELD": str(at)},
        cwd=TESTS.parent,
        stdout=said,
        stderr=said,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 — the test has one thread
    )
    try:
        until(at.exists, 120, (tmp_path / "said").read_text)
        held = json.loads(at.read_text())
        assert len(left(held)) >= 4, "both servers run in their folders"
        yield started, held
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        said.close()


@pytest.mark.parametrize("how", ENDINGS, ids=lambda how: how.name)
def test_a_run_that_is_ended_leaves_no_server_and_no_folder(run: Held, how: signal.Signals) -> None:
    started, held = run
    if how is signal.SIGINT:
        os.killpg(started.pid, how)  # Ctrl-C goes to all of them
    else:
        started.send_signal(how)
    started.wait(timeout=120)
    until(lambda: not left(held), 15, lambda: f"still there: {left(held)}")


def test_a_worker_that_is_killed_leaves_no_server(run: Held) -> None:
    started, held = run
    os.kill(held["worker"], signal.SIGKILL)
    started.wait(timeout=120)
    until(lambda: not left(held), 15, lambda: f"still there: {left(held)}")
