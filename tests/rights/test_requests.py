"""Requests as they are kept: sealed, told once in the ledger, ended with their keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest
import sqlalchemy as sa

from servanda.database import Database, tables
from servanda.errors import Refused, VaultError
from servanda.ledger import Ledger
from servanda.post.outbox import Letter
from servanda.rights.record import links
from servanda.rights.record.requests import KEPT, Opening, Requests
from servanda.vault import Vault

On = Callable[[date], Requests]
DAY = date(2026, 11, 2)
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ADDRESS = "Léa.Martin@example.org"


def opening(**changed: object) -> Opening:
    said = {"right": "access", "about": ADDRESS, "contact": ADDRESS, "received": DAY, "language": "fr"}
    return Opening(**said | changed)  # type: ignore[arg-type]


def test_nothing_that_names_somebody_stands_in_clear(
    requests_on: On, database: Database, ledger: Ledger
) -> None:
    requests = requests_on(DAY)
    letter = Letter("receipt-acknowledged", "fr", ADDRESS, {"words": "Chère Léa"})
    number = requests.open(opening(says="Je suis Léa Martin"), [letter]).number
    requests.record(number, "proved", facts={"by": "operator"}, words="called Léa back")
    with database.read() as connection:
        everything = [
            str(row)
            for table in tables.metadata.sorted_tables
            for row in connection.execute(sa.select(table)).all()
        ]
    assert not [row for row in everything if "léa" in row.casefold() or "martin" in row.casefold()]
    secret = requests.secret(number, "to answer")
    assert (secret.about, secret.says) == (ADDRESS, "Je suis Léa Martin")
    assert requests.words(number, 2) == "called Léa back"
    assert ledger.last("request.read", request=number) is not None
    assert ledger.verify().ok


def test_the_same_person_has_one_reference_however_the_address_is_written(requests_on: On) -> None:
    requests = requests_on(DAY)
    one = requests.open(opening())
    two = requests.open(opening(about=" léa.martin@EXAMPLE.org "))
    other = requests.open(opening(about="lea.martin@example.org"))
    assert one.person == two.person
    assert other.person != one.person, "an accent makes another address"


def test_a_day_to_come_is_refused_and_leaves_nothing(requests_on: On) -> None:
    requests = requests_on(DAY)
    with pytest.raises(Refused, match="is in the future"):
        requests.open(opening(received=DAY + timedelta(days=1)))
    assert requests.all() == []


def test_thirty_days_were_promised_and_no_more(requests_on: On) -> None:
    """Exograd's flat thirty days: no extension, and no grace of a next working day."""
    requests = requests_on(DAY)
    request = requests.open(opening(received=date(2026, 10, 30)))
    assert request.answer_by(requests.calendar).due == date(2026, 11, 29), "a Sunday"
    with pytest.raises(Refused, match="30 days, and no more time"):
        requests.record(request.number, "extended", words="much to do")


def test_a_happening_that_is_refused_sends_no_letter(requests_on: On, database: Database) -> None:
    requests = requests_on(DAY)
    number = requests.open(opening()).number
    with pytest.raises(Refused):
        requests.record(number, "answered", letters=[Letter("answered-access", "fr", ADDRESS)])
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.outbox)).scalar() == 0
    assert [h.kind for h in requests.find(number).happenings] == ["received"]


def test_two_people_who_work_one_request_do_not_answer_it_twice(requests_on: On) -> None:
    number = requests_on(DAY).open(opening()).number
    refused: list[Exception] = []

    def refuse() -> None:
        try:
            requests_on(DAY).record(number, "refused", facts={"ground": "manifestly_excessive"})
        except Refused as error:
            refused.append(error)

    threads = [Thread(target=refuse) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3
    assert [h.kind for h in requests_on(DAY).find(number).happenings] == ["received", "refused"]


def test_requests_that_arrive_at_once_have_a_number_each(requests_on: On) -> None:
    threads = [
        Thread(target=lambda n=n: requests_on(DAY).open(opening(about=f"p{n % 2}@example.org")))
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = requests_on(DAY).all()
    assert [one.number for one in found] == [1, 2, 3, 4, 5, 6]
    assert len({one.person for one in found}) == 2


def test_a_record_ends_five_years_after_the_answer_and_takes_its_key_along(
    requests_on: On, database: Database, vault: Vault, ledger: Ledger
) -> None:
    requests = requests_on(DAY)
    number = requests.open(opening()).number
    requests.record(number, "refused", facts={"ground": "manifestly_excessive"}, words="daily, for a month")
    still = requests.open(opening(right="erasure")).number
    last = DAY + KEPT
    assert requests_on(last).forget() == 0
    assert requests_on(last + timedelta(days=1)).forget() == 1
    with pytest.raises(VaultError):
        requests.secret(number, "to look again")
    assert requests.find(number).state == "refused", "that there was one stays"
    assert requests.secret(still, "to work it").about == ADDRESS, "another one is open"
    assert requests.open(opening()).person == requests.find(still).person
    assert requests_on(last + timedelta(days=1)).forget() == 0
    assert ledger.verify().ok
    assert database.path is None or ADDRESS.encode() not in database.path.read_bytes()


# -- links ----------------------------------------------------------------------------------


def token_of(database: Database, vault: Vault, number: int) -> str:
    import json

    with database.read() as connection:
        query = sa.select(tables.outbox).where(tables.outbox.c.kind == "identity-link")
        row = connection.execute(query.order_by(tables.outbox.c.id.desc())).first()
    assert row is not None
    assert row.request == number
    return str(json.loads(vault.open_sealed(row.key_id, row.sealed))["values"]["token"])


def test_a_link_proves_once(requests_on: On, database: Database, vault: Vault) -> None:
    requests = requests_on(DAY)
    number = requests.open(opening()).number
    requests.send_link(number, NOW)
    token = token_of(database, vault, number)
    with database.read() as connection:
        assert token not in str(connection.execute(sa.select(tables.link)).all())
    assert requests.follow_link(token[:-1] + "x", NOW) is None, "forged"
    assert requests.follow_link(token, NOW + timedelta(hours=1)) is None, "over"
    proved = requests.follow_link(token, NOW + timedelta(minutes=59))
    assert proved is not None
    assert proved.state == "proved"
    assert requests.follow_link(token, NOW + timedelta(minutes=59)) is None, "used"


def test_a_new_link_ends_the_one_before(requests_on: On, database: Database, vault: Vault) -> None:
    requests = requests_on(DAY)
    number = requests.open(opening()).number
    requests.send_link(number, NOW)
    first = token_of(database, vault, number)
    requests.send_link(number, NOW)
    assert requests.follow_link(first, NOW) is None
    assert requests.follow_link(token_of(database, vault, number), NOW) is not None


def test_of_two_who_use_a_link_at_once_one_gets_it(requests_on: On, database: Database, vault: Vault) -> None:
    requests = requests_on(DAY)
    number = requests.open(opening()).number
    requests.send_link(number, NOW)
    token, got = token_of(database, vault, number), []
    threads = [Thread(target=lambda: got.append(requests_on(DAY).follow_link(token, NOW))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in got if one is not None]) == 1


def test_attempts_are_limited_by_address_and_by_source(database: Database, vault: Vault) -> None:
    def ask(address: str, source: str, at: datetime) -> bool:
        with database.begin() as connection:
            return links.allowed(connection, vault, address, source, at)

    seconds = [NOW + timedelta(seconds=n) for n in range(100)]
    assert [ask(ADDRESS, f"10.0.0.{n}", seconds[n]) for n in range(7)].count(True) == links.MOST["address"]
    tried = [ask(f"{n}@example.org", "10.1.0.1", seconds[n]) for n in range(40)]
    assert tried.count(True) == links.MOST["source"]
    assert ask(ADDRESS, "10.2.0.1", NOW + timedelta(hours=2)), "an hour later they may again"
