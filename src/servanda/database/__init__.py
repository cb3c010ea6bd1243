"""Servanda's own tables and transactions, on SQLite, PostgreSQL or MariaDB.

    db = Database.open(None, folder)          # servanda.db in the project's folder
    with db.begin() as connection:            # one write transaction
        connection.execute(insert(tables.page).values(...))
    with db.read() as connection:             # one snapshot, nothing is written
        ...
    with db.exclusive("apply"):               # only one process at a time
        ...

`open` brings an older database forward, after a copy of the SQLite file, and refuses
one that a newer program has used.
"""

from servanda.database import tables
from servanda.database.database import Database, moment, put
from servanda.database.tables import MIGRATIONS

__all__ = ["MIGRATIONS", "Database", "moment", "put", "tables"]
