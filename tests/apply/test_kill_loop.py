"""Applies killed at random moments, and servers that crash under one: nothing is lost, nothing is done twice.

In `make soak` only: `make test` kills at some statements of each kind (test_each_statement.py).
"""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from killing import ALLOW, PHASES, Warm, World, warm, world

from database_servers import CRASHING
from servanda.errors import StoreDown

KINDS = ("sqlite", "postgres", "mariadb")


def rounds(found: World, process: Warm, count: int) -> Counter[str]:
    """Kill an apply again and again, at a moment between its start and its end, and look after each."""
    length = undisturbed(found, process)
    phases: Counter[str] = Counter()
    while phases.total() < count:
        found.add()
        before = found.remaining()
        status = process.apply(kill_after=found.chance.uniform(0, length * 0.9))
        phase = found.check(before)
        if status == -signal.SIGKILL:
            phases[phase] += 1
        else:
            assert status == 0, "the apply stopped by itself"
    return phases


def undisturbed(found: World, process: Warm) -> float:
    """How long a whole apply of the rows of a round takes."""
    before = found.remaining()
    began = time.monotonic()
    assert process.apply() == 0
    length = time.monotonic() - began
    assert found.check(before) == PHASES[4]
    return length


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS)
def test_killed_again_and_again_at_any_moment(kind: str, fresh_url: Any, tmp_path: Path) -> None:
    found = world(tmp_path, fresh_url(kind), kind, seed=50)
    with warm(found.found.folder, found.found.url) as process:
        phases = rounds(found, process, 50)
    found.finish()
    assert phases.total() == 50
    assert len(phases) >= 2, f"every kill fell into one phase: {dict(phases)}"


@pytest.mark.parametrize("kind", list(CRASHING))
def test_a_server_that_crashes_under_an_apply(kind: str, tmp_path: Path) -> None:
    """The server dies at a random moment and comes again on its files; so does the same command."""
    there, run = CRASHING[kind]
    if not there():
        pytest.skip(f"{kind} is missing")
    with run() as server:
        found = world(tmp_path, server.url, kind, seed=7)
        length = whole(found)
        stopped = 0
        for _ in range(6):
            found.add()
            before = found.remaining()
            crash = threading.Timer(found.chance.uniform(0, length), server.crash)
            crash.start()
            words = refused_or_stopped(found)
            crash.join()
            server.start()
            found.check(before)
            stopped += bool(words)
            assert all("store “app” does not answer" in w for w in words), words
            assert not any("@example.com" in w for w in [*words, *found.found.listener.sentences])
        assert stopped >= 2, "the server died too late, each time"
        found.finish()


def whole(found: World) -> float:
    """How long an undisturbed apply takes in this process."""
    began, before = time.monotonic(), found.remaining()
    assert found.found.apply(quick=False, allow=ALLOW, pace="full").whole
    length = time.monotonic() - began
    found.check(before)
    return length


def refused_or_stopped(found: World) -> list[str]:
    """What an apply says for each step that it could not do, or why it did not begin."""
    try:
        return list(found.found.apply(quick=False, allow=ALLOW, pace="full").stopped.values())
    except StoreDown as error:
        return [error.message]
