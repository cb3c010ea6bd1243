"""`servanda ledger` and `servanda keys` as a user meets them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from servanda.cli import main
from servanda.database import Database
from servanda.ledger import Ledger
from servanda.vault import Vault

pytestmark = pytest.mark.unit

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str, folder: Path = project) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["-C", str(folder), *words])
        shown = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, shown.out, shown.err

    return call


@pytest.fixture
def filled(run: Run, project: Path) -> Run:
    """A project with keys, ten entries, one of whose bodies has ended."""
    assert run("keys", "init")[0] == 0
    with Database.open(None, project) as db:
        ledger = Ledger(db, Vault.open(db))
        ledger.append_many([("page.outcome", {"page": f"r/{n}", "rows": 100 + n}) for n in range(8)])
        ledger.end_body(3, "after one year")
    return run


def alter(project: Path, statement: str) -> None:
    with closing(sqlite3.connect(project / "servanda.db")) as connection:
        connection.execute(statement)
        connection.commit()


def test_keys_say_where_they_are_and_what_is_lost(run: Run, vault_folder: Path) -> None:
    code, out, _ = run("keys", "init")
    assert code == 0
    assert str(vault_folder) in out
    for name in ("signing-1", "identifiers-1", "pseudonym-1", "seal-1"):
        assert name in out
    assert out.count("if lost: ") == 4
    assert "Copy this folder to a safe place now" in out
    assert "servanda keys show" in out.splitlines()[-1]
    code, out, err = run("keys", "init")
    assert (code, out) == (3, "")
    assert "has its keys already" in err


def test_no_secret_is_ever_shown(filled: Run, vault_folder: Path) -> None:
    secrets = [file.read_text().strip() for file in vault_folder.rglob("*-1")]
    assert len(secrets) == 4
    shown = "".join(filled("keys", *words)[1] for words in (["show"], ["show", "--json"], ["rotate"]))
    assert not any(secret in shown for secret in secrets)


def test_without_keys_the_user_is_told_to_make_them(run: Run) -> None:
    for words in (["keys", "show"], ["keys", "rotate"], ["ledger", "checkpoint"]):
        code, out, err = run(*words)
        assert (code, out) == (2, "")
        assert "servanda keys init" in err


def test_a_new_signing_key_is_named_and_old_proofs_hold(filled: Run, tmp_path: Path) -> None:
    filled("ledger", "prove", "2", "--out", str(tmp_path / "old.json"))
    code, out, _ = filled("keys", "rotate")
    assert code == 0
    assert "signing-2 is used from now on" in out
    keys = json.loads(filled("keys", "show", "--json")[1])["keys"]
    assert [key["key"] for key in keys if key["public"]] == ["signing-1", "signing-2"]
    assert filled("ledger", "prove", "--check", str(tmp_path / "old.json"))[0] == 0
    assert filled("ledger", "verify")[0] == 0
    code, _, err = filled("keys", "rotate", "singing")
    assert code == 2
    assert "no key called 'singing'" in err


def test_a_good_ledger_verifies(filled: Run, tmp_path: Path) -> None:
    assert filled("ledger", "checkpoint", "--out", str(tmp_path / "kept"))[0] == 0
    code, out, err = filled("ledger", "verify", "--against", str(tmp_path / "kept"))
    assert (code, err) == (0, "")
    assert "10 entries" in out
    assert "1 body ended" in out
    assert "The ledger verifies." in out
    told = json.loads(filled("ledger", "verify", "--json")[1])
    assert (told["verifies"], told["size"], told["signed"], told["faults"]) == (True, 10, 10, [])


def test_verifying_needs_no_vault(filled: Run, vault_folder: Path) -> None:
    shutil.rmtree(vault_folder)
    code, out, err = filled("ledger", "verify")
    assert code == 0
    assert "The ledger verifies up to entry 1." in out
    assert "9 newer entries fit, but are not signed" in out
    assert "Without the keys" in err


def test_a_changed_entry_is_named(filled: Run, project: Path) -> None:
    alter(project, "UPDATE servanda_body SET text = replace(text, '104', '999') WHERE number = 6")
    code, out, _ = filled("ledger", "verify")
    assert code == 1
    assert "✗ the body of entry 6 was changed" in out
    assert "does not verify: 1 thing does not fit" in out
    assert json.loads(filled("ledger", "verify", "--json")[1])["faults"] == [
        {"entry": 6, "says": "the body of entry 6 was changed"}
    ]


def test_a_tail_cut_shows_against_a_kept_checkpoint(filled: Run, project: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    filled("ledger", "checkpoint", "--out", str(kept))
    for table, column in (("body", "number"), ("entry", "number"), ("checkpoint", "size")):
        alter(project, f"DELETE FROM servanda_{table} WHERE {column} > 9")
    alter(project, "DELETE FROM servanda_node WHERE position >= (9 >> level)")
    code, out, _ = filled("ledger", "verify", "--against", str(kept))
    assert code == 1
    assert "entry 10 is missing" in out


def test_a_file_that_is_no_checkpoint(filled: Run, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")
    code, _, err = filled("ledger", "verify", "--against", str(tmp_path / "x"))
    assert code == 2
    assert "not a checkpoint" in err
    assert filled("ledger", "verify", "--against", str(tmp_path / "nowhere"))[0] == 2


def test_a_proof_is_checked_elsewhere_with_the_public_key(filled: Run, tmp_path: Path) -> None:
    proof, elsewhere = tmp_path / "proof.json", tmp_path / "elsewhere"
    elsewhere.mkdir()
    keys = json.loads(filled("keys", "show", "--json")[1])["keys"]
    public = keys[0]["public"]
    for number, says in ((5, '"rows": 103'), (3, "body ended on ")):
        assert filled("ledger", "prove", str(number), "--out", str(proof))[0] == 0
        check = ("ledger", "prove", "--check", str(proof), "--key", public)
        code, out, err = filled(*check, folder=elsewhere)
        assert (code, err) == (0, "")
        assert says in out
        assert not list(elsewhere.iterdir())
        assert json.loads(filled(*check, "--json", folder=elsewhere)[1])["holds"] is True
    proof.write_text(proof.read_text().replace("page.outcome", "page.outcame"))
    code, out, _ = filled(*check, folder=elsewhere)
    assert code == 1
    assert "✗ entry 3 is not in the ledger that was signed" in out
    proof.write_text("not a proof")
    assert filled(*check, folder=elsewhere)[0] == 1
    assert filled("ledger", "prove")[0] == 2
    assert filled("ledger", "prove", "99")[0] == 2
    code, _, err = filled("ledger", "prove", "--check", str(proof), "--key", "nonsense")
    assert code == 2
    assert "not the public key" in err


def test_the_ledger_is_exported_whole(filled: Run, tmp_path: Path) -> None:
    code, out, _ = filled("ledger", "export", "--out", str(tmp_path / "out.jsonl"))
    assert code == 0
    assert "10 entries in" in out
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[0]["origin"].startswith("servanda/")
    assert [line["header"]["number"] for line in lines[1:-1]] == list(range(1, 11))
    assert lines[3]["body"] is None
    assert lines[3]["ended_on"]
    assert lines[-1]["checkpoint"].startswith(lines[0]["origin"])
    assert filled("ledger", "export")[1] == (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    assert filled("ledger", "export", "--out", str(tmp_path / "no" / "where"))[0] == 2


def test_entries_are_shown(filled: Run) -> None:
    code, out, _ = filled("ledger", "show", "--last", "2")
    assert code == 0
    assert "entry=3" in out
    assert "page=r/7 rows=107" in out
    assert "page=r/6" not in out
    assert "body ended on" in filled("ledger", "show", "3")[1]
    assert '"rows": 103' in filled("ledger", "show", "5")[1]
    told = json.loads(filled("ledger", "show", "--kind", "page.outcome", "--json")[1])
    assert len(told["entries"]) == 8
    code, _, err = filled("ledger", "show", "99")
    assert code == 2
    assert "there is no entry 99; the ledger has 10" in err
