"""The demo keeps what it says: every step ends well, and the visitor gets what they asked for."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]


def test_the_demo_runs_to_its_end_and_serves_the_visitor(tmp_path: Path) -> None:
    days = {_today()}
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), str(tmp_path / "demo")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    days.add(_today())
    said = done.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n0 to delete, " in said
    assert "The ledger verifies" in said
    assert "“Your data” came, with a link to 10 files" in said
    for number, right in enumerate(("access", "erasure"), 1):
        ended = {
            day for day in days if f"  {number}  {right:8} answered  received {day}  ended {day}" in said
        }
        assert ended, f"{right} was not answered on the day on which it was asked for"
    kept = said.partition("What we keep, why and until when")[2]
    assert "Commercial Code, art. L123-22" in kept
    assert "Until: 31 December 20" in kept
    assert said.rstrip().splitlines()[-1].endswith("open http://127.0.0.1:8420/")


def _today() -> date:
    """The company's day."""
    return datetime.now(ZoneInfo("Europe/Paris")).date()
