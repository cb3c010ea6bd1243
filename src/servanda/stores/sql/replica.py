"""Replicas: how far behind they are, so that a sweep does not leave them further behind.

A sweep writes faster than most applications, and a replica returns old rows until it has caught up.
"""

from __future__ import annotations

from contextlib import closing
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from servanda.errors import StoreDown, StoreError

_POSTGRES = (
    "SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0"
    " WHEN pg_last_wal_receive_lsn() IS NOT DISTINCT FROM pg_last_wal_replay_lsn() THEN 0"
    " ELSE EXTRACT(EPOCH FROM now() - COALESCE(pg_last_xact_replay_timestamp(), pg_postmaster_start_time())) END"
)
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mariadb": "mariadb+pymysql",
}


class Replica:
    """A replica of a store, asked through its own URL."""

    def __init__(self, store: str, address: str) -> None:
        self.store = store
        url = make_url(address)
        kind = url.drivername.split("+")[0]
        if kind not in _DRIVERS:
            raise StoreError(
                f"store “{store}”: a replica is PostgreSQL or MariaDB, not {kind}",
                advice="correct replicas: in stores.yaml",
            )
        self._kind = kind
        timeout = {"connect_timeout": 3}
        self._engine = sa.create_engine(
            url.set(drivername=_DRIVERS[kind]), isolation_level="AUTOCOMMIT", connect_args=timeout
        )

    def lag(self) -> float:
        """How many seconds it is behind. Raises StoreDown where it does not answer or does not follow."""
        try:
            with closing(self._engine.connect()) as connection:
                behind = self._behind(connection)
        except sa.exc.DBAPIError:
            behind = None
        if behind is None:
            raise StoreDown(
                f"a replica of store “{self.store}” does not answer, or does not follow",
                advice="repair it, or take it out of replicas: in stores.yaml",
            )
        return float(behind)

    def _behind(self, connection: sa.Connection) -> Any:
        if self._kind != "mariadb":
            return connection.exec_driver_sql(_POSTGRES).scalar()
        row = connection.exec_driver_sql("SHOW REPLICA STATUS").mappings().first()
        return None if row is None else row["Seconds_Behind_Master"]

    def close(self) -> None:
        """Give back its connections."""
        self._engine.dispose()
