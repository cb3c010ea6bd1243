"""Editions of the policy are kept as they were, and found by number, digest or file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from servanda.cli import main
from servanda.errors import PolicyError, Refused, ServandaError
from servanda.policy.policy import load_policy
from servanda.policy.versions import find, keep, kept

pytestmark = pytest.mark.unit

TEXT = """\
# Each edition is kept with its comments,  and its spaces.
servanda: 1
title: {en: Privacy policy}
controller: {name: Example}
jurisdictions: [FR]
languages: [en]
version: {number: 2024-01-01, effective_from: 2024-01-01}
timezone: Europe/Paris
audiences: {}
categories: {}
promises:
  - {id: EX-OTH-01, kind: other, keep: check, line: 1, says: {en: We say what we do — “naïvely”.}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, TEXT)
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / "policy.yaml").write_bytes(text.encode("utf-8"))


def second(folder: Path) -> None:
    write(folder, TEXT.replace("2024-01-01", "2025-01-01").replace("what we do", "all that we do"))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(list(words))
    shown = capsys.readouterr()
    return int(str(exit_.value.code)), shown.out, shown.err


def test_an_edition_is_kept_byte_for_byte(folder: Path) -> None:
    path = keep(folder)
    assert path == folder / "policies" / "2024-01-01.yaml"
    assert path.read_bytes() == (folder / "policy.yaml").read_bytes()
    assert list(path.parent.iterdir()) == [path]


def test_keeping_twice_changes_nothing_even_in_another_layout(folder: Path) -> None:
    path = keep(folder)
    before = path.read_bytes(), path.stat().st_mtime_ns
    write(folder, TEXT.replace("# Each", "# every"))
    assert keep(folder) == path
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_another_meaning_under_the_same_number_is_refused(folder: Path) -> None:
    path = keep(folder)
    before = path.read_bytes()
    write(folder, TEXT.replace("Europe/Paris", "Europe/Tallinn"))
    with pytest.raises(Refused) as caught:
        keep(folder)
    assert caught.value.exit_code == 3
    assert "give the edition a new number" in caught.value.advice
    assert path.read_bytes() == before


@pytest.mark.parametrize("number", ["../2024", "2024/01", ".hidden", "a b", "''"])
def test_a_number_that_cannot_name_a_file_is_refused(folder: Path, number: str) -> None:
    write(folder, TEXT.replace("number: 2024-01-01", f"number: {number}"))
    with pytest.raises(Refused):
        keep(folder)
    assert not (folder / "policies").exists()


def test_a_policy_that_cannot_be_used_is_not_kept(folder: Path) -> None:
    write(folder, TEXT.replace("timezone", "timezon"))
    with pytest.raises(PolicyError):
        keep(folder)
    assert not (folder / "policies").exists()


def test_editions_are_listed_the_oldest_first(folder: Path) -> None:
    second(folder)
    keep(folder)
    write(folder, TEXT)
    keep(folder)
    assert [(e.number, e.effective_from) for e in kept(folder)] == [
        ("2024-01-01", "2024-01-01"),
        ("2025-01-01", "2025-01-01"),
    ]
    assert kept(folder)[0].digest == load_policy(folder / "policy.yaml").digest


def test_nothing_is_kept_at_first(folder: Path) -> None:
    assert kept(folder) == []


def test_a_kept_edition_that_was_renamed_is_seen(folder: Path) -> None:
    path = keep(folder)
    path.rename(path.with_name("2023-01-01.yaml"))
    with pytest.raises(PolicyError) as caught:
        kept(folder)
    (problem,) = caught.value.problems
    assert problem.at.file == "policies/2023-01-01.yaml"
    assert problem.at.line == 7
    assert "calls itself edition 2024-01-01" in problem.message


def test_an_edition_is_found_by_number_digest_file_and_as_current(folder: Path) -> None:
    path = keep(folder)
    first = load_policy(path)
    second(folder)
    assert find(folder, "2024-01-01").digest == first.digest
    assert find(folder, first.digest[:8].upper()).digest == first.digest
    assert find(folder, first.digest).digest == first.digest
    assert find(folder, "policies/2024-01-01.yaml").digest == first.digest
    assert find(folder, str(path)).digest == first.digest
    assert find(folder, "current").version.number == "2025-01-01"


@pytest.mark.parametrize("word", ["2023-01-01", "zzzz", "", "abc"])
def test_what_is_not_there_is_said_with_what_is(folder: Path, word: str) -> None:
    keep(folder)
    with pytest.raises(ServandaError) as caught:
        find(folder, word)
    assert caught.value.advice == "kept: 2024-01-01"


def test_a_folder_that_cannot_be_written_keeps_nothing(folder: Path) -> None:
    (folder / "policies").write_text("a file where a folder should be")
    with pytest.raises(PolicyError) as caught:
        keep(folder)
    assert "cannot be written" in caught.value.problems[0].message


def test_the_commands_keep_list_and_compare(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("-C", str(folder), "policy")
    code, _, told = run(capsys, *at, "diff")
    assert code == 2
    assert "no edition is kept yet" in told
    assert run(capsys, *at, "keep")[:2] == (0, "policies/2024-01-01.yaml\n")
    assert run(capsys, *at, "diff")[1].endswith("Nothing changed in meaning.\n")
    second(folder)
    code, listed, told = run(capsys, *at, "list")
    assert code == 0
    assert "2024-01-01" in listed
    assert "current" not in listed
    assert "servanda policy keep" in told
    assert (
        "We say all that we do" in json.loads(run(capsys, *at, "diff", "--json")[1])["changes"][-1]["after"]
    )
    write(folder, TEXT.replace("FR", "EE"))
    code, _, told = run(capsys, *at, "keep")
    assert code == 3
    assert "new number" in told


def test_the_list_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(folder)
    told = json.loads(run(capsys, "-C", str(folder), "policy", "list", "--json")[1])
    assert told["kept"] == [{**told["current"], "current": True}]
    assert told["format"] == 1


@pytest.mark.parametrize("document", ["policy", "stores"])
def test_the_schema_is_for_editors(folder: Path, capsys: pytest.CaptureFixture[str], document: str) -> None:
    at = ("-C", str(folder), "policy", "schema", document)
    schema = json.loads(run(capsys, *at)[1])
    assert schema["additionalProperties"] is False
    assert "servanda" in schema["required"]
    out = folder / "schema.json"
    assert run(capsys, *at, "--out", str(out))[:2] == (0, "")
    assert json.loads(out.read_text(encoding="utf-8")) == schema


def test_the_schema_lets_periods_and_single_names_be_text(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = json.loads(run(capsys, "-C", str(folder), "policy", "schema")[1])
    retention = schema["$defs"]["Retention"]["properties"]
    assert retention["active"]["type"] == "string"
    assert {"type": "string"} in retention["data"]["anyOf"]
