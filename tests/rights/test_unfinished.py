"""Erasures that cannot be done at once: what the person is told, when the rest ends, who is told then."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from office import ADDRESS, PLACES, PROMISES, Office
from projects import NOW, policy, project
from servanda.apply import OverLimit, restore
from servanda.cli import command
from servanda.database import tables
from servanda.documents import as_text
from servanda.documents.letter_text import compose
from servanda.persons.holds import HeldPerson, HeldRows
from servanda.post.outbox import open_letter
from servanda.promises import statuses
from servanda.rights.completed import notify_completed
from servanda.rights.record.requests import Requests

RIGHT = {
    "id": "T-RIG-01",
    "kind": "right",
    "sub": "erase",
    "keep": "enforce",
    "line": 2,
    "says": {"en": "Data are erased when somebody asks."},
    "published": {},
}


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def office(request: pytest.FixtureRequest, tmp_path: Path, fresh_url: Any) -> Office:
    document = policy(PROMISES)
    document["promises"] = [*document["promises"], RIGHT]
    found = project(tmp_path / "p", fresh_url(request.param), document, PLACES)
    found.run(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(190) UNIQUE, name VARCHAR(80),"
        " phone VARCHAR(20), closed DATE, locked INTEGER NOT NULL DEFAULT 0, mails INTEGER NOT NULL DEFAULT 1)",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id), at DATE)",
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id),"
        " on_day DATE NOT NULL, total INTEGER)",
        f"INSERT INTO people VALUES (1, '{ADDRESS}', 'Léa', '01', NULL, 0, 1),"
        " (2, 'x@example.org', 'X', '02', NULL, 0, 1)",
        "INSERT INTO visits VALUES (1, 1, '2026-11-01'), (2, 1, '2026-11-02'), (3, 2, '2026-11-03')",
        "INSERT INTO invoices VALUES (2, 2, '2026-04-01', 20)",
    )
    return Office(found)


def hold(office: Office, scope: Any) -> int:
    review = date.today() + timedelta(days=900)
    found = office.found.holds.place(
        "litigation", (scope,), case="C", reason="R", author="A", review_on=review
    )
    return found.id


def letters(office: Office, number: int) -> list[str]:
    """The letters of a request, as text, the oldest first."""
    outbox = tables.outbox
    with office.found.db.read() as connection:
        rows = connection.execute(
            sa.select(outbox).where(outbox.c.request == number).order_by(outbox.c.id)
        ).all()
    made = office.found.at()
    return [
        as_text.render(compose(open_letter(made.vault, row), made.policy, "http://localhost", made.today))
        for row in rows
    ]


def sweep(office: Office, now: datetime = NOW, **options: Any) -> Any:
    done = office.found.apply(now, **options)
    with office.found.opened(now) as made:
        notify_completed(made)
    return done


def test_who_is_wholly_held_is_told_that_nothing_was_erased_and_later_that_all_was(office: Office) -> None:
    held = hold(office, HeldPerson("app.people", (1,)))
    number = office.ask("erasure", language="en")
    office.apply(number)
    text = office.answer(number)
    assert "Your data cannot be erased yet" in text.replace("\n", " ") or "CANNOT BE ERASED YET" in text
    assert "Nothing of them was erased so far" in text.replace("\n", " ")
    assert office.found.rows("SELECT COUNT(*) FROM visits") == [(3,)]
    plan = office.found.plan()
    assert [(a.request, a.due, [r.why for r in a.rests]) for a in plan.asked] == [
        (number, (), ["hold", "hold"])
    ]
    assert not [s for s in plan.steps if s.action == "erase" and s.rows]
    sweep(office)
    assert len(letters(office, number)) == 1, "nothing has ended: nothing is said"
    office.found.holds.lift(held)
    assert sum(s.rows for s in office.found.plan().steps if s.action == "erase") == 3
    sweep(office)
    assert office.found.rows("SELECT id FROM people") == [(2,)]
    assert office.found.rows("SELECT id FROM visits") == [(3,)]
    assert len(letters(office, number)) == 2
    assert "the reason has gone" in letters(office, number)[1].replace("\n", " ").lower()
    sweep(office)
    assert len(letters(office, number)) == 2, "once"
    assert Requests(office.found.at()).find(number).last("completed") is not None
    assert office.found.plan().asked == ()
    assert office.found.ledger.verify().ok


def test_a_row_under_a_hold_goes_with_the_first_plan_after_it(office: Office) -> None:
    held = hold(office, HeldRows("app.visits", "id", "=", 2))
    number = office.ask("erasure", language="en")
    office.apply(number)
    office.answer(number)
    assert office.found.rows("SELECT id, email FROM people ORDER BY id") == [(1, None), (2, "x@example.org")]
    assert office.found.rows("SELECT id FROM visits ORDER BY id") == [(2,), (3,)]
    office.found.holds.lift(held)
    done = sweep(office)
    assert office.found.rows("SELECT id FROM visits") == [(3,)]
    assert office.found.rows("SELECT id FROM people") == [(2,)], (
        "the emptied row goes with what pointed at it"
    )
    assert done.whole


def test_what_a_law_keeps_goes_the_day_after_its_last_one(office: Office) -> None:
    office.found.run("INSERT INTO invoices VALUES (1, 1, '2017-03-31', 10)")
    number = office.ask("erasure", language="en")
    office.apply(number)
    office.answer(number)
    sweep(office, datetime(2027, 3, 31, 12, tzinfo=UTC))
    assert office.found.rows("SELECT id FROM invoices ORDER BY id") == [(1,), (2,)]
    assert office.found.plan(datetime(2027, 3, 31, 12, tzinfo=UTC)).asked[0].rests[0].until == date(
        2027, 3, 31
    )
    sweep(office, datetime(2027, 4, 1, 12, tzinfo=UTC), quick=False)
    assert office.found.rows("SELECT id FROM invoices") == [(2,)]
    assert office.found.rows("SELECT id FROM people") == [(2,)]
    assert len(letters(office, number)) == 2


def test_a_second_request_finds_the_first(office: Office) -> None:
    held = hold(office, HeldRows("app.visits", "id", "=", 2))
    first = office.ask("erasure", language="en")
    office.apply(first)
    office.answer(first)
    second = office.ask("erasure", language="en")
    done = office.apply(second)
    assert done.rows("held") == 1
    text = office.answer(second)
    assert "asked for this before" in text.replace("\n", " ")
    office.found.holds.lift(held)
    third = office.ask("erasure", language="en")
    office.apply(third)
    assert office.found.rows("SELECT id FROM visits") == [(3,)], "a request ends what is due, too"
    assert office.found.plan().asked == ()


def test_who_was_erased_in_part_gets_a_copy_of_what_stays(office: Office) -> None:
    office.found.run("INSERT INTO invoices VALUES (1, 1, '2026-03-31', 10)")
    office.apply(office.ask("erasure"))
    copy = office.ask("access")
    done = office.apply(copy)
    assert done.rows() > 0


def test_one_who_stays_stops_nobody_else(office: Office) -> None:
    hold(office, HeldPerson("app.people", (1,)))
    office.apply(office.ask("erasure"))
    with office.found.opened() as made:
        assert not restore.check(made).restored
    assert sweep(office).whole
    office.apply(office.ask("access", "x@example.org"))


def test_the_promise_is_at_risk_while_a_rest_is_overdue(office: Office) -> None:
    held = hold(office, HeldRows("app.visits", "id", "=", 2))
    office.answer(_applied(office, office.ask("erasure")))
    office.found.holds.lift(held)
    with office.found.opened() as made:
        (status,) = [s for s in statuses(made) if s.promise.id == "T-RIG-01"]
    assert status.state == "at_risk"
    assert "due" in status.why
    sweep(office)
    with office.found.opened() as made:
        (status,) = [s for s in statuses(made) if s.promise.id == "T-RIG-01"]
    assert "due" not in status.why


def _applied(office: Office, number: int) -> int:
    office.apply(number)
    return number


def test_a_plan_that_ends_most_of_a_table_for_persons_is_refused_without_leave(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = ", ".join(f"({i}, 1, '2026-11-01')" for i in range(100, 1700))
    office.found.run(f"INSERT INTO visits VALUES {many}")
    held = hold(office, HeldPerson("app.people", (1,)))
    office.answer(_applied(office, office.ask("erasure")))
    office.found.holds.lift(held)
    with pytest.raises(OverLimit, match=r"app\.visits"):
        sweep(office)
    assert office.found.rows("SELECT COUNT(*) FROM visits") == [(1603,)]
    sweep(office, allow={"app.visits": 2000})
    assert office.found.rows("SELECT COUNT(*) FROM visits") == [(1,)]
    monkeypatch.undo()


def test_the_plan_and_the_request_say_what_stays(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.found.run("INSERT INTO invoices VALUES (1, 1, '2026-03-31', 10)")
    number = office.ask("erasure")
    office.answer(_applied(office, number))
    command.main(["-C", str(office.found.folder), "plan"], standalone_mode=False)
    said = capsys.readouterr().out
    assert "Unfinished erasures" in said
    assert f"request {number}" in said
    assert "until 2036-03-31" in said
    command.main(["-C", str(office.found.folder), "request", "show", str(number)], standalone_mode=False)
    said = capsys.readouterr().out
    assert "Carried out in part" in said
    assert "2036-03-31" in said
    command.main(
        ["-C", str(office.found.folder), "request", "show", str(number), "--json"], standalone_mode=False
    )
    shown = json.loads(capsys.readouterr().out)
    assert [(r["place"], r["until"]) for r in shown["rests"]] == [("app.invoices", "2036-03-31")]


def test_a_newcomer_who_got_the_key_of_a_row_that_stayed_is_left_alone(office: Office) -> None:
    held = hold(office, HeldPerson("app.people", (1,)))
    office.apply(office.ask("erasure", language="en"))
    office.found.run(
        "DELETE FROM visits WHERE person = 1",
        "DELETE FROM people WHERE id = 1",
        "INSERT INTO people VALUES (1, 'new@example.org', 'New', '03', NULL, 0, 1)",
        "INSERT INTO visits VALUES (1, 1, '2026-11-20')",
    )
    office.found.holds.lift(held)
    plan = office.found.plan()
    assert not [s for s in plan.steps if s.action == "erase" and s.rows]
    assert "may be somebody else's now" in " ".join(why for a in plan.asked for why in a.why_not)
    sweep(office)
    assert office.found.rows("SELECT id, name FROM people ORDER BY id") == [(1, "New"), (2, "X")]
    assert office.found.rows("SELECT id FROM visits ORDER BY id") == [(1,), (3,)]


def test_an_emptied_row_whose_key_a_newcomer_got_is_left_alone(office: Office) -> None:
    held = hold(office, HeldRows("app.visits", "id", "=", 2))
    office.apply(office.ask("erasure", language="en"))
    office.found.run(
        "DELETE FROM visits WHERE person = 1",
        "DELETE FROM people WHERE id = 1",
        "INSERT INTO people VALUES (1, 'new@example.org', 'New', '03', NULL, 0, 1)",
        "INSERT INTO visits VALUES (2, 1, '2026-11-20')",
    )
    office.found.holds.lift(held)
    sweep(office)
    assert office.found.rows("SELECT id, name FROM people ORDER BY id") == [(1, "New"), (2, "X")]
    assert office.found.rows("SELECT id FROM visits ORDER BY id") == [(2,), (3,)]


def test_a_row_that_stayed_and_changed_is_still_theirs_by_its_address(office: Office) -> None:
    held = hold(office, HeldPerson("app.people", (1,)))
    office.apply(office.ask("erasure", language="en"))
    office.found.run("UPDATE people SET phone = '09', locked = 1 WHERE id = 1")
    office.found.holds.lift(held)
    sweep(office)
    assert office.found.rows("SELECT id FROM people") == [(2,)]
    assert office.found.rows("SELECT id FROM visits") == [(3,)]


def test_a_row_that_stayed_and_is_gone_ends_its_erasure(office: Office) -> None:
    held = hold(office, HeldPerson("app.people", (1,)))
    number = office.ask("erasure", language="en")
    office.apply(number)
    office.answer(number)
    office.found.run("DELETE FROM visits WHERE person = 1", "DELETE FROM people WHERE id = 1")
    office.found.holds.lift(held)
    sweep(office)
    assert office.found.plan().asked == ()
    assert len(letters(office, number)) == 2


def test_a_row_of_two_goes_once_both_were_erased_and_is_counted_once(tmp_path: Path, store_url: str) -> None:
    """It was one person's by itself, and the other's through what a law keeps."""
    document = policy(PROMISES)
    document["promises"] = [*document["promises"], RIGHT]
    places = {
        "people": {"data": "account", "person": "self", "identifiers": {"email": "email"}, "skeleton": True,
                   "triggers": {"closed": {"column": "closed", "open": None}}, "at_end": {"email": None}},
        "invoices": {"data": "billing", "person": {"via": "person", "to": "people"},
                     "triggers": {"issued": "on_day"}},
        "visits": {"data": "visit", "person": {"via": "person", "to": "people"}, "triggers": {"seen": "at"},
                   "references": {"bill": {"via": "invoice", "to": "invoices", "ownership": "owned"}}},
    }  # fmt: skip
    found = project(tmp_path / "p", store_url, document, places)
    found.run(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(190) UNIQUE, closed DATE)",
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people (id), on_day DATE)",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people (id), at DATE,"
        " invoice INTEGER REFERENCES invoices (id))",
        "INSERT INTO people VALUES (1, 'one@example.org', NULL), (2, 'two@example.org', NULL)",
        "INSERT INTO invoices VALUES (1, 1, '2026-02-03'), (2, 2, '2026-02-03')",
        "INSERT INTO visits VALUES (1, 1, '2026-11-01', 2), (2, 2, '2026-11-01', 1)",
    )
    office = Office(found)
    for name in ("one", "two"):
        office.apply(office.ask("erasure", about=f"{name}@example.org", language="en"))
    left = found.rows("SELECT COUNT(*) FROM visits")[0][0]
    assert sum(s.rows for s in found.plan().steps if s.action == "erase") == left
    sweep(office)
    assert found.rows("SELECT id FROM visits") == []
    assert found.rows("SELECT id FROM invoices ORDER BY id") == [(1,), (2,)]
