"""A database whose rows end in every way at once, an oracle that knows each row, and applies that are killed.

    visits     deleted by a trigger of their own         profiles   emptied, their rows stay
    logins     deleted; their latest date is remembered  invoices   deleted before their account
    accounts   deleted by what their log-ins say, after their children

The world goes on over the rounds. A trigger of the database notes each row that is
emptied, so that one which was emptied twice would be seen.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from projects import TODAY, TestProject, policy, project, retention
from servanda.ledger import Entry
from servanda.persons.holds import HeldPerson, HeldRows

PAGE = 100
VIA = {"via": "account_id", "to": "accounts"}
PLACES: dict[str, Any] = {
    "accounts": {
        "data": "account",
        "person": "self",
        "triggers": {"login": {"latest": "logins.at", "else": "created", "remember": True}},
    },
    "logins": {"data": "login", "person": VIA, "triggers": {"login": "at"}},
    "invoices": {"data": "books", "person": VIA, "triggers": {"issued": "issued"}},
    "visits": {"data": "visit", "person": "none", "triggers": {"visit": "at"}},
    "profiles": {
        "data": "profile",
        "person": "none",
        "triggers": {"closure": "closed"},
        "at_end": {"name": {"constant": "-"}, "email": None},
    },
}
PROMISES = [
    retention("K-RET-01", "account", "login", "P3Y"),
    retention("K-RET-02", "login", "login", "P1Y"),
    retention("K-RET-03", "books", "issued", "P2Y"),
    retention("K-RET-04", "visit", "visit", "P1Y"),
    retention("K-RET-05", "profile", "closure", "P1Y", end="anonymise"),
]
YEARS = {"accounts": 3, "logins": 1, "invoices": 2, "visits": 1, "profiles": 1}
STEPS = {
    "app.accounts:delete:K-RET-01": "accounts",
    "app.logins:delete:K-RET-02": "logins",
    "app.invoices:delete:K-RET-03": "invoices",
    "app.visits:delete:K-RET-04": "visits",
    "app.profiles:anonymise:K-RET-05": "profiles",
}
ALLOW = {f"app.{name}": 1_000_000 for name in YEARS}
HELD_ACCOUNTS, HELD_VISITS = {3, 11}, {1, 2, 3, 4, 5}
PHASES = (
    "before its first entry",
    "between pages",
    "page intended",
    "page done, not recorded",
    "after its end",
)

SCHEMA = [
    "CREATE TABLE accounts (id INTEGER PRIMARY KEY, created DATE)",
    "CREATE TABLE logins (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL, at DATE,"
    " FOREIGN KEY (account_id) REFERENCES accounts (id))",
    "CREATE INDEX logins_account ON logins (account_id, at)",
    "CREATE INDEX logins_at ON logins (at)",
    "CREATE TABLE invoices (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL, issued DATE,"
    " FOREIGN KEY (account_id) REFERENCES accounts (id))",
    "CREATE INDEX invoices_account ON invoices (account_id)",
    "CREATE TABLE visits (id INTEGER PRIMARY KEY, at DATE)",
    "CREATE INDEX visits_at ON visits (at)",
    "CREATE TABLE profiles (id INTEGER PRIMARY KEY, name VARCHAR(20), email VARCHAR(40), closed DATE)",
    "CREATE INDEX profiles_closed ON profiles (closed)",
    "CREATE TABLE emptied (id INTEGER)",
]
NOTES = {
    "sqlite": [
        "CREATE TRIGGER noted AFTER UPDATE ON profiles BEGIN INSERT INTO emptied VALUES (NEW.id); END"
    ],
    "mariadb": [
        "CREATE TRIGGER noted AFTER UPDATE ON profiles FOR EACH ROW INSERT INTO emptied VALUES (NEW.id)"
    ],
    "postgres": [
        "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO emptied VALUES (NEW.id); RETURN NEW; END $$",
        "CREATE TRIGGER noted AFTER UPDATE ON profiles FOR EACH ROW EXECUTE FUNCTION noted()",
    ],
}


@dataclass(slots=True)
class World:
    """Every row that ever was, and the project that ends them. `rows[table][id]` is (account or 0, day)."""

    kind: str
    found: TestProject
    chance: random.Random
    rows: dict[str, dict[int, tuple[int, date | None]]] = field(
        default_factory=lambda: {t: {} for t in YEARS}
    )
    gone: dict[str, set[int]] = field(default_factory=lambda: {t: set() for t in YEARS})
    unknown: Counter[str] = field(default_factory=Counter)
    read_to: int = 0

    # -- what there is ---------------------------------------------------------------------

    def add(self, size: int = 350, *, apart: bool = False) -> None:
        """Add rows: most of them are over, some are not, some have no date; `size` visits, and less of the rest.

        `apart`: children only of accounts that are new, since the others may be ending at the same time.
        """
        new: dict[str, list[tuple[int, int, date | None]]] = {t: [] for t in YEARS}
        accounts = [] if apart else [i for i in self.rows["accounts"] if i not in self.gone["accounts"]]
        for table, count in (("accounts", size // 5), ("visits", size), ("profiles", size // 3)):
            new[table] = [(id_, 0, self._day(table)) for id_ in self._next(table, count)]
        accounts += [row[0] for row in new["accounts"]]
        for table, count in (("logins", size // 3), ("invoices", size // 4)):
            new[table] = [
                (id_, self.chance.choice(accounts), self._day(table) or TODAY)
                for id_ in self._next(table, count)
            ]
        statements = []
        for table in ("accounts", "visits", "profiles", "logins", "invoices"):
            self.rows[table] |= {i: (account, day) for i, account, day in new[table]}
            values = ", ".join(self._written(table, *row) for row in new[table])
            if values:
                statements.append(f"INSERT INTO {table} VALUES {values}")
        self.found.run(*statements)

    def _next(self, table: str, count: int) -> range:
        first = max(self.rows[table], default=0) + 1
        return range(first, first + count)

    def _day(self, table: str) -> date | None:
        """Most lie before the limit, some on its edge, some after it; a few are missing."""
        draw = self.chance.random()
        limit = TODAY.replace(year=TODAY.year - YEARS[table])
        if draw < 0.03:
            return None
        if draw < 0.1:
            return limit + timedelta(days=self.chance.choice([-1, 0, 1]))
        if draw < 0.25:
            return limit + timedelta(days=self.chance.randint(1, 300))
        return limit - timedelta(days=self.chance.choice([1, 2, 40, self.chance.randint(1, 900)]))

    @staticmethod
    def _written(table: str, id_: int, account: int, day: date | None) -> str:
        when = "NULL" if day is None else f"'{day}'"
        if table == "profiles":
            return f"({id_}, 'n{id_}', 'm{id_}@example.com', {when})"
        return f"({id_}, {account}, {when})" if account else f"({id_}, {when})"

    # -- what must be -------------------------------------------------------------------------

    def due(self) -> dict[str, set[int]]:
        """What may end today: by the calendar, without what is held, and parents without children that stay."""
        found: dict[str, set[int]] = {}
        for table in ("logins", "invoices", "visits", "profiles"):
            rows = self.rows[table].items()
            found[table] = {i for i, (a, d) in rows if self._over(table, d) and a not in HELD_ACCOUNTS}
        found["visits"] -= HELD_VISITS
        latest: dict[int, date] = {}
        for account, day in self.rows["logins"].values():
            latest[account] = max(latest.get(account, date.min), day or date.min)
        needed = {a for i, (a, _) in self.rows["invoices"].items() if i not in found["invoices"]}
        found["accounts"] = {
            i
            for i, (_, created) in self.rows["accounts"].items()
            if i not in HELD_ACCOUNTS and i not in needed and self._over("accounts", latest.get(i, created))
        }
        return found

    @staticmethod
    def _over(table: str, day: date | None) -> bool:
        if day is None:
            return False
        leap = (day.month, day.day) == (2, 29)
        last = day.replace(year=day.year + YEARS[table], day=28 if leap else day.day)
        return last < TODAY

    def remaining(self) -> dict[str, int]:
        """How many rows of each table are due and still there."""
        return {table: len(due - self.gone[table]) for table, due in self.due().items()}

    # -- what is --------------------------------------------------------------------------------

    def look(self) -> dict[str, int]:
        """Compare the database with what may be. Returns how many rows ended since the last look."""
        if self.kind != "sqlite":
            self._wait_for_the_dead()
        due, ended = self.due(), {}
        for table, rows in self.rows.items():
            gone = self._emptied() if table == "profiles" else rows.keys() - self._ids(table)
            assert gone <= due[table], (
                f"{table}: rows ended that were not due: {sorted(gone - due[table])[:5]}"
            )
            assert self.gone[table] <= gone, f"{table}: rows came back"
            ended[table] = len(gone - self.gone[table])
            self.gone[table] = set(gone)
        orphans = "SELECT c.id FROM {0} c LEFT JOIN accounts a ON a.id = c.account_id WHERE a.id IS NULL"
        assert not self.found.rows(orphans.format("logins"))
        assert not self.found.rows(orphans.format("invoices"))
        return ended

    def _ids(self, table: str) -> set[int]:
        return {row[0] for row in self.found.rows(f"SELECT id FROM {table}")}

    def _emptied(self) -> set[int]:
        """The profiles that were emptied: all of a row at once, and only once."""
        rows = self.found.rows("SELECT id, name, email FROM profiles")
        assert {row[0] for row in rows} == set(self.rows["profiles"]), "a profile was deleted"
        emptied = {row[0] for row in rows if row[1] == "-"}
        for id_, name, email in rows:
            assert (name, email) == (("-", None) if id_ in emptied else (f"n{id_}", f"m{id_}@example.com"))
        noted = Counter(row[0] for row in self.found.rows("SELECT id FROM emptied"))
        assert set(noted) == emptied
        assert max(noted.values(), default=1) == 1, "a row was emptied twice"
        return emptied

    def _wait_for_the_dead(self) -> None:
        """A server notices late that a client died; until then its last statement may still run."""
        query = {
            "postgres": "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'servanda'",
            "mariadb": "SELECT count(*) FROM information_schema.processlist"
            " WHERE db = DATABASE() AND id <> CONNECTION_ID()",
        }[self.kind]
        until = time.monotonic() + 20
        while self.found.rows(query)[0][0] and time.monotonic() < until:
            time.sleep(0.02)

    def check(self, before: dict[str, int]) -> str:
        """After a round: rows and ledger agree. `before` is what was due when it began. Returns the phase."""
        ended = self.look()
        ledger = self.found.ledger
        report = ledger.verify()
        assert report.ok, report.faults
        entries = [e for e in ledger.entries() if e.number >= self.read_to]
        self.read_to = max((e.number + 1 for e in entries), default=self.read_to)
        recorded, intents = self._recorded(ledger.entries("page.intent"), entries, before)
        left_open = ledger.open_intents()
        assert len(left_open) <= 1
        begun = any(e.kind == "apply.begun" for e in entries)
        assert not begun or all(e.number in intents for e in left_open), (
            "an intent of a dead run was left open"
        )
        open_table = STEPS[str(left_open[0].body["step"])] if left_open and left_open[0].body else None
        for table, count in ended.items():
            lost = count - recorded[table]
            if table == open_table or table in self._closed_without_count(entries):
                assert 0 <= lost <= PAGE, f"{table}: {count} rows ended, {recorded[table]} are recorded"
                self.unknown[table] += lost
            else:
                assert lost == 0, f"{table}: {count} rows ended, {recorded[table]} are recorded"
        if not begun:
            return PHASES[0]
        if any(e.kind == "apply.ended" for e in entries):
            return PHASES[4]
        if open_table is None:
            return PHASES[1]
        return PHASES[2] if ended[open_table] == recorded[open_table] else PHASES[3]

    def _recorded(
        self, all_intents: Iterable[Entry], entries: list[Entry], before: dict[str, int]
    ) -> tuple[Counter[str], set[int]]:
        """The rows that the outcomes of a round speak of, and the numbers of its intents."""
        step_of = {e.body["page"]: str(e.body["step"]) for e in all_intents if e.body}
        recorded: Counter[str] = Counter()
        for entry in entries:
            if entry.kind != "page.outcome" or entry.body is None:
                continue
            table = STEPS[step_of[entry.body["page"]]]
            recorded[table] += entry.body.get("rows", 0)
            if "remain" in entry.body:
                assert entry.body["remain"] == before[table], "the count of what remains was invented"
        return recorded, {e.number for e in entries if e.kind == "page.intent"}

    def _closed_without_count(self, entries: list[Entry]) -> set[str]:
        """Tables of pages that were interrupted within a round which lived on: nobody counted them."""
        own = {e.body["page"]: str(e.body["step"]) for e in entries if e.kind == "page.intent" and e.body}
        bodies = [e.body for e in entries if e.kind == "page.outcome" and e.body]
        return {STEPS[own[b["page"]]] for b in bodies if b.get("interrupted") and b["page"] in own}

    def finish(self) -> None:
        """The last apply, which nobody disturbs: nothing is due then, and the sums agree."""
        before = self.remaining()
        outcome = self.found.apply(quick=False, allow=ALLOW, pace="full")
        assert outcome.whole, outcome.stopped
        assert {STEPS[s]: n for s, n in outcome.done.items()} == before
        self.check(before)
        assert not self.found.ledger.open_intents()
        assert self.gone == self.due()
        assert self.found.plan(quick=False).due == 0
        outcomes = [e.body for e in self.found.ledger.entries("page.outcome") if e.body]
        assert sum(o.get("rows", 0) for o in outcomes) + self.unknown.total() == sum(
            map(len, self.gone.values())
        )

    def finish_quietly(self) -> None:
        """One more apply, after those that nobody looked at: nothing is due then, and the ledger verifies."""
        assert self.found.apply(quick=False, allow=ALLOW, pace="full").whole
        self.look()
        assert self.gone == self.due()
        assert self.found.plan(quick=False).due == 0
        bodies = [e.body for e in self.found.ledger.entries("page.outcome") if e.body]
        assert sum(b.get("rows", 0) for b in bodies) == sum(map(len, self.gone.values()))
        assert self.found.ledger.verify().ok


def world(folder: Path, url: str, kind: str, seed: int, size: int = 350) -> World:
    """A world of a kind of database, with its holds and its first rows; `add` puts more into it."""
    found = project(folder / "p", url, policy(PROMISES), PLACES, page=PAGE)
    found.run(*SCHEMA, *NOTES[kind])
    made = World(kind, found, random.Random(seed))
    made.add(size)
    scope = [HeldPerson("app.accounts", (key,)) for key in sorted(HELD_ACCOUNTS)]
    rows = HeldRows("app.visits", "id", "<=", max(HELD_VISITS))
    more = {"case": "C", "reason": "r", "author": "a", "review_on": date(2030, 1, 1)}
    found.holds.place("litigation", (*scope, rows), **more)  # type: ignore[arg-type]
    made.read_to = 1 + max((e.number for e in found.ledger.entries()), default=-1)
    return made


# -- processes that die ----------------------------------------------------------------------


class Warm:
    """A process in which everything is imported; it forks one that applies, and says how that one ended."""

    def __init__(self, folder: Path, url: str, room: int) -> None:
        here = Path(__file__).parent
        command = [sys.executable, str(here / "killed.py"), str(folder), url, str(room)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def apply(self, kill_after: float | None = None, at: tuple[str, int] | None = None) -> int:
        """Fork an apply, and kill it some seconds after it was ready, or at a statement (`forked.die_at`).

        Returns 0, or minus the number of a signal.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        words = [-1 if kill_after is None else kill_after, *(at or ())]
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        ended, _, status = self.process.stdout.readline().strip().partition(" ")
        assert ended == "ended", ended
        return int(status)


@contextmanager
def warm(folder: Path, url: str, room: int = 0) -> Iterator[Warm]:
    """A warm process, ended at the end. `room`: how many bytes a file may have; 0: as many as there are."""
    made = Warm(folder, url, room)
    try:
        yield made
    finally:
        assert made.process.stdin is not None
        made.process.stdin.close()
        made.process.wait(timeout=30)
