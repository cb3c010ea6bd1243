"""What a store really contains, as it was read from it: tables, columns, keys, references, indexes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type as the store spells it, and what a change of it must respect.

    `time` is the kind of time that its type says (aware, naive, date) or "" where it says none. `default`
    is what is written where nothing is said, as the store spells it.
    """

    name: str
    type: str
    nullable: bool
    time: str = ""
    number: bool = False
    on_update: bool = False
    generated: bool = False
    length: int | None = None
    default: str | None = None
    collation: str = ""


@dataclass(frozen=True, slots=True)
class Points:
    """A real foreign key: columns here, the table and columns there, and what a delete there does."""

    columns: tuple[str, ...]
    table: str
    to_columns: tuple[str, ...]
    on_delete: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseTrigger:
    """A trigger of the database, and the other tables that its text writes; what it puts together is not known."""

    name: str
    writes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view. `key` is its primary key, else a unique NOT NULL key, else empty.

    `hidden`: row-level security may hide rows of it from our role.
    """

    name: str
    schema: str | None
    columns: dict[str, Column]
    key: tuple[str, ...]
    points: tuple[Points, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    checked: frozenset[str] = frozenset()
    view: bool = False
    rolls_back: bool = True
    database_triggers: tuple[DatabaseTrigger, ...] = ()
    partitioned: bool = False
    hidden: bool = False

    def indexed(self, columns: tuple[str, ...]) -> bool:
        """Whether an index, or the key, begins with these columns in any order."""
        wanted, size = set(columns), len(columns)
        return any(set(index[:size]) == wanted for index in (*self.indexes, self.key) if index)


@dataclass(frozen=True, slots=True)
class Shape:
    """The tables of a store, by name as the store spells it.

    `outside` names, for a table, those of other schemas or databases whose foreign keys point at it.
    """

    tables: dict[str, Table] = field(default_factory=dict)
    outside: dict[str, list[str]] = field(default_factory=dict)

    def pointing_at(self, name: str) -> list[tuple[Table, Points]]:
        """Every real foreign key of any table that points at this one."""
        return [(t, p) for t in self.tables.values() for p in t.points if p.table == name]

    def digest(self, names: list[str]) -> str:
        """SHA-256 of the shape of some tables, to notice that one was swapped under a plan."""
        text = json.dumps({n: asdict(self.tables[n]) for n in sorted(names)}, sort_keys=True, default=sorted)
        return hashlib.sha256(text.encode()).hexdigest()
