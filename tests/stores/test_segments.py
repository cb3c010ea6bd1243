"""Segments: what is recorded is there, what is not was never written, and no row stands in for another."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from servanda.errors import StoreError
from servanda.stores.archive.segments import Segment, seal, unseal

pytestmark = pytest.mark.unit
KEY, OTHER = b"k" * 32, b"o" * 32


def test_rows_come_back_and_what_was_not_recorded_is_cut_off(tmp_path: Path) -> None:
    empty = Segment("s-1", tmp_path / "archive" / "s-1.segment")
    rows = [seal(KEY, {"values": {"name": "é" * 300}}, f"row {i}") for i in range(3)]
    one, begins = empty.append(rows)
    one.verify()
    assert unseal(KEY, one.read(begins[1], len(rows[1])), "row 1", "s-1") == {"values": {"name": "é" * 300}}
    one.append(rows)  # written, and never recorded: the process died
    two, begins = one.append(rows[:1])
    two.verify()
    assert two.path.stat().st_size == two.size
    assert unseal(KEY, two.read(begins[0], len(rows[0])), "row 0", "s-1")
    assert oct(two.path.stat().st_mode)[-3:] == "600"


def test_a_row_opens_only_with_its_key_and_in_its_place(tmp_path: Path) -> None:
    sealed = seal(KEY, {"a": 1}, "here")
    with pytest.raises(StoreError, match="does not open"):
        unseal(KEY, sealed, "there", "s-1")
    with pytest.raises(StoreError, match="does not open"):
        unseal(OTHER, sealed, "here", "s-1")
    with pytest.raises(StoreError, match="does not open"):
        unseal(KEY, sealed[:-1] + b"x", "here", "s-1")


def test_a_file_that_is_gone_or_too_short_is_told_and_not_written_to(tmp_path: Path) -> None:
    one, _ = Segment("s-1", tmp_path / "s-1.segment").append([b"x" * 100])
    whole = one.path.read_bytes()
    one.path.write_bytes(whole[:-1])
    writing: tuple[Callable[[], object], ...] = (one.verify, lambda: one.append([b"y"]))
    for act in writing:
        with pytest.raises(StoreError, match="altered"):
            act()
    assert one.path.read_bytes() == whole[:-1]
    one.path.unlink()
    for act in (*writing, lambda: one.read(30, 10)):
        with pytest.raises(StoreError, match=r"missing|cannot be written"):
            act()
    one.path.write_bytes(whole.replace(b"x", b"y", 1))
    with pytest.raises(StoreError, match="digest"):
        one.verify()


def test_a_disk_that_is_full_in_the_middle_leaves_what_was_recorded(tmp_path: Path) -> None:
    one, _ = Segment("s-1", tmp_path / "s-1.segment").append([b"x" * 100])
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        try:
            one.append([b"y" * 40_000, b"z" * 40_000])
        except StoreError as error:
            os._exit(0 if "cannot be written" in error.message else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    one.verify()
    two, _ = one.append([b"y" * 40_000, b"z" * 40_000])
    two.verify()
    assert two.path.stat().st_size == two.size
