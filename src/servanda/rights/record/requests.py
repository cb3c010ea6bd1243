"""The requests of a project: opened, recorded step by step, and deleted in time.

Each happening is written with its ledger entry and its letters in one transaction, so that there is never a letter
without a decision. Personal data of a request are sealed under a key of their own, which is destroyed when the
retention of the record ends; the ledger contains no personal data.

How long a record stays after its end: as long as somebody may ask in court whether the
request was answered, five years (C. civ. 2224; GDPR 5(2), 17(3)(e)).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from servanda.database import moment, tables
from servanda.errors import Refused, ServandaError
from servanda.law.period import Period, parse_period
from servanda.law.working_days import Calendar, calendar_of
from servanda.persons import references
from servanda.persons import remaining_rows as rests
from servanda.policy.policy import Policy
from servanda.post.outbox import Letter, put
from servanda.project import Project
from servanda.rights.record import links
from servanda.rights.record.request import ENDED, Asker, Channel, Happening, Request
from servanda.stores.addresses import comparable, is_identifier
from servanda.vault import Vault

KEPT = Period(years=5)
"""How long the record of a request stays after its end."""
_MONTH = Period(months=1)


@dataclass(frozen=True, slots=True)
class Secret:
    """The personal data of a request; each access has a reason and a ledger entry.

    `about` identifies the data subject, `contact` is the address for answers; they differ if somebody asks for
    another person. `says` are the asker's words, `fields` the values that the right needs.
    """

    about: str
    contact: str
    says: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Opening:
    """A request as it arrives. `received` is the company's local day on which it reached it."""

    right: str
    about: str
    contact: str
    received: date
    asker: Asker = "person"
    channel: Channel = "email"
    language: str = "en"
    says: str = ""
    fields: Mapping[str, Any] | None = None


_MESSAGE = "identifiers"


class Requests:
    """The requests of a project, under its policy, on its day."""

    def __init__(self, project: Project) -> None:
        self._db, self._ledger, self._keys = project.database, project.ledger, project.vault_if_any
        self._policy, self._today = project.policy, project.today

    @property
    def _vault(self) -> Vault:
        """The keys. Raises VaultError where there are none."""
        return self._keys if self._keys is not None else Vault.open(self._db)

    @property
    def calendar(self) -> Calendar:
        """The working days of the company."""
        return calendar_of(self._policy.controller.country or "FR")

    # -- reading ---------------------------------------------------------------------------

    def find(self, number: int) -> Request:
        """The request with this number. Raises ServandaError where there is none."""
        with self._db.read() as connection:
            found = self._read(connection, tables.request.c.number == number)
        if not found:
            raise ServandaError(
                f"there is no request {number}", advice="see them with: servanda request list"
            )
        return found[0]

    def all(self, *, ended: bool = True) -> list[Request]:
        """Every request, or those that are open, oldest first."""
        where = sa.true() if ended else tables.request.c.ended_on.is_(None)
        with self._db.read() as connection:
            return self._read(connection, where)

    def secret(self, number: int, reason: str) -> Secret:
        """The personal data of a request; the access is recorded in the ledger.

        Raises VaultError if the record was deleted.
        """
        with self._db.begin() as connection:
            row = self._row(connection, number)
            self._ledger.append_in(connection, "request.read", {"request": number, "reason": reason})
        return self._open(row)

    def _open(self, row: Any) -> Secret:
        return Secret(**json.loads(self._vault.open_sealed(row.key_id, row.sealed)))

    def _row(self, connection: sa.Connection, number: int, *, lock: bool = False) -> Any:
        query = sa.select(tables.request).where(tables.request.c.number == number)
        row = connection.execute(query.with_for_update() if lock else query).first()
        if row is None:
            raise ServandaError(
                f"there is no request {number}", advice="see them with: servanda request list"
            )
        return row

    def _read(self, connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[Request]:
        request, happening = tables.request, tables.happening
        rows = connection.execute(sa.select(request).where(where).order_by(request.c.number)).all()
        chosen = sa.select(request.c.number).where(where)
        each = sa.select(happening).where(happening.c.request.in_(chosen))
        happened: dict[int, list[Happening]] = {}
        for row in connection.execute(each.order_by(happening.c.request, happening.c.position)):
            day = date.fromisoformat(row.day)
            one = Happening(row.kind, day, row.at, row.entry, json.loads(row.facts))
            happened.setdefault(row.request, []).append(one)
        return [_request(row, happened.get(row.number, [])) for row in rows]

    # -- opening ---------------------------------------------------------------------------

    def opened_by(self, mark: bytes) -> Request | None:
        """The request that a message opened before, by the mark of the message."""
        happening = tables.happening
        has_mark = sa.or_(*(happening.c.facts.contains(mac) for mac in self._vault.macs(_MESSAGE, mark)))
        query = sa.select(happening.c.request).where(happening.c.kind == "received", has_mark).limit(1)
        with self._db.read() as connection:
            number = connection.execute(query).scalar()
        return None if number is None else self.find(number)

    def open(self, opening: Opening, letters: Sequence[Letter] = (), *, mark: bytes = b"") -> Request:
        """Record a new request; its deadline counts from the day on which it was received.

        `mark` tells the message that it came in. Raises Refused for a day in the future, for an address
        with a line break or another control character, and where `about` is no address.
        """
        for address in (opening.about, opening.contact):
            if any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in address):
                raise Refused(
                    "the address has a line break or another control character",
                    advice="give the address alone",
                )
        if opening.received > self._today:
            raise Refused(f"{opening.received} is in the future; give the day on which it arrived")
        if not is_identifier(opening.about):
            raise Refused(
                "whom the request is about is no address, or more than one",
                advice="give the address alone, such as ada@example.com, or a number",
            )
        promised = self._policy.requests.deadline
        row: dict[str, Any] = {
            "right": opening.right,
            "asker": opening.asker,
            "channel": opening.channel,
            "language": opening.language,
            "received": opening.received.isoformat(),
            "promised": str(promised.calendar) if promised else None,
            "more_time": int(not _rules_out_extension(self._policy)),
        }
        key_id = self._vault.new_key()
        secret: dict[str, Any] = {"about": opening.about, "contact": opening.contact}
        secret |= {"says": opening.says, "fields": dict(opening.fields or {})}
        sealed = self._vault.seal(key_id, json.dumps(secret, ensure_ascii=False).encode())
        with self._db.begin() as connection:
            self._ledger.queue(connection)
            number = 1 + int(
                connection.execute(sa.select(sa.func.max(tables.request.c.number))).scalar() or 0
            )
            person = references.refer(connection, self._vault, "request", opening.about)
            row |= {"number": number, "person": person, "key_id": key_id, "sealed": sealed}
            connection.execute(sa.insert(tables.request).values(row))
            facts = {"right": opening.right, "asker": opening.asker, "channel": opening.channel}
            if mark:
                facts["message"] = self._vault.mac(_MESSAGE, mark)
            self._note(connection, number, 1, "received", opening.received, facts | {"person": person})
            for letter in letters:
                self._put(connection, number, key_id, letter)
        return self.find(number)

    # -- carrying on -----------------------------------------------------------------------

    def record(
        self,
        number: int,
        kind: str,
        day: date | None = None,
        *,
        facts: Mapping[str, Any] | None = None,
        words: str = "",
        letters: Sequence[Letter] = (),
    ) -> Request:
        """Record a happening, with its letters. Raises Refused if it is not allowed in the current state.

        `words` are reasons that may name somebody: they are sealed with the request.
        """
        day, details = day or self._today, dict(facts or {})
        if day > self._today:
            raise Refused(f"{day} is in the future", advice="give today or an earlier day")
        with self._db.begin() as connection:
            row = self._row(connection, number, lock=True)
            request = self._read(connection, tables.request.c.number == number)[0]
            request.allow(kind, day, self.calendar, details)
            self._note(connection, number, len(request.happenings) + 1, kind, day, details, words, row.key_id)
            for letter in letters:
                self._put(connection, number, row.key_id, letter)
            self._record_end(connection, row, kind, day)
        return self.find(number)

    def sort(self, number: int, right: str) -> Request:
        """Assign the right of a request."""
        with self._db.begin() as connection:
            self._row(connection, number, lock=True)
            request = self._read(connection, tables.request.c.number == number)[0]
            request.allow("sorted", self._today, self.calendar, {})
            same = tables.request.c.number == number
            connection.execute(sa.update(tables.request).where(same).values({"right": right}))
            facts = {"right": right}
            self._note(connection, number, len(request.happenings) + 1, "sorted", self._today, facts)
        return self.find(number)

    def send_link(self, number: int, now: datetime) -> Request:
        """Send a link that proves that somebody reads the mail of the address that the request is about.

        It goes to that address whether or not anything is known of it: who learns that nothing is, has
        proved first that the address is theirs.
        """
        with self._db.begin() as connection:
            row = self._row(connection, number, lock=True)
            request = self._read(connection, tables.request.c.number == number)[0]
            request.allow("linked", self._today, self.calendar, {})
            links.revoke(connection, number, "identity")
            token = links.make(connection, self._vault, "identity", number, now)
            secret = self._open(row)
            details = {"right": request.right, "received": request.received.isoformat(), "number": number}
            if _elsewhere(secret):
                details["contact"] = secret.contact
            letter = Letter(
                "identity-link", request.language, secret.about, {**details, "token": token}, number
            )
            self._note(connection, number, len(request.happenings) + 1, "linked", self._today, {})
            self._put(connection, number, row.key_id, letter)
        return self.find(number)

    def answered_elsewhere(self, number: int) -> str:
        """The address for the answer where it is not the one that the request is about; else empty.

        For the page of a link, whose bearer reads the mail of the address that the request is about.
        """
        with self._db.read() as connection:
            secret = self._open(self._row(connection, number))
        return secret.contact if _elsewhere(secret) else ""

    def follow_link(self, token: str, now: datetime) -> Request | None:
        """Use a link, which proves the identity for its request. None if the link is forged, used, or expired."""
        with self._db.begin() as connection:
            found = links.spend(connection, self._vault, "identity", token, now)
            if found is None:
                return None
            self._row(connection, found.request, lock=True)
            request = self._read(connection, tables.request.c.number == found.request)[0]
            position, facts = len(request.happenings) + 1, {"by": "link"}
            if request.state == "unproved":
                self._note(connection, request.number, position, "reopened", self._today, {})
                position += 1
            elif request.state not in ("received", "asked"):
                return request
            self._note(connection, request.number, position, "proved", self._today, facts)
        return self.find(found.request)

    def answer(self, number: int, letter: Letter, now: datetime, *, link: bool = False) -> Request:
        """Answer with a letter; with `link` it brings one that opens the copy some times, for some days."""
        with self._db.begin() as connection:
            row = self._row(connection, number, lock=True)
            request = self._read(connection, tables.request.c.number == number)[0]
            request.allow("answered", self._today, self.calendar, {})
            if link:
                links.revoke(connection, number, "download")
                token = links.make(connection, self._vault, "download", number, now)
                letter = replace(letter, values={**letter.values, "token": token})
            self._note(connection, number, len(request.happenings) + 1, "answered", self._today, {})
            self._put(connection, number, row.key_id, letter)
            self._record_end(connection, row, "answered", self._today)
        return self.find(number)

    def key_of(self, number: int) -> str:
        """The record key under which everything of a request is sealed."""
        with self._db.read() as connection:
            return str(self._row(connection, number).key_id)

    def of(self, person: str) -> list[Request]:
        """Every request about one person, oldest first."""
        with self._db.read() as connection:
            return self._read(connection, tables.request.c.person == person)

    def _note(
        self,
        connection: sa.Connection,
        number: int,
        position: int,
        kind: str,
        day: date,
        facts: Mapping[str, Any],
        words: str = "",
        key_id: str = "",
    ) -> None:
        """One happening and its ledger entry."""
        body = {"request": number, "day": day.isoformat(), **facts}
        entry = self._ledger.append_in(connection, f"request.{kind}", body)
        row = {
            "request": number,
            "position": position,
            "kind": kind,
            "day": day.isoformat(),
            "at": moment(),
            "entry": entry.number,
            "facts": json.dumps(dict(facts), ensure_ascii=False),
            "sealed": self._vault.seal(key_id, words.encode()) if words else None,
        }
        connection.execute(sa.insert(tables.happening).values(row))

    def _put(self, connection: sa.Connection, number: int, key_id: str, letter: Letter) -> None:
        put(connection, self._vault, key_id, replace(letter, request=number))

    def _record_end(self, connection: sa.Connection, row: Any, kind: str, day: date) -> None:
        """Record when the request ended, and until when its record is kept."""
        ends: date | None = None
        if kind in ENDED:
            ends = day + KEPT
        elif kind != "reopened":
            return
        values = {
            "ended_on": day.isoformat() if ends else None,
            "erase_on": ends.isoformat() if ends else None,
        }
        same = tables.request.c.number == row.number
        connection.execute(sa.update(tables.request).where(same).values(values))
        self._set_reference_expiry(connection, row.person)

    def _set_reference_expiry(self, connection: sa.Connection, person: str) -> None:
        """Set the expiry of a reference to the end of the person's last record; none while a request is open."""
        request = tables.request
        theirs = request.c.person == person
        still = sa.select(sa.func.count()).where(theirs, request.c.ended_on.is_(None))
        last = connection.execute(sa.select(sa.func.max(request.c.erase_on)).where(theirs)).scalar()
        until = None if connection.execute(still).scalar() else last
        same = tables.person.c.reference == person
        connection.execute(sa.update(tables.person).where(same).values(expires_on=until))

    def words(self, number: int, position: int) -> str:
        """The sealed words of a happening, empty where there are none."""
        happening = tables.happening
        with self._db.read() as connection:
            row = self._row(connection, number)
            same = sa.and_(happening.c.request == number, happening.c.position == position)
            sealed = connection.execute(sa.select(happening.c.sealed).where(same)).scalar()
        return self._vault.open_sealed(row.key_id, sealed).decode() if sealed else ""

    # -- ending ----------------------------------------------------------------------------

    def forget(self) -> int:
        """Delete expired records, keys first, so that no copy can be read. Returns the number of records."""
        request, today = tables.request, self._today.isoformat()
        with self._db.read() as connection:
            over = sa.and_(request.c.erase_on < today, request.c.sealed.is_not(None))
            rows = connection.execute(sa.select(request.c.number, request.c.key_id).where(over)).all()
            kept = rests.requests_not_over(connection)
        rows = [row for row in rows if row.number not in kept]  # remaining rows are still to be erased
        for number, key_id in rows:
            self._vault.destroy(key_id)
            with self._db.begin() as connection:
                connection.execute(sa.update(request).where(request.c.number == number).values(sealed=None))
                same = tables.happening.c.request == number
                connection.execute(sa.update(tables.happening).where(same).values(sealed=None))
                connection.execute(sa.delete(tables.outbox).where(tables.outbox.c.request == number))
                self._ledger.append_in(connection, "request.record-ended", {"request": number})
        with self._db.begin() as connection:
            references.forget(connection, self._today)
        return len(rows)


def _elsewhere(secret: Secret) -> bool:
    """Whether the answer goes to another address than the one that the request is about."""
    return comparable(secret.contact) != comparable(secret.about)


def _rules_out_extension(policy: Policy) -> bool:
    """Whether the policy promises a shorter deadline without an extension."""
    deadline = policy.requests.deadline
    if deadline is None or policy.requests.extension is not None:
        return False
    return deadline.calendar != _MONTH and deadline.calendar.in_days()[1] <= 31


def _request(row: Any, happenings: Sequence[Happening]) -> Request:
    return Request(
        number=row.number,
        right=row.right,
        asker=row.asker,
        channel=row.channel,
        language=row.language,
        received=date.fromisoformat(row.received),
        happenings=tuple(happenings),
        promised=parse_period(row.promised) if row.promised else None,
        more_time=bool(row.more_time),
        person=row.person,
    )
