"""The sweep against hand-written SQL, on the tables that docs/reference/benchmarks.md describes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import database_servers
import sweep_mariadb
import sweep_memory
import sweep_postgres
import sweep_sqlite
from measure import Sheet

Measure = Callable[[Sheet, str], None]


def run(sheet: Sheet, only: str) -> None:
    """Measure what is asked for; a server is started when the first of its rows is wanted."""
    kinds: tuple[tuple[Callable[[], AbstractContextManager[str]], dict[str, Measure]], ...] = (
        (lambda: database_servers.postgres(durable=True), sweep_postgres.MEASURES),
        (
            lambda: database_servers.mariadb("--innodb-buffer-pool-size=1G", durable=True),
            sweep_mariadb.MEASURES,
        ),
    )
    for server, measures in kinds:
        wanted = _wanted(measures, only)
        if wanted:
            with server() as url:
                for measure in wanted:
                    measure(sheet, url)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="servanda-bench-")))
        for measure in _wanted({**sweep_sqlite.MEASURES, **sweep_memory.MEASURES}, only):
            measure(sheet, str(folder))


def _wanted(measures: dict[str, Measure], only: str) -> list[Measure]:
    return [m for name, m in measures.items() if name.startswith(only) or only.startswith(name)]
