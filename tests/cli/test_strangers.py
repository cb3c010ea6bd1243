"""What somebody meets who has just arrived: slips of the keyboard, wrong folders, odd passwords."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import documents as docs
import warmed

SHOP = [part for part in docs.parts(docs.ROOT / "docs" / "tutorial.md") if isinstance(part, docs.File)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    for part in SHOP:
        (folder / part.name).write_text(part.text, encoding="utf-8")
    subprocess.run([sys.executable, "make_shop.py"], cwd=folder, check=True)
    return folder


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "shop"))


def run(folder: Path, *args: str, **env: str) -> tuple[int, str, str]:
    done = warmed.servanda(
        *args,
        folder=folder,
        environment={**os.environ, "NO_COLOR": "1", "SERVANDA_VAULT": str(folder.parent / "vault"), **env},
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("apply --yes --allow app.visits=²", "is not PLACE=N"),
        ("promises --state bokren", "'bokren' is not one of"),
        ("promises nope", "servanda promises --all"),
        ("{hold} --case c --reason r --where app.orders.foo=1", "app.orders has no column foo"),
        ("{hold} --case c --reason r --where app.oders.id=1", "there is no place app.oders"),
        ("{hold} --case c --reason r --person app.customers=99999999999999999999", "out of range"),
        ("{hold} --case c --reason _ --person app.customers=1", "--reason: the text is empty"),
    ],
)
def test_a_slip_is_named(shop: Path, args: str, says: str) -> None:
    words = args.format(hold="hold place --kind litigation --review 2099-01-01").split()
    code, out, err = run(shop, *(" " if word == "_" else word for word in words))
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err


def test_an_event_names_its_row_and_its_time(shop: Path) -> None:
    document = shop / "stores.yaml"
    closed = "account_closed: {column: closed_at, open: null}"
    document.write_text(document.read_text().replace(closed, "account_closed: {event: account_closed}"))
    event = ("event", "record", "account_closed")
    code, _, err = run(shop, *event, "app.customers=")
    assert code == 2
    assert "say which row of app.customers" in err
    code, _, err = run(shop, *event, "app.customers=1", "--at", "0001-01-01T00:00:00+01:00")
    assert code == 2
    assert "write it as" in err
    code, out, err = run(shop, *event, "app.customers=--5")
    assert (code, out) == (0, "Recorded account_closed.\n"), err


def test_evidence_may_be_the_first_thing_that_is_recorded(shop: Path) -> None:
    code, out, err = run(shop, "event", "evidence", "visits")
    assert (code, out) == (0, "Recorded for visits, entry 1.\n"), err


@pytest.mark.parametrize("args", ["ledger verify", "ledger show", "ledger checkpoint", "keys show"])
def test_no_ledger_verifies_where_there_is_no_project(tmp_path: Path, args: str) -> None:
    code, out, err = run(tmp_path, *args.split())
    assert (code, out) == (2, "")
    assert "there is no project in" in err
    assert not list(tmp_path.iterdir()), "a question makes no file"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("shop.db", "sqlite:///app.db"),
        ("sqlite://shop.db", "three slashes"),
        ("sqlite://", "three slashes"),
        ("sqlite:///shp.db", "there is no file shp.db"),
        ("postgresql://shop:a@b:hidden/c@localhost/shop", "%40"),
    ],
)
def test_init_explains_a_url(shop: Path, url: str, says: str) -> None:
    code, out, err = run(shop, "init", url, "--dir", "new")
    assert (code, out) == (2, "")
    assert says in err
    assert "stores.yaml" not in err, "there is none yet"
    assert "hidden" not in err, "it may be a password"


def test_a_plan_replaces_a_plan_and_nothing_else(shop: Path) -> None:
    before = (shop / "policy.yaml").read_bytes()
    code, _, err = run(shop, "plan", "--out", "policy.yaml")
    assert code == 3
    assert "is not a plan" in err
    assert (shop / "policy.yaml").read_bytes() == before
    assert run(shop, "plan", "--out", "mine.json")[0] == 0
    assert run(shop, "plan", "--out", "mine.json")[0] == 0


def test_a_fault_is_told_without_values_and_is_no_finding(shop: Path) -> None:
    """An error that nobody thought of exits with 2: 1 would be an answer, such as a broken promise."""
    broken = shop / "broken.py"
    broken.write_text(
        "import servanda.cli.rule as r, servanda.cli as c\n"
        "def f(*_): raise KeyError('ada@example.com')\n"
        "r._list = f\nc.main(['rule'])\n"
    )
    told = subprocess.run([sys.executable, str(broken)], capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "KeyError at cli/rule.py:" in told.stderr
    assert "ada@example.com" not in told.stderr
    env = {**os.environ, "SERVANDA_TRACEBACK": "1"}
    full = subprocess.run([sys.executable, str(broken)], capture_output=True, text=True, check=False, env=env)
    assert "Traceback" in full.stderr


def test_a_document_that_is_a_folder_is_not_blamed_for_its_letters(shop: Path) -> None:
    (shop / "policy.yaml").unlink()
    (shop / "policy.yaml").mkdir()
    code, _, err = run(shop, "plan")
    assert code == 2
    assert "policy.yaml: cannot be read: Is a directory" in err
    assert "UTF-8" not in err


def test_a_reader_that_has_gone_ends_the_command_without_a_word(shop: Path) -> None:
    """`servanda … | head -0`: no traceback, no fault, and the exit code that shells know."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "servanda", "promises"],
        cwd=shop,
        env={**os.environ, "SERVANDA_VAULT": str(shop.parent / "vault")},
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")
