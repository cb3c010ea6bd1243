"""Holds both servers until somebody ends the run: test_servers.py starts it, and looks at what is left."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import sqlalchemy as sa


def test_servers_are_held(postgres_url: str, mariadb_url: str, tmp_path: Path) -> None:
    postgres = Path(str(sa.make_url(postgres_url).query["host"]))
    mariadb = Path(str(sa.make_url(mariadb_url).query["unix_socket"])).parent
    pids = [(postgres / "data" / "postmaster.pid").read_text().split()[0], (mariadb / "pid").read_text()]
    held = {
        "worker": os.getpid(),
        "servers": [int(pid) for pid in pids],
        "folders": [str(folder) for folder in (postgres, mariadb)],
        "project": str(tmp_path),
    }
    at = Path(os.environ["SERVERS_HELD"])
    at.with_suffix(".part").write_text(json.dumps(held))
    at.with_suffix(".part").rename(at)
    time.sleep(300)
