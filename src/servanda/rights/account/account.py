"""The account page of the privacy centre: shows what is held about a signed-in person, and lets them change it.

A change is a rectification without review: opened, proved, carried out and answered at once, with the same ledger
entries as any request, and a letter to the address on record.

Law: GDPR 12(2) facilitating; 15(1); 16 without undue delay; EDPB Guidelines 01/2022, §73.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from servanda.apply.corrections import typed
from servanda.apply.tombstones import refuse_if_restored
from servanda.errors import Refused
from servanda.persons import references
from servanda.persons.person import Person
from servanda.persons.summary import HeldSummary, summarise_held
from servanda.project import Project
from servanda.rights.case import as_text, look_for, several
from servanda.rights.handle import carry_out
from servanda.rights.record.request import Request
from servanda.rights.record.requests import Opening, Requests
from servanda.rights.right import Right
from servanda.stores.sql.archive_table import database

_EMAIL = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]+\.[^@\s.<>\"]{2,63}")


@dataclass(frozen=True, slots=True)
class Member:
    """A signed-in person. `about` is their identifier, `by` the proof: link or login.

    `named` is the name of the login's identifier in the stores document, if it has one.
    """

    about: str = field(repr=False)
    by: str
    named: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What is held about a member. If `several` persons match the identifier, nothing is shown."""

    human: tuple[Person, ...] = field(repr=False)
    seen: tuple[HeldSummary, ...] = ()
    several: bool = False
    down: tuple[str, ...] = ()

    @property
    def own(self) -> dict[str, Any]:
        """The values that they may change, by `place.column`."""
        return {f"{s.place.name}.{c}": value for s in self.seen for c, value in s.own.items()}


class InvalidValues(Refused):
    """Values that their columns (`columns`) do not accept."""

    def __init__(self, columns: list[str]) -> None:
        super().__init__(f"these columns do not accept the given values: {', '.join(columns)}")
        self.columns = columns


def account(project: Project, member: Member) -> Account:
    """What is held about a member; the access is recorded in the ledger.

    Raises Refused if a store does not answer and nothing was found in the others.
    """
    found = _load_account(project, member)
    with project.database.begin() as connection:
        person = references.find(connection, project.vault, "request", member.about)
        rows = sum(seen.rows for seen in found.seen)
        body = {"by": member.by, "rows": rows, "places": len(found.seen)}
        project.ledger.append_in(connection, "account.shown", body | ({"person": person} if person else {}))
    return found


def ask(
    project: Project, member: Member, right: Right, language: str, says: str, fields: Mapping[str, str]
) -> Request:
    """Open a request of a member; identity and rows are proved by the login."""
    human = look_for(project.stores, member.about, member.named)
    return _open_request(project, member, right.name, language, human, says, fields)


def change(project: Project, member: Member, said: Mapping[str, str], language: str) -> Request | None:
    """Change values of a member, by `place.column`, and return the request; None if nothing is different.

    Raises, with nothing changed, InvalidValues for values that a column does not accept; Refused for columns that
    are not editable, and while a restored database is not resolved.
    """
    refuse_if_restored(project.database)
    found = _load_account(project, member)
    unknown = sorted(said.keys() - found.own.keys())
    if unknown:
        raise Refused(f"not for the person to change: {', '.join(unknown)}")
    wanted: dict[str, str | None] = {}
    invalid = []
    for name, text in said.items():
        place, _, column = name.rpartition(".")
        bound = project.stores.binding.places[place]
        value = None if text == "" and bound.table.columns[column].nullable else text
        try:
            new = typed(project.stores, bound, {column: value})[column]
        except Refused:
            invalid.append(name)
            continue
        old = found.own[name]
        if new != old and not (value is None and old == ""):
            wanted[name] = value
    if invalid:
        raise InvalidValues(invalid)
    if not wanted:
        return None
    mine = tuple(p for p in found.human if any(name.rpartition(".")[0] == p.place for name in wanted))
    request = _open_request(project, member, "rectification", language, mine, "", {})
    words = json.dumps(wanted, ensure_ascii=False)
    Requests(project).record(request.number, "corrections", facts={"columns": sorted(wanted)}, words=words)
    return carry_out(project, request.number)


def shown(value: Any) -> str:
    """A value as text for a form field."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _load_account(project: Project, member: Member) -> Account:
    human = look_for(project.stores, member.about, member.named)
    down = tuple(sorted(project.stores.down))
    if several(project.stores, human):
        return Account(human, several=True, down=down)
    return Account(human, tuple(summarise_held(project.stores, human)), down=down)


def _open_request(
    project: Project,
    member: Member,
    right: str,
    language: str,
    human: tuple[Person, ...],
    says: str,
    fields: Mapping[str, str],
) -> Request:
    """A request of a signed-in person: proved, with the rows of the person."""
    requests = Requests(project)
    contact = _contact(project, member, human)
    opening = Opening(
        right, member.about, contact, project.today, "person", "account", language, says, fields
    )
    number = requests.open(opening).number
    requests.record(number, "proved", facts={"by": member.by})
    if human and not several(project.stores, human):
        requests.record(number, "chosen", words=as_text(human))
    return requests.find(number)


def _contact(project: Project, member: Member, human: tuple[Person, ...]) -> str:
    """The address for letters: the identifier if it is an e-mail address, else the address on record."""
    if _EMAIL.fullmatch(member.about):
        return member.about
    for person in human:
        place = project.stores.binding.places[person.place]
        session = database(project.stores.sessions[place.store])
        row: Any = session.table_of(place.table.name)
        columns = [row.c[c] for c in dict.fromkeys(place.place.identifiers.values())]
        same = session.at_key(place.table.name, person.key)
        values: Any = session.execute(sa.select(*columns).where(*same)).first() or ()
        for value in values:
            if _EMAIL.fullmatch(str(value)):
                return str(value)
    return member.about
