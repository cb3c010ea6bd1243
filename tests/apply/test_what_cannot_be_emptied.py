"""Columns that refuse what the end would write: found by check, counted as not kept, and no reason for others to wait.

And values that are shortened or hashed: what cannot be read is emptied, never kept whole and counted as done.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_what_a_row_is import MEMBERS, erase

from checked import findings, standing
from projects import TestProject, policy, project, retention

BILLS = {"data": "books", "person": {"via": "member", "to": "members"}, "triggers": {"issued": "issued_on"}}
VISITS = {"data": "visit", "person": "none", "triggers": {"seen": "seen_on"}}
PROMISES = [
    retention("T-RET-01", "account", "left", "P3Y"),
    retention("T-RET-02", "books", "issued", "P10Y", limit="min"),
    retention("T-RET-03", "visit", "seen", "P1Y"),
]
TWO = [(1, "ada@example.com"), (2, "bo@example.com")]


def company(
    folder: Path,
    url: str,
    column: str,
    change: Any,
    *more: str,
    before: tuple[str, ...] = (),
    values: tuple[str, str] | None = None,
) -> TestProject:
    """Two members who left long ago, whose rows stay for their bills and are emptied; and a visit that is over."""
    place = MEMBERS | {
        "identifiers": {"login": "mail"},
        "skeleton": True,
        "at_end": {"mail": None, "what": change},
    }
    made = project(folder, url, policy(PROMISES), {"members": place, "bills": BILLS, "visits": VISITS})
    first, second = values or ("a", "b")
    made.run(
        *before,
        f"CREATE TABLE members (id INTEGER PRIMARY KEY, mail VARCHAR(80), what {column}, left_on DATE)",
        "CREATE INDEX members_left ON members (left_on)",
        "CREATE TABLE bills (id INTEGER PRIMARY KEY, member INTEGER NOT NULL, issued_on DATE,"
        " FOREIGN KEY (member) REFERENCES members (id))",
        "CREATE INDEX bills_member ON bills (member)",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, seen_on DATE)",
        "CREATE INDEX visits_seen ON visits (seen_on)",
        f"INSERT INTO members VALUES (1, 'ada@example.com', '{first}', '2020-01-01'),"
        f" (2, 'bo@example.com', '{second}', '2020-01-01')",
        "INSERT INTO bills VALUES (1, 1, '2024-01-01'), (2, 2, '2024-01-01')",
        "INSERT INTO visits VALUES (1, '2020-01-01')",
        *more,
    )
    return made


REFUSE: dict[str, tuple[str, str, Any, tuple[str, ...], tuple[str, ...]]] = {
    "one value for a unique expression": (
        "postgres",
        "VARCHAR(80)",
        {"constant": "gone"},
        ("CREATE UNIQUE INDEX one ON members (lower(what))",),
        (),
    ),
    "one value for several unique columns": (
        "mariadb",
        "VARCHAR(80)",
        {"constant": "gone"},
        ("CREATE UNIQUE INDEX one ON members (what, left_on)",),
        (),
    ),
    "no value of an ENUM": (
        "postgres",
        "mood",
        {"constant": "gone"},
        (),
        ("CREATE TYPE mood AS ENUM ('a', 'b')",),
    ),
    "against the CHECK of a DOMAIN": (
        "postgres",
        "letter",
        {"constant": "gone"},
        (),
        ("CREATE DOMAIN letter AS VARCHAR(80) CHECK (length(VALUE) < 2)",),
    ),
    "longer than the column": ("postgres", "VARCHAR(3)", {"constant": "gone"}, (), ()),
    "no value of an ENUM of MariaDB": ("mariadb", "ENUM('a', 'b')", {"constant": "gone"}, (), ()),
    "no value of a SET of MariaDB": ("mariadb", "SET('a', 'b')", {"constant": "gone"}, (), ()),
    "longer than the column of MariaDB": ("mariadb", "VARCHAR(3)", {"constant": "gone"}, (), ()),
    "a pseudonym in a short column": ("mariadb", "VARCHAR(8)", {"pseudonym": True}, (), ()),
    "null where there is none": ("sqlite", "VARCHAR(80) NOT NULL", None, (), ()),
}


@pytest.mark.parametrize("why", REFUSE)
def test_what_a_column_refuses_is_found_and_stops_no_other(tmp_path: Path, fresh_url: Any, why: str) -> None:
    kind, column, change, more, before = REFUSE[why]
    made = company(tmp_path / "p", fresh_url(kind), column, change, *more, before=before)
    assert {"error", "warning"} & set(findings(made, "what").values()), "check names the column"
    made.plan(quick=False)
    made.apply(quick=False)
    assert made.rows("SELECT what FROM members ORDER BY id") == [("a",), ("b",)], (
        "nothing is cut or half done"
    )
    assert made.rows("SELECT id FROM visits") == [], "other places go on"
    states = standing(made)
    assert states["T-RET-01"] != "kept"
    assert states["T-RET-03"] == "kept"


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
@pytest.mark.parametrize("column", ["VARCHAR(32) NOT NULL UNIQUE", "VARCHAR(24) NOT NULL UNIQUE"])
def test_a_pseudonym_fits_its_column(tmp_path: Path, fresh_url: Any, kind: str, column: str) -> None:
    values = ("psn_ada", "psn_" + "0" * 20)  # looks like one, and is none
    made = company(tmp_path / "p", fresh_url(kind), column, {"pseudonym": True}, values=values)
    made.apply(quick=False)
    written = [what for (what,) in made.rows("SELECT what FROM members ORDER BY id")]
    assert len(set(written)) == 2
    assert not set(written) & set(values), "no clear value passes as a pseudonym"
    assert made.plan(quick=False).due == 0, "what was written is known again"


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_a_pseudonym_for_what_others_point_at(tmp_path: Path, fresh_url: Any, kind: str) -> None:
    """Never does a plan say that it can be done, and apply fail for ever."""
    points = (
        "CREATE TABLE seals (id INTEGER PRIMARY KEY, what VARCHAR(80),"
        " FOREIGN KEY (what) REFERENCES members (what))",
        "INSERT INTO seals VALUES (1, 'a')",
    )
    column = "VARCHAR(80) NOT NULL UNIQUE"
    made = company(tmp_path / "p", fresh_url(kind), column, {"pseudonym": True}, *points)
    made.apply(quick=False)
    assert findings(made, "what") or made.rows("SELECT what FROM seals") != [("a",)]
    letter = erase(made, "ada@example.com")
    assert letter is None or made.rows("SELECT what FROM members WHERE id = 1") != [("a",)]


ADDRESSES = {
    "192.0.2.77": "192.0.2.0",
    "2001:db8:1:2::77": "2001:db8:1::",
    "192.0.2.77, 10.0.0.9": None,
    "192.0.2.77:51234": None,
    "[2001:db8::5]": None,
    "192.0.2.7x": None,
}
DATES = {
    "1985-04-23": "1985",
    "23/04/1985": None,
    "April 1985": None,
    "1985-13-40": None,
    "1985\n": None,
}


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
@pytest.mark.parametrize(
    ("how", "text", "right"),
    [
        *(("ip", text, right) for text, right in ADDRESSES.items()),
        *(("year", text, right) for text, right in DATES.items()),
    ],
)
def test_what_cannot_be_read_is_emptied(
    tmp_path: Path, fresh_url: Any, kind: str, how: str, text: str, right: str | None
) -> None:
    made = company(tmp_path / "p", fresh_url(kind), "VARCHAR(80)", {"truncate": how}, values=(text, text))
    made.apply(quick=False)
    written = {what for (what,) in made.rows("SELECT what FROM members")}
    if right is None:
        assert written == {None}, "what is no address or date is kept by nobody"
    else:
        (what,) = written
        assert str(what).startswith(right), written
        assert str(what) != text
    assert made.plan(quick=False).due == 0, "what was counted as done is done"
