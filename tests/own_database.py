"""An empty database of Servanda's own on each kind of server, for the tests of several rooms."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from servanda.database.engine import make_engine, parse_url

SERVERS = {"sqlite": None, "postgres": "postgres_url", "mariadb": "mariadb_url"}


def own_database(request: pytest.FixtureRequest, kind: str) -> Iterator[str | None]:
    """Yield the address of a new, empty database; None means SQLite in the test's folder."""
    fixture = SERVERS[kind]
    if fixture is None:
        yield None
        return
    try:
        server = parse_url(str(request.getfixturevalue(fixture)), Path())
    except pytest.FixtureLookupError:
        pytest.skip(f"no fixture {fixture}")
    name = f"servanda_own_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    engine = make_engine(server)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        forced = " WITH (FORCE)" if engine.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}{forced}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield server.set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}{forced}"))
    engine.dispose()
