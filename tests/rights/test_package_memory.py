"""A copy of two million rows needs no more memory than a small one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.soak
def test_two_million_rows_need_no_memory() -> None:
    """In a process of its own, whose greatest resident size is read."""
    made = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "copy_memory.py"), "2000000"],
        check=True,
        capture_output=True,
        text=True,
    )
    rows, megabytes = made.stdout.split()
    assert int(rows) == 2_000_000
    assert float(megabytes) < 200
