"""Some rows of a table, to see of which nature its columns are; one bounded statement a table.

Half of the rows come from each end of the key, since old rows may have been emptied and new
columns are filled in new rows only. Texts are cut in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from servanda.stores.sql_lists import Lists

_LONGEST = 400


class Looking(Lists):
    """A connection that can look at some rows."""

    def sample(self, table: str, columns: Sequence[str], rows: int) -> dict[str, tuple[str, ...]]:
        """Texts of some rows by column, those that are NULL left out; they are looked at and forgotten."""
        if not columns:
            return {}
        query = self._ends(table, columns, rows)
        with self.store.errors(), self._reading():
            found = self._connection.execute(query).all()
        texts = zip(columns, zip(*found, strict=True), strict=True) if found else ()
        return {name: tuple(str(v) for v in values if v is not None) for name, values in texts}

    def _ends(self, table: str, columns: Sequence[str], rows: int) -> Any:
        row, key = self._tables[table], self.store.shape.tables[table].key
        cut = [
            sa.func.substr(sa.cast(row.c[c], sa.Text), 1, _LONGEST).label(f"c{i}")
            for i, c in enumerate(columns)
        ]
        if not key:
            return sa.select(*cut).limit(rows)
        first = (
            sa.select(*cut).order_by(*(row.c[k] for k in key)).limit((rows + 1) // 2).subquery("first_rows")
        )
        last = (
            sa.select(*cut).order_by(*(row.c[k].desc() for k in key)).limit(rows // 2).subquery("last_rows")
        )
        return sa.union_all(sa.select(*first.c), sa.select(*last.c))
