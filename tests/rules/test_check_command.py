"""`servanda check` and `servanda rule` as a user meets them."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from servanda.cli import main
from servanda.project import Project
from servanda.rules import all_rules

pytestmark = pytest.mark.unit

Run = Callable[..., tuple[int, str, str]]

POLICY = (Path(__file__).parent / "good.yaml").read_text().replace("fields: [page]", "fields: [page, email]")
"""A policy in which no rule finds anything: what is found here is in the stores."""
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
"""
TABLE = """\
PRAGMA journal_mode = WAL;
CREATE TABLE visits (id INTEGER PRIMARY KEY, email TEXT, visited_at TIMESTAMP);
CREATE INDEX visits_at ON visits (visited_at);
INSERT INTO visits VALUES (1, 'secret@example.org', '2026-05-01 10:00:00');
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "stores.yaml").write_text(STORES)
    execute(tmp_path, TABLE)
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


def execute(folder: Path, script: str) -> None:
    with closing(sqlite3.connect(folder / "app.db")) as connection:
        connection.executescript(script)


def test_a_good_project_passes_and_is_told_what_to_do_next(run: Run, folder: Path) -> None:
    code, out, err = run("check")
    assert (code, err) == (0, "")
    assert out.startswith("Not applicable: SV115, ")
    last = out.splitlines()[-1]
    assert (
        last
        == f"Nothing found by {len(all_rules())} rules, 1 place in 1 store.   See what is due: servanda plan"
    )
    assert not (folder / "servanda.db").exists(), "check makes nothing"


def test_a_finding_shows_where_what_and_how_to_mend_it(run: Run, folder: Path) -> None:
    (folder / "stores.yaml").write_text(STORES.replace("collection: visited_at", "collection: visited"))
    code, out, _ = run("check")
    assert code == 1
    assert out.splitlines()[:6] == [
        "SV402 error  vanished-place",
        "  stores.yaml:10:32",
        "   10 │         triggers: {collection: visited}",
        "      │                                ^^^^^^^ app.visits: table visits has no column visited   "
        "GDPR 5(1)(e), 30",
        "  fix: did you mean “visited_at”?",
        "",
    ]
    last = (
        f"1 error by {len(all_rules())} rules, 1 place in 1 store.   Why, with examples: servanda rule SV402"
    )
    assert out.splitlines()[-1] == last


def test_concise_is_one_line_a_finding(run: Run, folder: Path) -> None:
    (folder / "stores.yaml").write_text(STORES.replace("data: visit", "data: visits"))
    code, out, _ = run("check", "--format", "concise")
    assert code == 1
    assert out.splitlines()[1] == (
        "stores.yaml:8:15: SV404 error app.visits: “visits” is no category of the policy"
    )


def test_json_says_the_same(run: Run, folder: Path) -> None:
    execute(folder, "DROP INDEX visits_at;")
    for words in (("--json",), ("--format", "json")):
        code, out, _ = run("check", *words)
        shown = json.loads(out)
        assert code == 0, "a warning alone does not fail"
        assert [f["code"] for f in shown["findings"]] == ["SV406"]
        assert shown["findings"][0]["fix"] == "CREATE INDEX visits_visited_at_index ON visits (visited_at);"
        assert (shown["findings"][0]["file"], shown["findings"][0]["line"]) == ("stores.yaml", 10)
        assert shown["format"] == 1


def test_the_index_that_the_fix_names_ends_the_finding(run: Run, folder: Path) -> None:
    execute(folder, "DROP INDEX visits_at;")
    fix = json.loads(run("check", "--json")[1])["findings"][0]["fix"]
    execute(folder, fix)
    assert json.loads(run("check", "--json")[1])["findings"] == []


def test_fail_on_decides_which_severity_fails(run: Run, folder: Path) -> None:
    execute(folder, "DROP INDEX visits_at;")
    assert run("check")[0] == 0
    assert run("check", "--fail-on", "warning")[0] == 1
    execute(
        folder, "CREATE INDEX visits_at ON visits (visited_at); CREATE TABLE notes (id INTEGER PRIMARY KEY);"
    )
    (folder / "stores.yaml").write_text(STORES + "    undecided: [notes]\n")
    assert run("check", "--fail-on", "warning")[0] == 0
    assert run("check", "--fail-on", "advice")[0] == 1


def test_select_and_ignore_take_beginnings_of_codes(run: Run, folder: Path) -> None:
    execute(folder, "DROP INDEX visits_at; CREATE TABLE notes (id INTEGER PRIMARY KEY);")

    def codes(*words: str) -> list[str]:
        return [f["code"] for f in json.loads(run("check", "--json", *words)[1])["findings"]]

    assert codes() == ["SV416", "SV406"]
    assert codes("--select", "SV406") == ["SV406"]
    assert codes("--select", "sv1,unindexed-trigger") == ["SV406"]
    assert codes("--ignore", "SV41") == ["SV406"]
    assert codes("--select", "SV1") == []
    code, _, err = run("check", "--select", "SV8")
    assert code == 2
    assert "no rule begins with “SV8”" in err


def test_a_store_that_is_down_is_never_a_pass(run: Run, folder: Path) -> None:
    (folder / "app.db").unlink()
    code, out, err = run("check")
    assert code == 2
    assert "not checked: store “app”: there is no file app.db" in err
    assert "Nothing found by" in out
    assert out.endswith("Look again when it answers.\n")
    enforced = "{data: visit, trigger: collection, active: P1Y, ground: {choice: security}}"
    assert enforced in POLICY
    (folder / "policy.yaml").write_text(POLICY.replace(enforced, ""))
    code, out, _ = run("check")
    assert code == 1, "what could be looked at was found"
    assert "SV101 error  no-period" in out


def test_without_stores_only_the_policy_is_looked_at(run: Run, folder: Path) -> None:
    (folder / "app.db").unlink()
    (folder / "stores.yaml").unlink()
    code, out, err = run("check", "--no-stores")
    assert (code, err) == (0, "")
    alone = [rule for rule in all_rules() if rule.needs == {"policy"}]
    assert f"Nothing found by {len(alone)} rules, 0 places in 0 stores" in out


def test_the_problems_of_both_documents_are_told_at_once(run: Run, folder: Path) -> None:
    (folder / "policy.yaml").write_text(POLICY.replace("\ntitle:", "\ntitel:"))
    (folder / "stores.yaml").write_text(STORES.replace("person:", "persan:"))
    code, out, err = run("check")
    assert (code, out) == (2, "")
    assert "policy.yaml:3:1: “titel” is not known here" in err
    assert "stores.yaml:9:9: “persan” is not known here" in err


def test_no_value_of_a_row_is_printed(run: Run, folder: Path) -> None:
    execute(
        folder,
        "INSERT INTO visits VALUES (2, 'hidden@example.org', 'yesterday'), (3, 'x@example.org', NULL);",
    )
    for form in ("text", "concise", "json"):
        _, out, err = run("check", "--format", form)
        assert "SV420" in out
        assert "example.org" not in out + err
        assert "yesterday" not in out + err


def test_rule_lists_all_and_explains_one(run: Run) -> None:
    code, out, _ = run("rule")
    assert code == 0
    assert "SV405  error    unindexed-reference" in out
    assert out.splitlines()[-1].startswith(f"{len(all_rules())} rules.")
    by_code, by_slug = run("rule", "sv405")[1], run("rule", "unindexed-reference")[1]
    assert by_code == by_slug
    assert "Bad:" in by_code
    assert "CREATE TABLE logins" in by_code
    assert json.loads(run("rule", "SV405", "--json")[1])["slug"] == "unindexed-reference"


def test_a_misspelt_rule_is_guessed(run: Run) -> None:
    code, out, err = run("rule", "unindexed-referense")
    assert (code, out) == (2, "")
    assert "did you mean unindexed-reference?" in err


def test_a_hold_past_its_review_is_found(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("keys", "init")[0] == 0
    review = date.today() + timedelta(days=30)
    said = [
        "--kind",
        "litigation",
        "--case",
        "C-1",
        "--reason",
        "dispute",
        "--where",
        "app.visits.id=1",
        "--review",
    ]
    placed = run("hold", "place", *said, str(review))
    assert placed[0] == 0, placed[2]
    assert run("check", "--fail-on", "advice")[0] == 0
    later = datetime.now(UTC) + timedelta(days=40)
    monkeypatch.setattr(Project, "now", property(lambda _: later))
    code, out, _ = run("check", "--select", "SV501", "--fail-on", "warning")
    assert code == 1
    assert f"hold 1 (litigation) was to be looked at again on {review}" in out
    assert "C-1" not in out


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_is_left_out_where_no_color_is_set(folder: Path, no_color: str, coloured: bool) -> None:
    execute(folder, "DROP INDEX visits_at;")
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "servanda", "-C", str(folder), "check"]
    env = {**os.environ, "NO_COLOR": no_color, "TERM": "xterm"}
    with subprocess.Popen(words, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the end of a terminal
            while part := os.read(ours, 4096):
                shown += part
    os.close(ours)
    assert process.returncode == 0
    assert b"warning" in shown
    assert (b"\x1b[" in shown) is coloured


def test_a_place_that_cannot_be_used_stops_no_other_rule(run: Run, folder: Path) -> None:
    odd = "where: {kind: web}", "at_end: {mail: null}", "identifiers: {email: mail}"
    (folder / "stores.yaml").write_text(STORES + "".join(f"        {line}\n" for line in odd))
    code, out, _ = run("check", "--format", "concise")
    assert code == 1
    assert out.count("SV402 error") == 3
    (folder / "stores.yaml").write_text(STORES + "        key: [uid]\n")
    assert "table visits has no column uid" in run("check")[1]
