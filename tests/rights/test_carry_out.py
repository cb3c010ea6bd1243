"""Requests carried out in real stores: what is done, what stays, what the person is told."""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from office import ADDRESS, PLACES, PROMISES, Office
from projects import policy, project
from servanda.errors import Refused
from servanda.rights.record.copies import Copies
from servanda.rights.record.requests import Requests

KINDS = ["sqlite", "postgres", "mariadb"]


@pytest.fixture(params=KINDS)
def office(request: pytest.FixtureRequest, tmp_path: Path, fresh_url: Any) -> Office:
    found = project(tmp_path / "p", fresh_url(request.param), policy(PROMISES), PLACES)
    found.run(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(190) UNIQUE, name VARCHAR(80),"
        " phone VARCHAR(20), closed DATE, locked INTEGER NOT NULL DEFAULT 0, mails INTEGER NOT NULL DEFAULT 1)",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id), at DATE)",
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id),"
        " on_day DATE NOT NULL, total INTEGER)",
        f"INSERT INTO people VALUES (1, '{ADDRESS}', 'Léa', '01', NULL, 0, 1),"
        " (2, 'x@example.org', 'X', '02', NULL, 0, 1)",
        "INSERT INTO visits VALUES (1, 1, '2026-11-01'), (2, 1, '2026-11-02'), (3, 2, '2026-11-03')",
        "INSERT INTO invoices VALUES (1, 1, '2026-03-31', 10), (2, 2, '2026-04-01', 20)",
    )
    return Office(found)


def test_an_erasure_keeps_what_the_law_keeps_and_says_until_when(office: Office) -> None:
    number = office.ask("erasure")
    done = office.apply(number)
    assert office.found.rows("SELECT id, email, name FROM people ORDER BY id") == [
        (1, None, None),
        (2, "x@example.org", "X"),
    ]
    assert office.found.rows("SELECT id FROM visits") == [(3,)]
    assert office.found.rows("SELECT id, total FROM invoices ORDER BY id") == [(1, 10), (2, 20)]
    assert done.rows("delete") == 2
    assert [(k.place, k.until) for k in done.kept] == [("app.invoices", date(2036, 3, 31))]
    text = office.answer(number)
    assert "code de commerce, art. L123-22 (RGPD, art. 17(3)(b))" in text
    assert "31 mars 2036" in text
    assert "Commission nationale" in text
    assert ADDRESS not in str([e.body for e in office.found.ledger.entries()])
    assert office.found.ledger.verify().ok


def test_who_was_erased_is_told_so_and_who_was_never_there_too(office: Office) -> None:
    office.found.run("INSERT INTO people VALUES (9, 'old@example.org', 'O', '09', NULL, 0, 1)")
    office.answer(_applied(office, office.ask("erasure", "old@example.org")))
    again = _applied(office, office.ask("access", "old@example.org"))
    assert "effacées" in office.answer(again)
    never = _applied(office, office.ask("access", "nobody@example.org"))
    assert "aucune donnée" in office.answer(never)


def _applied(office: Office, number: int) -> int:
    office.apply(number)
    return number


def test_a_copy_has_the_rows_of_the_person_and_no_others(office: Office) -> None:
    number = office.ask("access")
    done = office.apply(number)
    with office.company() as project:
        copy = b"".join(Copies(project).read(number, Requests(project).key_of(number))).decode()
    places = [json.loads(line)[0] for line in copy.splitlines()]
    assert sorted(places) == ["app.invoices", "app.people", "app.visits", "app.visits"]
    assert "x@example.org" not in copy
    assert done.rows() == 4
    sealed = next((office.found.folder / "copies").iterdir()).read_bytes()
    assert b"Martin" not in sealed
    assert ADDRESS.encode() not in sealed
    text = office.answer(number)
    assert "http://localhost/download/" in text


def test_restricted_data_stay_and_are_flagged_until_the_person_was_told(office: Office) -> None:
    from servanda.rights.each import restriction

    number = office.ask("restriction")
    office.apply(number)
    assert office.found.rows("SELECT id, locked FROM people ORDER BY id") == [(1, 1), (2, 0)]
    erased = office.apply(office.ask("erasure"))
    assert erased.held
    assert office.found.rows("SELECT email FROM people WHERE id = 1") == [(ADDRESS,)]
    with office.company() as project:
        with pytest.raises(Refused, match="told before"):
            restriction.lift(project, number, project.today, "settled")
        restriction.lift(project, number, date(2026, 12, 10), "settled")
    with office.company(datetime(2026, 12, 10, 12, tzinfo=UTC)) as project:
        assert restriction.clear_ended_flags(project) == 0
    with office.company(datetime(2026, 12, 11, 12, tzinfo=UTC)) as project:
        assert restriction.clear_ended_flags(project) == 1
        assert restriction.clear_ended_flags(project) == 0
    assert office.found.rows("SELECT locked FROM people WHERE id = 1") == [(0,)]


def test_an_objection_needs_no_proof_and_is_known_again(office: Office) -> None:
    from servanda.rights.record.suppression import suppressed

    number = office.ask("objection")
    office.apply(number)
    assert office.found.rows("SELECT id, mails FROM people ORDER BY id") == [(1, 0), (2, 1)]
    with office.company() as project, project.database.begin() as connection:
        assert suppressed(connection, project.vault, ADDRESS.upper(), project.today) == {"marketing"}
    office.apply(office.ask("objection", "nobody@example.org"))


def test_an_objection_to_another_use_is_weighed_first(office: Office) -> None:
    number = office.ask("objection", fields={"purpose": "statistics"})
    with pytest.raises(Refused, match="weighed first"):
        office.apply(number)
    with office.company() as project:
        Requests(project).record(number, "weighed", words="their situation prevails")
    office.apply(number)


def test_a_correction_is_typed_and_sealed(office: Office) -> None:
    number = office.ask("rectification")
    with pytest.raises(Refused, match="nobody has said yet"):
        office.apply(number)
    with office.company() as project:
        words = json.dumps({"app.people.phone": "+33 6 11", "app.people.closed": "2026-11-20"})
        Requests(project).record(number, "corrections", words=words)
    assert office.apply(number).rows("correct") == 1
    assert office.found.rows("SELECT phone, closed FROM people WHERE id = 1")[0][0] == "+33 6 11"
    bad = office.ask("rectification")
    with office.company() as project:
        Requests(project).record(bad, "corrections", words=json.dumps({"app.people.closed": "soon"}))
    with pytest.raises(Refused, match="takes a day"):
        office.apply(bad)
    assert "+33 6 11" not in str([e.body for e in office.found.ledger.entries()])


def test_wishes_after_death_are_followed(office: Office) -> None:
    given = office.ask("directives", fields={"wish": "erase", "executor": "Paul, 06"})
    assert office.apply(given).more["fate"] == "erase"
    after = office.ask("directives", asker="executor")
    assert office.apply(after).rows("delete") == 2
    assert office.found.rows("SELECT name FROM people WHERE id = 1") == [(None,)]


def test_two_requests_of_one_person_at_once_erase_once(office: Office) -> None:
    numbers = [office.ask("erasure"), office.ask("erasure")]
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            office.apply(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with office.company() as project:
        kinds = [Requests(project).find(n).last("done").facts for n in numbers]  # type: ignore[union-attr]
    assert sum(sum(n["rows"] for n in f.get("lines", ()) if n["done"] == "delete") for f in kinds) == 2
    assert office.found.ledger.verify().ok


def test_what_the_store_would_refuse_is_told_before_anything_changes(office: Office) -> None:
    stores = office.found.folder / "stores.yaml"
    stores.write_text(stores.read_text().replace("erase: delete", "erase: delete"))
    office.found.run(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id))"
    )
    office.found.run("INSERT INTO notes VALUES (1, 1)")
    number = office.ask("erasure")
    before = office.found.rows("SELECT * FROM people ORDER BY id")
    done = office.apply(number)
    assert done.rows("anonymise") == 1, "who is pointed at by rows nobody mapped stays as a skeleton"
    assert office.found.rows("SELECT * FROM people ORDER BY id") != before
