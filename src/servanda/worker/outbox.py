"""Renders and hands over the letters that wait, each sealed in the ledger by the hash of what was sent.

    waiting ──tried──▶ handed over, its hash in the ledger, its words forgotten
                 └──▶ not sent: again after a while; refused for good: an entry says so

The attempt is noted before it is made. A process that dies between the server's answer and the
note sends the letter again, with the same Message-ID: twice is less harm than never (GDPR 12(3)).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from servanda.database import Database, moment, tables
from servanda.documents import as_html, as_pdf, as_text
from servanda.documents.letters import compose
from servanda.documents.paper import Paper
from servanda.errors import Refused
from servanda.ledger import Ledger
from servanda.policy.policy import Policy
from servanda.post.letter import Letter
from servanda.post.server import Carrier, Folder, NotSent, Server
from servanda.stores.document.company import Mail
from servanda.stores.document.document import Stores
from servanda.vault import Vault

_WAITS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""How long until the next attempt; the last one holds from then on."""
_PAGE = 50


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of one letter. `why` is a sentence where it was not handed over."""

    id: int
    kind: str
    request: int | None
    sent: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Office:
    """Everything that sending takes: the documents, the keys, where letters go."""

    db: Database
    vault: Vault
    ledger: Ledger
    policy: Policy
    mail: Mail
    carrier: Carrier

    @classmethod
    def of(
        cls, db: Database, vault: Vault, ledger: Ledger, policy: Policy, stores: Stores, folder: Path
    ) -> Office:
        """The office of a project; letters go to a folder where it names no mail server."""
        mail = stores.mail or Mail()
        url = stores.mail_address()
        carrier: Carrier = Server.of(url) if url else Folder(folder / "outbox")
        return cls(db, vault, ledger, policy, mail, carrier)

    @property
    def sender(self) -> str:
        """The address that letters come from. Raises Refused where the policy and the stores name none."""
        return self.mail.sender or self.officer

    @property
    def officer(self) -> str:
        """Where letters to the data protection officer go, or to the company where it has none.

        Raises Refused where nobody is named.
        """
        known = (self.policy.dpo and self.policy.dpo.email, self.policy.controller.email, self.mail.sender)
        found = next((address for address in known if address), None)
        if found is None:
            raise Refused(
                "letters have no sender: neither the policy nor stores.yaml names an address",
                advice="mail: {sender: privacy@example.org} in stores.yaml",
            )
        return found


def send_waiting(office: Office, now: datetime) -> Iterator[Handed]:
    """Hand over every letter that waits, oldest first; what became of each. One process at a time."""
    with office.db.exclusive("outbox", wait=5):
        after = 0
        while rows := _waiting(office.db, now, after):
            for row in rows:
                yield _hand_over(office, row, now)
            after = rows[-1].id


def _waiting(db: Database, now: datetime, after: int) -> list[Any]:
    outbox = tables.outbox
    due = sa.or_(outbox.c.next_at.is_(None), outbox.c.next_at <= moment(now))
    waits = sa.and_(outbox.c.handed_at.is_(None), outbox.c.sealed.is_not(None), outbox.c.id > after, due)
    with db.read() as connection:
        return list(connection.execute(sa.select(outbox).where(waits).order_by(outbox.c.id).limit(_PAGE)))


def _hand_over(office: Office, row: Any, now: datetime) -> Handed:
    wait = _WAITS[min(row.tries, len(_WAITS) - 1)]
    _note(office.db, row.id, tries=row.tries + 1, next_at=moment(now + wait))
    try:
        message = message_of(office, row, now)
    except Refused:
        raise
    except Exception as error:  # one letter that cannot be written holds up no other
        return Handed(row.id, row.kind, row.request, False, f"it cannot be written: {type(error).__name__}")
    try:
        office.carrier.take(message)
    except NotSent as error:
        if not error.later:
            _settle(office, row, now, None, error.message)
        return Handed(row.id, row.kind, row.request, False, error.message)
    _settle(office, row, now, hashlib.sha256(bytes(message)).hexdigest(), "")
    return Handed(row.id, row.kind, row.request, True)


def _note(db: Database, number: int, **values: Any) -> None:
    with db.begin() as connection:
        connection.execute(sa.update(tables.outbox).where(tables.outbox.c.id == number).values(**values))


def _settle(office: Office, row: Any, now: datetime, digest: str | None, why: str) -> None:
    """The outcome of a letter: its hash, or why it will never arrive; its words are forgotten."""
    kind = "letter.sent" if digest else "letter.refused"
    body = {"letter": row.id, "kind": row.kind, "request": row.request}
    body |= {"digest": digest} if digest else {"why": why}
    with office.db.begin() as connection:
        same = tables.outbox.c.id == row.id
        values = {"handed_at": moment(now), "digest": digest, "sealed": None}
        connection.execute(sa.update(tables.outbox).where(same).values(values))
        office.ledger.append_in(connection, kind, body)


# -- the message ----------------------------------------------------------------------------


def letter_of(vault: Vault, row: Any) -> Letter:
    """The letter that a row of the outbox stands for. Raises VaultError where its key has ended."""
    secret = json.loads(vault.open_sealed(row.key_id, row.sealed))
    return Letter(row.kind, row.language, secret["to"], secret["values"], row.request)


def paper_of(office: Office, letter: Letter, made_at: str) -> Paper:
    """The words of a letter, dated by the company's calendar."""
    day = datetime.fromisoformat(made_at).astimezone(ZoneInfo(office.policy.timezone)).date()
    return compose(letter, office.policy, office.mail.centre, day)


def rendered(paper: Paper, form: str, made_at: str) -> bytes:
    """A paper as text, html or pdf."""
    if form == "pdf":
        return as_pdf.render(paper, datetime.fromisoformat(made_at))
    return (as_html.render(paper) if form == "html" else as_text.render(paper)).encode()


_ATTACHED = frozenset({"identity-link", "receipt-acknowledged"})
"""Letters that nobody files: they carry no PDF."""


def message_of(office: Office, row: Any, now: datetime) -> EmailMessage:
    """The message of a letter: text, HTML, and the PDF of what is to be kept."""
    letter = letter_of(office.vault, row)
    paper = paper_of(office, letter, row.made_at)
    message = EmailMessage(policy=SMTP)
    message["From"] = office.sender
    message["To"] = letter.to
    message["Subject"] = paper.subject
    message["Date"] = now
    message["Message-ID"] = (
        f"<{row.id}-{letter.kind}@{office.ledger.origin.rpartition('/')[2][:16]}.servanda>"
    )
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(as_text.render(paper))
    message.add_alternative(as_html.render(paper), subtype="html")
    if letter.kind not in _ATTACHED:
        made = datetime.fromisoformat(row.made_at)
        name = f"{row.request or row.id}-{letter.kind}.pdf"
        message.add_attachment(
            as_pdf.render(paper, made), maintype="application", subtype="pdf", filename=name
        )
    message["Content-Language"] = letter.language  # set before, it would move into a part
    return message
