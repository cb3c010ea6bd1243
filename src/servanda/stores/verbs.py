"""The interface of a store: the verbs that plans, actions and `apply` use.

    Store     where the data are: what it is, what it looks like, what it can
    Session   one connection to it, with the lists that conditions refer to
      work → ready → pages → attempt(delete | change)     rows end page by page

The interface consists of protocols: a kind of store inherits nothing. Verbs that it lacks are missing in
`Dialect.verbs`, and binding or pre-flight refuse them before any change:

    delete    whole rows can be ended         change   columns can be emptied, a row stays
    key       rows have a key: lists, letters, events, holds on persons
    compare   columns can be compared as raw values

A database deletes a row by marking it; its bytes stay until they are overwritten (`Dialect.residue_note` says where).
`Store.scrub` rewrites tables, so that their files contain no deleted bytes. Recovery and replication logs, and backups,
are not covered: they expire by their own periods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from servanda.stores.document.change import Change
from servanda.stores.document.document import Place
from servanda.stores.selection import Condition, Identity, LatestTime, Link, TimeColumn
from servanda.stores.shape import Shape, Table

if TYPE_CHECKING:
    import sqlalchemy as sa


EVERYTHING = frozenset({"delete", "change", "key", "compare"})
"""What a database can."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a store is used: the company's zone, its own, the size of a page, the patience for locks (s).

    `places` are what the document says of it, for a kind that has no catalogue to ask.
    """

    zone: str
    naive_zone: str
    schema: str | None = None
    page: int | None = None
    lock_timeout: int = 5
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pacing:
    """How long a page of a kind of store should take, in seconds, and how many times as long it then rests.

    `most` is the number of rows that a page never exceeds, however fast it is; `ceiling`
    the rows a second that a gentle sweep never exceeds.
    """

    gentle_page: float
    rest: float
    full_page: float
    most: int
    ceiling: int | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between kinds of store. One constant a kind; nothing else compares kinds."""

    residue_note: str
    """What may remain of ended rows in the files of the store, in words for the evidence."""
    pacing: Pacing
    """How long pages take and rest."""
    verbs: frozenset[str] = EVERYTHING
    """What can be done here: some of delete, change, key and compare."""
    locks_rows: bool = True
    """Whether a page can lock its rows; SQLite locks the whole file."""
    for_update_of: bool = False
    """Whether FOR UPDATE can name the one table whose rows it locks."""
    stores_time_as_text: bool = False
    """Whether times lie there as text, whatever the type of their column says."""
    erase_batch_size: int = 500
    """How many persons leave in one transaction, where many leave together."""
    temp_tables_emptied_on_commit: bool = False
    """Whether the end of a transaction empties our temporary tables."""
    counts_inserted_rows: bool = False
    """Whether an INSERT may be part of a SELECT that counts what it inserted."""
    insert_select_takes_no_locks: bool = True
    """Whether INSERT … SELECT locks none of the rows that it reads."""
    optimizer_fence: bool = False
    """Whether OFFSET 0 has a subquery asked row by row, and a statement may read the table that it changes."""
    nests_few: bool = False
    """Whether a statement may be nested a few times only, as SQLite's parser has it."""
    clock: str = ""
    """The query for the time of the server, in UTC; empty where there is no server."""
    index_prefix: bool = False
    """Whether an index on a text without a length needs a prefix length."""


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """One table written anew, with the bytes of its files before and after; or why it was not.

    Without bytes before, there was nothing to write anew.
    """

    table: str
    before: int = 0
    after: int = 0
    refused: str = ""


Group = tuple[Condition | None, tuple[tuple[str, Change], ...]]
"""Columns to change, and the condition under which; None: for every row of the page."""

Work = Any
"""What the pages of one step share. Each kind has its own; the rooms above only hand it back."""

Page = Any
"""The rows that end together. Each kind has its own; the rooms above only hand it back."""

Key = tuple[Any, ...]


class PageTooSlow(Exception):
    """A page took longer than its time; it was undone, and smaller ones can be tried."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition that is over. `lowest`: nothing bounds it below, so that undated rows may lie in it."""

    table: str
    name: str
    schema: str | None
    bounds: str
    lowest: bool
    filled: bool = True


@dataclass(frozen=True, slots=True)
class Whole:
    """Partitions that go together, as one page, and the condition that each of their rows must meet."""

    parts: tuple[Partition, ...]
    condition: Condition

    @property
    def names(self) -> list[str]:
        """The partitions' names, for the ledger."""
        return [part.name for part in self.parts]


class Partitions:
    """What a kind of store does with partitions; this one has none.

    `took` is how long the last drop took (s); `counted`, how long rows were counted since the session began (s).
    """

    def __init__(self) -> None:
        self.took = 0.0
        self.counted = 0.0
        self.remarks: list[str] = []

    def whole(self, table: str, condition: Condition) -> Iterator[Whole]:
        """The partitions of a table in which every row meets a condition, some at a time, the oldest first."""
        del table, condition
        return iter(())

    def drop(self, whole: Whole, check: Callable[[], None]) -> int:
        """Take partitions out, call `check`, look again, and drop them. Returns how many rows they had.

        Whatever `check` raises goes on to the caller, after everything was put back.
        """
        del check
        raise NotImplementedError(whole.names)

    def restore_detached(self) -> list[str]:
        """Put back what a process that died left taken out. Returns a sentence for each partition."""
        return []

    def detached(self, table: str) -> list[sa.FromClause]:
        """What is taken out of a table now, as tables of their own; their rows are still rows of the table."""
        del table
        return []

    def describe(self, table: str, condition: Condition) -> str:
        """What a plan says of a table: how many partitions are over as a whole, or why none can be dropped."""
        del table, condition
        return ""


class Store(Protocol):
    """A database, a folder, a tool: what it is, and what its kind says differently."""

    kind: str
    dialect: Dialect
    secret: bytes
    name: str
    settings: Settings

    @property
    def journal(self) -> str:
        """The mode of SQLite's journal, in small letters; empty where a reader never waits for a writer."""

    @property
    def shape(self) -> Shape:
        """What the store contains, read once. Raises StoreDown where it does not answer."""

    def look_again(self) -> Shape:
        """The shape as it is now, read afresh."""

    def scrub(self, tables: Sequence[str]) -> Iterator[Scrubbed]:
        """Write tables anew, so that their files hold no byte of what was deleted; each as it is done."""

    def close(self) -> None:
        """Give back whatever is open."""

    def quoted(self, table: str) -> str:
        """A table's name as this store wants it written."""

    def create_index(self, table: Table, columns: Sequence[str]) -> str:
        """The exact statement that makes an index."""

    def grants(self, tables: dict[str, frozenset[str]], reader: str, writer: str) -> list[str]:
        """What gives a reading and a writing role exactly the rights that they need."""


class Session(Protocol):
    """One connection to a store. Its pages should take `aim` seconds; the last one took `took`."""

    aim: float
    took: float
    partitions: Partitions

    @property
    def size(self) -> int:
        """The most rows that the next page ends, as far as one can say before."""

    @property
    def store(self) -> Store:
        """The store that it leads to."""

    # -- lists of keys that conditions refer to ----------------------------------------------

    def clock(self) -> datetime | None:
        """The time of the store's server, in UTC; None where there is no server."""

    def make_list(
        self,
        name: str,
        table: str,
        key: Sequence[str],
        *,
        dated: bool = False,
        identity: Identity | None = None,
    ) -> None:
        """Make an empty list of keys of a table, with the marks of their rows; one of that name is replaced."""

    def fill(self, name: str, rows: Iterable[Sequence[Any]]) -> None:
        """Put keys (and days, in a dated list; and marks, with an identity) into a list."""

    def fill_where(self, name: str, table: str, condition: Condition) -> int:
        """Put the keys of the rows that meet a condition into a list. Returns how many."""

    def stage_days(self, name: str) -> None:
        """Make room beside a dated list for the days of one page; before its transaction begins."""

    def merge_days(self, name: str, rows: Iterable[Sequence[Any]]) -> None:
        """Put later days into a dated list, inside the transaction of a page."""

    # -- reading -----------------------------------------------------------------------------

    def read_first_times(self, columns: Iterable[tuple[str, TimeColumn]]) -> None:
        """Read at once what `learn_forms` needs of many columns, each with its table."""

    def learn_forms(self, table: str, columns: Iterable[TimeColumn]) -> None:
        """See how columns write their times. Raises StoreError where they cannot be compared."""

    def cut(self, table: str, time: TimeColumn, day: date) -> Any:
        """The first raw value of a column that lies on the company's local `day` or later."""

    def count(self, table: str, condition: Condition) -> int:
        """How many rows of a table meet a condition, and could be ended now."""

    def total(self, table: str, condition: Condition) -> int:
        """How many rows there are, to judge the size of a step by; near enough where counting is dear."""

    def in_use(self, table: str, condition: Condition) -> int:
        """How many rows meet a condition where a program is writing, so that nobody may end them now."""

    def remarks(self, table: str) -> Iterable[tuple[str, str]]:
        """What somebody should know that no other rule sees: a sentence without values, and what to do."""

    def latest(self, table: str, condition: Condition, trigger: TimeColumn) -> date | None:
        """The greatest local date of a column among the rows that meet a condition."""

    def sample(self, table: str, columns: Sequence[str], rows: int) -> dict[str, tuple[str, ...]]:
        """Texts of some rows by column, to see of which nature they are; never shown, never kept."""

    def smallest_group(self, table: str, columns: Sequence[str], condition: Condition) -> int | None:
        """The size of the smallest group of rows that look alike (k-anonymity)."""

    def keys(self, table: str, condition: Condition, name: str = "") -> list[Key]:
        """The keys of the rows that meet a condition, for letters to persons; with the mark for a list of that name."""

    def find(
        self, table: str, column: str, value: str | int, links: Sequence[Link] = (), at: Sequence[str] = ()
    ) -> list[Key]:
        """The keys of the rows with this identifier; with `links`, and columns of the row at their end."""

    def lacking(self, table: str, verbs: frozenset[str]) -> frozenset[str]:
        """Which of these rights our role lacks on a table."""

    # -- ending rows, page by page -----------------------------------------------------------

    def work(self, table: str, condition: Condition, since: date | None = None) -> Work:
        """Prepare to page through the rows that meet a condition, from a local date on."""

    def ready(self, work: Work) -> None:
        """Make what the pages need, and clear away what a process that died left behind."""

    def pages(self, work: Work) -> Iterator[Page]:
        """The pages of the work, each looked for when the one before is done."""

    def attempt(self, act: Callable[[], int]) -> int:
        """Do something as one page: wholly or not at all; again, later, while locks are in the way.

        Raises PageTooSlow where the store cut it off.
        """

    def delete(self, work: Work, page: Page) -> int:
        """Delete the rows of a page. Returns how many. Raises StoreError where the database left some of them."""

    def change(self, work: Work, page: Page, groups: Sequence[Group]) -> int:
        """Write the changes of each group into the rows of a page. Returns how many rows.

        Raises StoreError where the database then holds another value.
        """

    def renew(self, statement: str) -> None:
        """Renew a copy of rows that the database keeps, by the statement of its shape. Raises StoreError."""

    def latest_by(self, work: Work, page: Page, trigger: LatestTime) -> list[tuple[Any, ...]]:
        """Of each parent, the latest date among the rows of a page: (key…, local date, mark of the parent, rows)."""
