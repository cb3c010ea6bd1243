"""What a store really contains, as it was read from it: tables, columns, keys, references, indexes."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type as the store spells it, and what a change of it must respect.

    `time` is the kind of time that its type says (aware, naive, date) or "" where it says none. `default`
    is what is written where nothing is said, as the store spells it. `holds` is what its type can hold: text, choice
    (one of `choices`), set (some of them), integer (between `bounds`), number (with `decimals`), boolean, date, time,
    uuid, ip, json, bytes, other; "" where any value can be written.
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
    holds: str = ""
    choices: tuple[str, ...] = ()
    bounds: tuple[int, int] | None = None
    decimals: int | None = None
    computed_from: str = ""

    @property
    def pseudonym_length(self) -> int:
        """How many characters a pseudonym has here: 36, or as many as the column holds."""
        return 36 if self.length is None else min(36, self.length)


@dataclass(frozen=True, slots=True)
class Points:
    """A real foreign key: columns here, the table and columns there, and what a delete there does."""

    columns: tuple[str, ...]
    table: str
    to_columns: tuple[str, ...]
    on_delete: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseTrigger:
    """A trigger or rule of the database, and the other tables that its text writes; what it puts together is not known.

    `on` are the changes that it runs on (DELETE, UPDATE); `instead` those that a rule replaces by something else;
    `undoes` those that, by its text, it may leave undone: a trigger that returns NULL or puts a value back.
    """

    name: str
    writes: tuple[str, ...] = ()
    on: frozenset[str] = frozenset()
    instead: frozenset[str] = frozenset()
    undoes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class UniqueIndex:
    """A unique index on more than plain columns: expressions, some rows, prefixes; or one that takes NULL only once.

    `columns` are those that its definition names. `nulls`: whether NULL may collide, too. `prefix`: whether only the
    beginning of a value counts.
    """

    name: str
    columns: tuple[str, ...]
    nulls: bool = False
    prefix: bool = False


_NULL_IS_A_VALUE = re.compile(
    r"\b(?:coalesce|ifnull|nvl2?|isnull|num_n(?:on)?nulls|concat|concat_ws|case)\b|<=>"
    r"|\bis\s+(?:not\s+)?(?:null|distinct|true|false|unknown)\b",
    re.IGNORECASE,
)


def null_is_a_value(expression: str) -> bool:
    """Whether an SQL expression treats NULL as a value, where others become NULL themselves."""
    return bool(_NULL_IS_A_VALUE.search(expression))


@dataclass(frozen=True, slots=True)
class StoredCopy:
    """A copy of a table's rows that the database keeps elsewhere, and that does not go with the row.

    `kind` is history, materialised view, full text, large object or child table; `name` what holds the copy. `renew` is
    the statement that makes the copy follow the table again; empty where none does, or our role may not run it.
    """

    kind: str
    name: str
    renew: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view. `key` is its primary key, else a unique NOT NULL key, else empty.

    `hidden`: row-level security may hide rows of it from our role. `inherited`: tables that are no partitions inherit
    from it, so that a statement must say ONLY. `checks` are the texts of its CHECK constraints, and of those of its
    columns' domains. `pointed_at` are columns that foreign keys lead to.
    """

    name: str
    schema: str | None
    columns: dict[str, Column]
    key: tuple[str, ...]
    points: tuple[Points, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    unique_indexes: tuple[UniqueIndex, ...] = ()
    checks: tuple[str, ...] = ()
    pointed_at: frozenset[str] = frozenset()
    copies: tuple[StoredCopy, ...] = ()
    inherited: bool = False
    view: bool = False
    rolls_back: bool = True
    database_triggers: tuple[DatabaseTrigger, ...] = ()
    partitioned: bool = False
    hidden: bool = False

    def may_undo(self, verb: str) -> bool:
        """Whether a trigger, a rule or a policy may leave rows as they were after a DELETE or an UPDATE."""
        return self.hidden or self.view or any(verb in trigger.on for trigger in self.database_triggers)

    def instead_of(self, verb: str) -> str:
        """The name of a rule that does something else in the place of a DELETE or an UPDATE; empty if none does."""
        return next((t.name for t in self.database_triggers if verb in t.instead), "")

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
