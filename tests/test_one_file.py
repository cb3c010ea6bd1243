"""One new file is all that a rule, a right, an action or a kind of store takes.

Each test drops one file into a copy of the package and runs the commands of that copy: `check`, the pages
of the centre, `plan` and `apply`. A right brings its sentences in the catalogues, too.
"""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

import servanda
from projects import policy, retention

RULE = '''
"""The title does not say whose policy it is.

Bad:

    --- policy.yaml
    title: {en: Policy}

Good:

    --- policy.yaml
    title: {en: Privacy policy of Test}

Say in the title whose policy it is.
"""

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View


@rule("SV990", law="GDPR 13(1)(a)", severity="warning")
def check(view: View) -> Iterator[Finding]:
    """Look for the name of the controller in the title."""
    if view.policy.controller.name not in (view.policy.title.en or ""):
        yield fails(view.value_spot("title"), "the title does not name the company", "title: {en: … of Test}")
'''

RIGHT = '''
"""Somebody looks again at what a machine decided (GDPR 22(3))."""

from servanda.law.rights import LegalRight
from servanda.rights.answer.outcome import Line, Outcome
from servanda.rights.answer.pack import counted
from servanda.rights.case import Case
from servanda.rights.right import Right, register


def plan(case: Case) -> Outcome:
    """The rows that the decision was about."""
    return Outcome(lines=tuple(Line(n.places, "keep", n.rows) for n in counted(case).lines))


REVIEW = register(Right(LegalRight("review", "GDPR 22(3)", 23, aliases=("reexamen",)), plan, plan))
'''

SENTENCES = {
    "centre": ("right.review", "right.review.says"),
    "letters": ("right.review", "answered-review.subject", "answered-review.1"),
}

ACTION = '''
"""Mask: the fields that have ended are emptied, and the plan says so in its own words."""

from collections.abc import Sequence

from servanda.actions.action import Action, Run, Step, register
from servanda.stores.verbs import Group, Page, Session, Work


def _act(session: Session, work: Work, page: Page, groups: Sequence[Group]) -> int:
    return session.change(work, page, groups)


def _carry_out(run: Run, step: Step) -> None:
    run.page(step, _act)


MASK = register(
    Action(
        "mask", "≈", "to mask", "masked", "Behind a mask", 22, frozenset({"SELECT", "UPDATE"}), _carry_out,
        noun="visit", end="fields", leaves_bytes=True,
    )
)
'''

STORE = '''
"""A kind of store for the test: SQLite under another scheme."""

from sqlalchemy.engine import URL

from servanda.stores.sql.session import session
from servanda.stores.sql.sqlite.store import SqliteStore
from servanda.stores.store import kind

SCHEMES = ("ledge",)


@kind("ledge", session)
class LedgeStore(SqliteStore):
    """A file of SQLite that calls itself a ledge."""

    kind = "ledge"

    def dial(self, url: URL) -> URL:
        return super().dial(url)
'''


class Copy:
    """A copy of the package, and a project that its commands work on."""

    def __init__(self, folder: Path) -> None:
        self.package = folder / "site" / "servanda"
        self.project = folder / "project"
        shutil.copytree(Path(servanda.__file__).parent, self.package)
        self.project.mkdir()
        self.env = {
            **os.environ,
            "PYTHONPATH": str(self.package.parent),
            "SERVANDA_VAULT": str(folder / "keys"),
            "NO_COLOR": "1",
            "COLUMNS": "160",
        }
        self.shop = self.project / "shop.db"
        with sqlite3.connect(self.shop) as shop:
            shop.executescript(
                """
                CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT);
                CREATE TABLE visits (
                    id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), ip TEXT, seen_at TEXT);
                CREATE INDEX visits_seen ON visits (seen_at);
                CREATE INDEX visits_customer ON visits (customer_id);
                INSERT INTO customers VALUES (1, 'ada@example.com');
                INSERT INTO visits VALUES (1, 1, '192.0.2.1', datetime('now', '-2 years')),
                                          (2, 1, '192.0.2.2', datetime('now', '-1 day'));
                """
            )
        shop.close()
        self.write()

    def drop(self, name: str, text: str) -> None:
        """Put one file into the package."""
        (self.package / name).write_text(dedent(text).strip() + "\n", encoding="utf-8")

    def write(self, *, scheme: str = "sqlite", end: str = "delete") -> None:
        """Write the two documents."""
        visits = {"data": "visit", "person": {"via": "customer_id", "to": "customers"}}
        visits |= {"triggers": {"visit": "seen_at"}}
        if end != "delete":
            visits["at_end"] = {"ip": None}
        customers = {"data": "account", "person": "self", "identifiers": {"email": "email"}}
        store = {"url": f"{scheme}:///shop.db", "timezone": "UTC"}
        stores = {
            "servanda": 1,
            "stores": {"app": {**store, "places": {"visits": visits, "customers": customers}}},
        }
        promises = [retention("T-RET-01", "visit", "visit", "P6M", end=end)]
        written = policy(promises, languages=["en", "fr"])
        written["categories"]["account"] = {"says": {"en": "account"}, "audience": "customer"}
        for name, document in (("policy", written), ("stores", stores)):
            (self.project / f"{name}.yaml").write_text(yaml.safe_dump(document, sort_keys=False))

    def run(self, *args: str, exits: int | None = 0) -> str:
        """What a command of the copy prints."""
        done = subprocess.run(
            [sys.executable, "-m", "servanda", *args],
            cwd=self.project, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert exits in (None, done.returncode), said
        return said

    @contextmanager
    def served(self) -> Iterator[str]:
        """The centre of the copy, by its address."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "servanda", "serve", "--port", str(port)]
        with subprocess.Popen(command, cwd=self.project, env=self.env, stdout=subprocess.DEVNULL) as server:
            until = time.monotonic() + 60
            while socket.socket().connect_ex(("127.0.0.1", port)):
                assert server.poll() is None, "the centre stopped"
                assert time.monotonic() < until, "the centre did not start"
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
            server.terminate()

    def page(self, path: str, language: str = "en") -> str:
        """A page of the centre."""
        with self.served() as base:
            asked = urllib.request.Request(base + path, headers={"Accept-Language": language})
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return str(answer.read().decode())

    def visits(self) -> list[tuple[int, str | None]]:
        """What is left in the table."""
        shop = sqlite3.connect(self.shop)
        try:
            return shop.execute("SELECT id, ip FROM visits ORDER BY id").fetchall()
        finally:
            shop.close()


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    made = Copy(tmp_path)
    made.run("keys", "init")
    return made


def test_a_rule_is_one_file(copy: Copy) -> None:
    copy.drop("rules/notice/title_names_the_company.py", RULE)
    (copy.project / "policy.yaml").write_text(
        (copy.project / "policy.yaml").read_text().replace("en: Test\n", "en: Policy\n", 1)
    )
    said = copy.run("check", "--select", "SV990", exits=None)
    assert "SV990" in said
    assert "the title does not name the company" in said
    assert "GDPR 13(1)(a)" in said
    assert "Say in the title whose policy it is" in copy.run("rule", "SV990")
    assert "Policy" in copy.page("/policy")
    assert "1 to delete" in copy.run("plan")
    copy.run("apply", "--yes")
    assert copy.visits() == [(2, "192.0.2.2")]


def test_a_right_is_one_file_and_its_sentences(copy: Copy) -> None:
    copy.drop("rights/each/review.py", RIGHT)
    said = copy.run("serve", "--port", "0", exits=2)
    assert "en/centre.po right.review" in said
    assert "fr/letters.po answered-review.subject" in said

    for language in ("en", "fr"):
        for domain, keys in SENTENCES.items():
            with (copy.package / "locale" / language / f"{domain}.po").open("a", encoding="utf-8") as file:
                file.writelines(f'\nmsgid "{key}"\nmsgstr "{language} words for {key}"\n' for key in keys)
    copy.run("check", "--select", "SV4")
    page = copy.page("/rights", "fr")
    assert "fr words for right.review.says" in page
    assert "fr words for right.review" in copy.page("/ask/review", "fr")

    copy.run("request", "open", "reexamen", "--about", "ada@example.com")
    copy.run("request", "identify", "1", "--method", "she called back")
    said = copy.run("request", "plan", "1")
    assert "app.customers" in said
    assert "app.visits" in said
    copy.run("request", "apply", "1")
    copy.run("request", "answer", "1")
    letters = copy.run("post", "list")
    assert "answered-review" in letters
    assert "1 to delete" in copy.run("plan")
    copy.run("apply", "--yes")
    assert copy.visits() == [(2, "192.0.2.2")]


def test_an_action_is_one_file(copy: Copy) -> None:
    copy.drop("actions/mask.py", ACTION)
    copy.write(end="mask")
    copy.run("check", "--select", "SV4")
    assert "visit" in copy.page("/policy")
    said = copy.run("plan")
    assert "Behind a mask" in said
    assert "1 to mask" in said
    said = copy.run("apply", "--yes")
    assert "masked" in said
    assert copy.visits() == [(1, None), (2, "192.0.2.2")]
    assert "0 rows ended" in copy.run("apply", "--yes")
    assert "1 kept" in copy.run("promises")


def test_a_kind_of_store_is_one_file(copy: Copy) -> None:
    copy.drop("stores/sql/ledge.py", STORE)
    copy.write(scheme="ledge")
    copy.run("check", "--select", "SV4")
    assert "app.visits" in copy.run("stores")
    assert "visit" in copy.page("/policy")
    assert "1 to delete" in copy.run("plan")
    copy.run("apply", "--yes")
    assert copy.visits() == [(2, "192.0.2.2")]
    assert "1 kept" in copy.run("promises")
