"""What other programs read of `servanda check`, waivers and their end, broken rules, the law of another day."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from servanda.cli import main
from servanda.rules import Finding, all_rules
from servanda.rules.engine.rule import rule as registered

pytestmark = pytest.mark.unit
Run = Callable[..., tuple[int, str, str]]

STORES = """\
servanda: 1
nowhere: {account: "kept by hand", login: "not kept", invoice: "on paper"}
stores:
  app:
    url: sqlite:///app.db
    places:
      visits:
        data: visit
        person: none
        triggers: {collection: visited_at}
    undecided: [notes]
"""
TABLES = """\
PRAGMA journal_mode = WAL;
CREATE TABLE visits (id INTEGER PRIMARY KEY, visited_at TIMESTAMP);
CREATE INDEX visits_at ON visits (visited_at);
CREATE TABLE notes (id INTEGER PRIMARY KEY);
"""
WAIVER = """\
waivers:
  - {rule: undecided-place, because: nobody writes notes any more, until: 2026-12-31}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    good = Path(__file__).parent / "good.yaml"
    (tmp_path / "policy.yaml").write_text(good.read_text())
    (tmp_path / "stores.yaml").write_text(STORES)
    with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.executescript(TABLES)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["-C", str(folder), *words])
        shown = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, shown.out, shown.err

    return call


def findings(run: Run, *words: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run("check", "--json", *words)[1])["findings"]
    return found


def test_json_carries_all_that_a_program_asks_of_a_finding(run: Run) -> None:
    (found,) = findings(run)
    assert list(found) == [
        *("code", "slug", "verdict", "severity", "article", "file", "line", "column", "message", "fix"),
    ]
    assert (found["code"], found["slug"], found["file"], found["line"]) == (
        "SV416",
        "undecided-place",
        "stores.yaml",
        11,
    )


def test_sarif_names_the_rule_the_line_and_the_file_from_where_one_stands(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    log = json.loads(run("check", "--format", "sarif")[1])
    (sarif,) = log["runs"]
    (result,) = sarif["results"]
    rules = sarif["tool"]["driver"]["rules"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "SV416"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == f"{folder.name}/stores.yaml"
    assert place["region"]["startLine"] == 11
    assert result["level"] == "note"
    assert sarif["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    (folder / "stores.yaml").write_text(STORES + WAIVER)
    (waived,) = json.loads(run("check", "--as-of", "2026-11-22", "--format", "sarif")[1])["runs"][0][
        "results"
    ]
    assert waived["suppressions"][0]["justification"] == "nobody writes notes any more (until 2026-12-31)"
    assert waived["partialFingerprints"] == result["partialFingerprints"]


def test_github_shows_a_finding_beside_its_line(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (line,) = run("check", "--format", "github")[1].splitlines()
    assert line.startswith("::notice file=stores.yaml,line=11,col=5,title=SV416 undecided-place::")
    assert "\n" not in line


def test_a_waiver_ends_and_says_so(run: Run, folder: Path) -> None:
    (folder / "stores.yaml").write_text(STORES + WAIVER)
    code, out, _ = run("check", "--as-of", "2026-12-31", "--fail-on", "advice")
    assert code == 0
    assert "1 finding waived." in out
    waived = json.loads(run("check", "--as-of", "2026-12-31", "--json")[1])["waived"]
    assert [w["because"] for w in waived] == ["nobody writes notes any more"]
    (found,) = findings(run, "--as-of", "2027-01-01")
    assert str(found["message"]).endswith("(waived until 2026-12-31: nobody writes notes any more)")


def test_a_waiver_covers_what_it_names_and_nothing_else(run: Run, folder: Path) -> None:
    elsewhere = WAIVER.replace("because", "where: app.visits, because")
    (folder / "stores.yaml").write_text(STORES + elsewhere)
    _, out, err = run("check", "--as-of", "2026-12-01", "--json")
    assert [f["code"] for f in json.loads(out)["findings"]] == ["SV416"]
    assert "a waiver of undecided-place hides nothing at app.visits: remove it" in err
    (folder / "stores.yaml").write_text(STORES + WAIVER.replace("because", "where: app, because"))
    assert findings(run, "--as-of", "2026-12-01") == []


@pytest.mark.parametrize(
    ("waiver", "told"),
    [
        ("{rule: SV999, because: nothing to see, until: 2027-01-01}", "no rule begins with “SV999”"),
        ("{rule: SV416, because: nothing to see}", "“until” is missing"),
        ("{rule: SV416, until: 2027-01-01}", "“because” is missing"),
        ("{rule: SV416, because: nothing to see, until: soon}", "“soon” is not a date"),
    ],
)
def test_a_waiver_without_rule_reason_or_end_is_refused(
    run: Run, folder: Path, waiver: str, told: str
) -> None:
    (folder / "stores.yaml").write_text(f"{STORES}waivers:\n  - {waiver}\n")
    code, out, err = run("check")
    assert (code, out) == (2, "")
    assert told in err
    assert "stores.yaml:13" in err


@pytest.fixture
def broken() -> Iterator[None]:
    """A rule that raises, with a value in its error that must not be shown."""
    module = sys.modules["servanda.rules.retention.no_period"]
    good = next(rule for rule in all_rules() if rule.slug == "no-period")

    def check(_view: object) -> Iterator[Finding]:
        nothing: dict[str, Finding] = {}
        yield nothing["ada@example.org"]

    check.__module__ = module.__name__
    registered(good.code, law=good.law)(check)
    yield
    registered(good.code, law=good.law)(good.check)


@pytest.mark.usefixtures("broken")
def test_a_broken_rule_hides_no_other_and_is_never_a_pass(run: Run) -> None:
    code, out, err = run("check", "--fail-on", "advice")
    assert code == 2
    assert "SV416 advice" in out
    assert "not checked: SV101 no-period is broken: KeyError in test_check_formats.py, line " in err
    assert "example.org" not in out + err
    assert "broken" in run("check", "--format", "github")[1]
    assert not json.loads(run("check", "--format", "sarif")[1])["runs"][0]["invocations"][0][
        "executionSuccessful"
    ]


def test_a_day_that_is_none_is_refused(run: Run) -> None:
    code, out, err = run("check", "--as-of", "2026-02-30")
    assert (code, out) == (2, "")
    assert "“2026-02-30” is not a date; write it as 2020-08-01" in err


def test_a_language_without_catalogue_is_refused(run: Run, folder: Path) -> None:
    policy = (folder / "policy.yaml").read_text()
    (folder / "policy.yaml").write_text(policy.replace("languages: [en]", "languages: [en, de]"))
    code, _, err = run("check")
    assert code == 2
    assert "policy.yaml:7:17: “de” is not known here" in err
    assert "en, fr" in err
