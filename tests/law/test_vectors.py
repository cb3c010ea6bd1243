"""The worked examples of legal time, and the runner that computes them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from servanda.law.vectors import _KINDS, Unusable, day_of, period_of, read, run
from servanda.law.vectors.__main__ import main

pytestmark = pytest.mark.unit

FACTS = Path(os.environ.get("SERVANDA_FACTS", Path(__file__).parents[2].parent / "shared"))
CLOCKS = FACTS / "law" / "clocks.yaml"
OURS = Path(__file__).with_name("clocks.yaml")


@pytest.fixture(params=["ours", "facts"])
def clocks(request: pytest.FixtureRequest) -> Path:
    if request.param == "ours":
        return OURS
    if not CLOCKS.is_file():
        pytest.skip(f"{CLOCKS} is not there; set SERVANDA_FACTS")
    return CLOCKS


def test_every_vector_comes_out(clocks: Path) -> None:
    vectors = read(clocks)
    outcome = run(vectors)
    assert (outcome.differences, outcome.unknown) == ([], [])
    assert outcome.computed == len(vectors) >= 50


def test_each_expected_value_is_really_compared(clocks: Path) -> None:
    """Alter each expected field of each vector: each must be told as a difference."""
    for vector in read(clocks):
        for name in vector["expect"]:
            altered = {**vector, "expect": {**vector["expect"], name: "1999-01-01"}}
            assert [(d.id, d.field, d.expected) for d in run([altered]).differences] == [
                (vector["id"], name, "1999-01-01")
            ]


def test_our_vectors_cover_every_rule_and_have_names_of_their_own() -> None:
    ours = read(OURS)
    run(ours)
    assert {vector["rule"] for vector in ours} == set(_KINDS)
    assert len({vector["id"] for vector in ours}) == len(ours)


def write(folder: Path, *vectors: dict[str, object]) -> Path:
    file = folder / "vectors.yaml"
    file.write_text(yaml.safe_dump({"vectors": list(vectors)}), encoding="utf-8")
    return file


GOOD: dict[str, Any] = {
    "id": "T1",
    "rule": "retention.max",
    "input": {"trigger": "2024-02-29", "years": 1},
    "expect": {"last_day": "2025-02-28", "eligible_from": "2025-03-01"},
}
OTHER: dict[str, Any] = {"id": "T2", "rule": "breach.seventy", "input": {}, "expect": {"start": "2026-01-01"}}


def test_a_file_that_agrees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(write(tmp_path, GOOD))]) == 0
    assert capsys.readouterr().out == "1 computed, 1 as expected, 0 different\n"


def test_an_unknown_rule_hides_no_other_and_is_never_passed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {**GOOD, "id": "T3", "expect": {"last_day": "2025-02-27"}}
    assert main([str(write(tmp_path, OTHER, GOOD, wrong))]) == 2
    shown = capsys.readouterr()
    assert shown.err == "T2  there is no rule 'breach.seventy'\n"
    assert "T3  last_day: expected 2025-02-27, got 2025-02-28" in shown.out
    assert "2 computed, 1 as expected, 1 different, 1 not usable" in shown.out


def test_a_field_that_nobody_knows_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    misspelt = {**GOOD, "input": {**GOOD["input"], "month": 3}}
    sealed = {**GOOD, "id": "T3", "expect": {"last_day": "2025-02-28", "sealed_until": "2025-03-01"}}
    assert main([str(write(tmp_path, misspelt, sealed))]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "T1  retention.max takes no field 'month'",
        "T3  retention.max computes no field 'sealed_until'",
    ]


def test_a_difference_is_printed_with_both_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {**GOOD, "expect": {"last_day": "2025-02-27"}}
    assert main([str(write(tmp_path, wrong))]) == 1
    shown = capsys.readouterr().out
    assert "T1  last_day: expected 2025-02-27, got 2025-02-28" in shown


def test_only_one_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {**GOOD, "id": "T3", "rule": "retention.min", "expect": {"last_day": "no"}}
    assert main([str(write(tmp_path, GOOD, wrong)), "--kind", "retention.max"]) == 0
    assert "1 computed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"years": 1}, "T1  retention.max needs the field 'trigger_at'"),
        ({"trigger": "soon", "years": 1}, "T1  retention.max cannot be computed: Invalid isoformat"),
        ({"trigger": "2026-01-01"}, "T1  retention.max needs the field 'years, months, weeks or days'"),
    ],
)
def test_an_input_that_cannot_be_computed_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: dict[str, object], why: str
) -> None:
    assert main([str(write(tmp_path, {**GOOD, "input": given}))]) == 2
    assert why in capsys.readouterr().err


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
