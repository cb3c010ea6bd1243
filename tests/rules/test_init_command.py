"""`servanda init` on real databases: what it writes can be used at once, and never holds a password."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from servanda.cli import main
from servanda.policy.policy import load_policy
from servanda.stores.document.document import load_stores

Run = Callable[..., tuple[int, str, str]]

TABLES = [
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(100), name VARCHAR(80), closed_at TIMESTAMP NULL)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), ordered_on DATE)",
    "CREATE VIEW emails AS SELECT email FROM customers",
]
ODD = 'CREATE TABLE "odd: # name" (id INTEGER PRIMARY KEY, "my e-mail" VARCHAR(100))'


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["-C", str(tmp_path), *words])
        shown = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, shown.out, shown.err

    return call


def make(url: str, *more: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in (*TABLES, *more):
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_every_kind_of_database_can_be_begun_with(
    run: Run, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(store_url)
    code, out, err = run("init", store_url, "--dir", "mine")
    assert (code, err) == (0, "")
    assert "2 tables, all undecided yet" in out
    assert "keys init" in out
    assert "check" in out.splitlines()[-1]
    folder = tmp_path / "mine"
    assert load_policy(folder / "policy.yaml").promises
    stores = load_stores(folder / "stores.yaml")
    assert stores.stores["app"].undecided == ["customers", "orders"]
    text = (folder / "stores.yaml").read_text()
    assert "# times: closed_at; persons: email, name" in text
    assert "account_closure: {column: closed_at, open: null}" in text
    assert "Views show rows of other tables, and are left out: emails" in text
    if "export" in out:
        monkeypatch.setenv("APP_DATABASE_URL", store_url)
    code, out, err = run("-C", str(folder), "check", "--select", "SV1,SV4")
    assert (code, err) == (0, "")
    assert "nobody has decided yet about customers, orders" in out


def test_what_the_text_lacks_stands_in_comments(
    run: Run, fresh_url: Callable[[str], str], tmp_path: Path
) -> None:
    """A text that states what the comments say, once they are none, breaks no law."""
    url = fresh_url("sqlite")
    make(url)
    run("init", url)
    code, out, _ = run("check", "--no-stores", "--format", "concise")
    assert code == 1, "the text says nothing of purposes, recipients and rights"
    assert {"SV201", "SV311", "SV511"} <= set(re.findall(r"SV\d{3}", out))
    path = tmp_path / "policy.yaml"
    path.write_text(re.sub(r"(?m)^#(?! \S)", "", path.read_text()))
    code, out, _ = run("check", "--no-stores", "--format", "concise", "--as-of", "2026-11-22")
    assert (code, re.findall(r"SV\d{3} error", out)) == (0, []), out


def test_the_example_place_can_be_taken_as_it_is(
    run: Run, fresh_url: Callable[[str], str], tmp_path: Path
) -> None:
    url = fresh_url("sqlite")
    make(url, "CREATE INDEX customers_closed ON customers (closed_at)")
    run("init", url)
    path = tmp_path / "stores.yaml"
    lines = (
        path.read_text().replace("    places: {}\n", "").replace("      - customers", "      #").splitlines()
    )
    first = lines.index("    # places:")
    block = lines[first:]
    end = block.index("")
    path.write_text(
        "\n".join([*lines[:first], *(line.replace("# ", "", 1) for line in block[:end]), *block[end:]])
    )
    code, out, _ = run("check", "--select", "SV4", "--format", "concise")
    assert [line.split(": ")[1].split()[0] for line in out.splitlines()[:-1]] == [
        "SV432",
        "SV405",
        "SV408",
        "SV444",
        "SV416",
    ], out
    assert code == 1, "orders point at customers, and nobody has decided about them"


def test_a_password_is_never_written(run: Run, tmp_path: Path, postgres_url: str) -> None:
    url = sa.make_url(postgres_url)
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS reader_of_init")
        connection.exec_driver_sql("CREATE ROLE reader_of_init LOGIN PASSWORD 'geheim'")
    given = url.set(username="reader_of_init", password="geheim").render_as_string(hide_password=False)
    try:
        code, out, err = run("init", given)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql("DROP ROLE reader_of_init")
        engine.dispose()
    assert code == 0, err
    written = (tmp_path / "stores.yaml").read_text() + (tmp_path / "policy.yaml").read_text()
    assert "geheim" not in written + out + err
    assert "url: ${APP_DATABASE_URL}" in written
    assert "export APP_DATABASE_URL='postgresql+psycopg://reader_of_init:PASSWORD@" in out


def test_documents_are_never_overwritten(run: Run, fresh_url: Callable[[str], str], tmp_path: Path) -> None:
    url = fresh_url("sqlite")
    make(url)
    (tmp_path / "stores.yaml").write_text("mine\n")
    code, out, err = run("init", url)
    assert (code, out) == (3, "")
    assert "stores.yaml" in err
    assert (tmp_path / "stores.yaml").read_text() == "mine\n"
    assert not (tmp_path / "policy.yaml").exists()


def test_odd_names_are_quoted(run: Run, fresh_url: Callable[[str], str], tmp_path: Path) -> None:
    url = fresh_url("sqlite")
    make(url, ODD)
    assert run("init", url)[0] == 0
    assert "odd: # name" in load_stores(tmp_path / "stores.yaml").stores["app"].undecided
    assert run("check", "--select", "SV4")[0] == 0


def test_a_path_is_written_as_seen_from_the_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make("sqlite:///app.db")
    assert run("init", "sqlite:///app.db")[0] == 0
    assert "url: ${APP_DATABASE_URL:-sqlite:///app.db}" in (tmp_path / "stores.yaml").read_text()
    assert run("check", "--select", "SV4")[0] == 0


def test_what_cannot_be_read_writes_nothing(run: Run, tmp_path: Path) -> None:
    code, _, err = run("init", "sqlite:///nowhere.db")
    assert code == 2
    assert "there is no file nowhere.db" in err
    code, _, err = run("init", "oracle://x")
    assert code == 2
    assert "nobody knows the URL scheme “oracle”" in err
    assert list(tmp_path.iterdir()) == []
