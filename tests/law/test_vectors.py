"""The worked examples of legal time, and the runner that computes them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from servanda.law.vectors import Unusable, day_of, period_of, read, run
from servanda.law.vectors.__main__ import main

pytestmark = pytest.mark.unit

FACTS = Path(os.environ.get("SERVANDA_FACTS", Path(__file__).parents[2].parent / "shared"))
CLOCKS = FACTS / "law" / "clocks.yaml"
NOW = (
    "retention.max",
    "retention.min",
    "retention.combine",
    "retention.hold",
    "consent.months",
    "cookie.max_age",
)


@pytest.fixture
def clocks() -> Path:
    if not CLOCKS.is_file():
        pytest.skip(f"{CLOCKS} is not there; set SERVANDA_FACTS")
    return CLOCKS


def test_every_retention_and_consent_vector_comes_out(clocks: Path) -> None:
    wanted = [vector for vector in read(clocks) if vector["rule"] in NOW]
    assert len(wanted) >= 15
    outcome = run(wanted)
    assert outcome.differences == []
    assert outcome.unknown == {}
    assert outcome.computed == len(wanted)


def test_each_expected_value_is_really_compared(clocks: Path) -> None:
    """Alter each expected field of each vector: each must be told as a difference."""
    for vector in read(clocks):
        if vector["rule"] not in NOW:
            continue
        for name in vector["expect"]:
            altered = {**vector, "expect": {**vector["expect"], name: "1999-01-01"}}
            assert [(d.id, d.field, d.expected) for d in run([altered]).differences] == [
                (vector["id"], name, "1999-01-01")
            ]


def write(folder: Path, *vectors: dict[str, object]) -> Path:
    file = folder / "vectors.yaml"
    file.write_text(yaml.safe_dump({"vectors": list(vectors)}), encoding="utf-8")
    return file


GOOD = {
    "id": "T1",
    "rule": "retention.max",
    "input": {"trigger": "2024-02-29", "years": 1},
    "expect": {"last_day": "2025-02-28", "eligible_from": "2025-03-01"},
}
OTHER = {"id": "T2", "rule": "breach.seventy", "input": {}, "expect": {"start": "2026-01-01"}}


def test_a_file_that_agrees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(write(tmp_path, GOOD, OTHER))]) == 0
    shown = capsys.readouterr().out
    assert "not computed yet: 1 (breach.seventy 1)" in shown
    assert "1 computed, 1 as expected, 0 different" in shown


def test_a_difference_is_printed_with_both_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {**GOOD, "expect": {"last_day": "2025-02-27", "sealed_until": "2025-03-01"}}
    assert main([str(write(tmp_path, wrong))]) == 1
    shown = capsys.readouterr().out
    assert "T1  last_day: expected 2025-02-27, got 2025-02-28" in shown
    assert "T1  sealed_until: expected 2025-03-01, got nothing" in shown


def test_only_one_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {**GOOD, "id": "T3", "rule": "retention.min", "expect": {"last_day": "no"}}
    assert main([str(write(tmp_path, GOOD, wrong)), "--kind", "retention.max"]) == 0
    assert "1 computed" in capsys.readouterr().out


def test_an_input_that_cannot_be_computed_is_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for given in ({"years": 1}, {"trigger": "soon", "years": 1}, {"trigger": "2026-01-01"}):
        assert main([str(write(tmp_path, {**GOOD, "input": given}))]) == 1
        assert "T1  input: expected something that can be computed" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "vectors: []", "- 1", "vectors: [{id: T1}]", "a: [", "vectors: [1]"])
def test_an_unusable_file_is_said_to_be_so(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(text, encoding="utf-8")
    assert main([str(file)]) == 2
    assert "broken.yaml" in capsys.readouterr().err
    with pytest.raises(Unusable):
        read(tmp_path / "absent.yaml")


def test_the_module_runs_as_a_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "servanda.law.vectors", str(write(tmp_path, GOOD))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 as expected" in done.stdout


def test_instants_are_read_in_their_zone() -> None:
    assert str(day_of({"set_at": "2026-03-31T22:30:00Z", "tz": "Europe/Paris"}, "set")) == "2026-04-01"
    assert str(period_of({"period": "P2W"})) == "P14D"
