"""Small projects for tests: a folder with a policy, a stores document and a database of any kind."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa
import yaml

from servanda.apply import Options, Outcome, apply
from servanda.apply.options import Pause
from servanda.apply.pace import PaceChoice
from servanda.database import Database
from servanda.ledger import Ledger
from servanda.persons.holds import Holds
from servanda.plan.make import Circumstances, make
from servanda.plan.plan import Plan, Saved, Step
from servanda.project import Project
from servanda.vault import Vault

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def retention(id_: str, data: str, trigger: str, active: str, **more: Any) -> dict[str, Any]:
    """A promise with one retention."""
    enforced = {
        "data": data,
        "trigger": trigger,
        "active": active,
        "ground": {"choice": f"test {id_}"},
    } | more
    return {
        "id": id_,
        "kind": "retention",
        "keep": "enforce",
        "line": 1,
        "says": {"en": f"{data} stay {active} from {trigger}."},
        "published": {"period": active},
        "enforced": [enforced],
    }


def policy(promises: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A policy document with these promises; its categories are those that they speak of."""
    names = sorted({str(e["data"]) for p in promises for e in p["enforced"]})
    return {
        "servanda": 1,
        "title": {"en": "Test"},
        "controller": {"name": "Test", "email": "dpo@example.com", "country": "FR"},
        "jurisdictions": ["FR"],
        "languages": ["en"],
        "version": {"number": "1", "effective_from": "2026-01-01"},
        "timezone": "Europe/Paris",
        "audiences": {"customer": {"says": {"en": "Customers"}}},
        "categories": {n: {"says": {"en": n}, "audience": "customer"} for n in names},
        "promises": promises,
    } | more


class Choices(TypedDict, total=False):
    """What a test may choose of an apply; the rest is quick and at full pace."""

    allow: Mapping[str, int]
    stop: Callable[[], bool]
    quick: bool
    pace: PaceChoice | None
    pause: Pause | None
    scrub: bool


class Quiet:
    """A listener that remembers what it was told."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.pages: list[tuple[str, int]] = []

    def said(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def moved(self, step: Step, done: int) -> None:
        self.pages.append((step.id, done))


@dataclass
class TestProject:
    """A project in a folder, with its database and keys."""

    __test__ = False
    folder: Path
    url: str
    db: Database
    vault: Vault
    listener: Quiet = field(default_factory=Quiet)
    read: dict[str, tuple[int, Any]] = field(default_factory=dict)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.db, self.vault)

    @property
    def holds(self) -> Holds:
        return Holds(self.db, self.vault, self.ledger)

    def at(self, now: datetime = NOW) -> Project:
        """The project as the program has it, at an instant."""
        made = Project(self.folder, clock=lambda: now, database=self.db, vault=self.vault)
        made._documents = self.read  # read again when a file changes, as the worker does
        return made

    @contextmanager
    def opened(self, now: datetime = NOW, **how: Any) -> Iterator[Project]:
        with self.at(now).open_stores(**how) as opened:
            yield opened

    def circumstances(self, now: datetime = NOW) -> Circumstances:
        return Circumstances.of(self.at(now))

    def plan(self, now: datetime = NOW, *, quick: bool = True) -> Plan:
        with self.opened(now) as project:
            return make(project, quick=quick)

    def apply(self, now: datetime = NOW, saved: Saved | None = None, **options: Unpack[Choices]) -> Outcome:
        with self.opened(now) as project:
            choices: Choices = {"quick": True, "pace": "full"}
            chosen = Options(**(choices | options))
            return apply(project, saved=saved, options=chosen, listener=self.listener)

    def engine(self) -> sa.Engine:
        return _engine(self.url)

    def run(self, *statements: str) -> None:
        with self.engine().begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.engine().connect() as connection:
            return [tuple(r) for r in connection.exec_driver_sql(query)]


@cache
def _engine(url: str) -> sa.Engine:
    """The engine of the application of a test; no connection stays open."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA foreign_keys = ON"))
    return engine


@cache
def _empty_database() -> bytes:
    """Servanda's own database as a migration makes it; thousands of tests begin with it."""
    with tempfile.TemporaryDirectory() as folder:
        Database.open(None, Path(folder)).close()
        return (Path(folder) / "servanda.db").read_bytes()


def project(
    folder: Path,
    url: str,
    policy_: dict[str, Any],
    places: dict[str, Any],
    archives: dict[str, Any] | None = None,
    **store: Any,
) -> TestProject:
    """Write the documents of a project and open its own database and keys."""
    folder.mkdir(parents=True, exist_ok=True)
    stores: dict[str, Any] = {"servanda": 1} | ({"archives": archives} if archives else {})
    stores["stores"] = {"app": {"url": url, "places": places} | store}
    (folder / "policy.yaml").write_text(yaml.safe_dump(policy_, sort_keys=False), encoding="utf-8")
    (folder / "stores.yaml").write_text(yaml.safe_dump(stores, sort_keys=False), encoding="utf-8")
    own = folder / "servanda.db"
    if not own.exists():
        own.touch(mode=0o600)
        own.write_bytes(_empty_database())
    db = Database.open(None, folder)
    vault = Vault.create(db) if db.setting("vault") is None else Vault.open(db)
    return TestProject(folder, url, db, vault)
