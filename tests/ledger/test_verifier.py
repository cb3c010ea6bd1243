"""The foreign verifier: plain JavaScript, in Node and in a browser, agrees with what the ledger is."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import servanda.ledger.verifier
from browser import launched
from conftest import missing
from servanda.cli.ledger import command
from servanda.ledger import Ledger, public_key_text
from servanda.ledger.entry import canonical
from servanda.ledger.verifier import page
from servanda.project import Project

SCRIPT = Path(__file__).with_name("verifier.cjs")
VERIFY = Path(servanda.ledger.verifier.__file__).with_name("verify.js")
MOST_LINES = 300

Check = Callable[..., Any]


@pytest.fixture
def database_url() -> None:
    """SQLite: what is exported is the same on every database."""


@pytest.fixture
def check() -> Check:
    node = shutil.which("node") or ""
    if not node:
        missing("Node.js is missing: apt-get install nodejs")

    def run(*arguments: object) -> Any:
        done = subprocess.run(
            [node, SCRIPT, VERIFY, *map(str, arguments)], capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    return run


@pytest.fixture
def exported(full: Ledger, project: Path) -> Path:
    """An export with a body that ended, two keys, and an entry after the last checkpoint."""
    file = project / "export.jsonl"
    command.main(
        ["export", "--out", str(file)],
        obj=Project(project, database=full._db, vault=full._vault),
        standalone_mode=False,
    )
    return file


def test_an_export_of_ours_is_accepted(full: Ledger, exported: Path, check: Check, tmp_path: Path) -> None:
    verdict = check(exported)
    report = full.verify()
    assert verdict["problems"] == []
    assert (verdict["proved"]["size"], verdict["proved"]["signed"]) == (report.size, report.signed)
    assert (verdict["proved"]["ended"], verdict["proved"]["kept"]) == (report.ended, 0)
    kept = tmp_path / "kept.txt"
    full.append("newer", {})
    kept.write_text(full.checkpoint().note(), encoding="utf-8")
    assert [what for what, *_ in check(exported, kept)["problems"]] == ["kept.root"], (
        "it is newer than the export"
    )


def test_a_kept_checkpoint_and_the_key_are_held_against_it(
    full: Ledger, exported: Path, check: Check, tmp_path: Path
) -> None:
    kept, key = tmp_path / "kept.txt", tmp_path / "key.txt"
    last = full.last_checkpoint()
    assert last is not None
    kept.write_text(last.note(), encoding="utf-8")
    keys = full.public_keys()
    key.write_text(public_key_text(full.origin, keys["signing-2"]) + "\n", encoding="utf-8")
    assert check(exported, kept, key)["proved"]["kept"] == last.size
    key.write_text(public_key_text(full.origin, keys["signing-1"]) + "\n", encoding="utf-8")
    assert ["signed.signature"] in check(exported, kept, key)["problems"], "it is signed with another key"
    kept.write_text(last.note().replace(last.origin, "servanda/" + "0" * 32), encoding="utf-8")
    assert ["kept.other"] in check(exported, kept)["problems"]


def test_every_changed_byte_is_refused(exported: Path, check: Check) -> None:
    verdict = check(exported, "-", "-", "mutate", random.randrange(10**6))
    assert verdict["passed"] == []
    assert verdict["tried"] > 4000


@pytest.mark.parametrize(
    "change", ["drop an entry", "swap two", "say that nothing ended", "no signature", "drop a key"]
)
def test_what_a_forger_would_do_is_refused(exported: Path, check: Check, change: str) -> None:
    lines = [json.loads(line) for line in exported.read_text(encoding="utf-8").splitlines()]
    match change:
        case "drop an entry":
            del lines[4]
        case "swap two":
            lines[3], lines[4] = lines[4], lines[3]
        case "say that nothing ended":
            lines = [line for line in lines if line.get("header", {}).get("kind") != "ledger.body_ended"]
        case "no signature":
            lines[-1] = {"checkpoint": None}
        case "drop a key":
            lines[0]["keys"].pop()
    exported.write_bytes(b"".join(canonical(line) + b"\n" for line in lines))
    assert check(exported)["problems"]


def test_it_is_short_and_alone() -> None:
    folder = VERIFY.parent
    lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in folder.glob("*.js"))
    assert lines <= MOST_LINES
    assert "http" not in page().replace("http-equiv", "")
    assert "import" not in (folder / "show.js").read_text(encoding="utf-8")


@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize(
    ("language", "good"), [("en", "The ledger is what was signed."), ("fr", "Le registre est celui")]
)
def test_the_page_says_what_is_proved(exported: Path, tmp_path: Path, language: str, good: str) -> None:
    written = tmp_path / "verifier.html"
    written.write_text(page(), encoding="utf-8")
    with launched() as browser:
        context = browser.new_context(locale=language, viewport={"width": 360, "height": 740}, offline=True)
        shown = context.new_page()
        faults: list[str] = []
        shown.on("console", lambda message: faults.append(message.text))
        shown.on("pageerror", lambda error: faults.append(str(error)))
        shown.goto(written.as_uri())
        shown.set_input_files("#files", exported)
        shown.locator("#result.good h2").wait_for()
        assert good in shown.locator("#result").inner_text()
        assert shown.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        content = exported.read_bytes()
        exported.write_bytes(content.replace(b"page.outcome", b"page.outcomf", 1))
        shown.set_input_files("#files", exported)
        shown.locator("#result.bad li").first.wait_for()
        assert faults == []
