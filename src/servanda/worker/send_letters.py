"""The outbox: renders and sends waiting letters, and records the hash of each in the ledger.

    waiting ──attempt──▶ sent, or written to a folder: hash in the ledger, content deleted
                 └─────▶ failed: retried with backoff, or refused with an entry in the ledger

The attempt is recorded before it is made. A process that dies between the server's answer and the
record sends the letter again, with the same Message-ID: delivery is at least once (GDPR 12(3)).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import sqlalchemy as sa

from servanda.database import Database, moment, tables
from servanda.documents import as_html, as_pdf, as_text
from servanda.documents.letter_text import compose
from servanda.documents.paper import Paper
from servanda.errors import Refused, ServandaError, StoreDown
from servanda.plan.load import key_of
from servanda.post.outbox import OFFICER, Letter, open_letter
from servanda.post.server import Carrier, Folder, NotSent, Server
from servanda.project import Project
from servanda.stores.sql.archive_table import database

_WAITS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""The delays between attempts; the last one repeats."""
_PAGE = 50


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome of one letter. `why` is the error message if it was not sent.

    `written` is true for a letter that lies in a folder now, since no mail server is named: `sent` is true, too.
    """

    id: int
    kind: str
    request: int | None
    sent: bool
    why: str = ""
    written: bool = False


def carrier_of(project: Project) -> Carrier:
    """The carrier of a project: its mail server, or the folder outbox if stores.yaml names none."""
    url = project.stores_document.mail_address()
    return Server.of(url) if url else Folder(project.folder / "outbox")


def officer_of(project: Project) -> str:
    """The address of the data protection officer, else of the company, else the sender of letters.

    Raises Refused if there is none.
    """
    policy = project.policy
    addresses = (policy.dpo and policy.dpo.email, policy.controller.email, project.mail.sender)
    address = next((address for address in addresses if address), None)
    if address is None:
        raise Refused(
            "letters have no sender: neither the policy nor stores.yaml names an address",
            advice="mail: {sender: privacy@example.org} in stores.yaml",
        )
    return address


def send_waiting(project: Project, carrier: Carrier | None = None) -> Iterator[Delivery]:
    """Send all letters that are due, oldest first, and yield the outcome of each.

    Holds the lock “outbox”, so one process sends at a time. `carrier` defaults to that of the
    project. Stores are opened only to read the address of a letter.
    """
    with project.database.exclusive("outbox", wait=5), ExitStack() as stack:
        outbox = Outbox(project, carrier or carrier_of(project), stack)
        after = 0
        while rows := _waiting(project.database, project.now, after):
            for row in rows:
                yield outbox.hand_over(row)
            after = rows[-1].id


def _waiting(db: Database, now: datetime, after: int) -> list[Any]:
    outbox = tables.outbox
    due = sa.or_(outbox.c.next_at.is_(None), outbox.c.next_at <= moment(now))
    waits = sa.and_(outbox.c.handed_at.is_(None), outbox.c.sealed.is_not(None), outbox.c.id > after, due)
    with db.read() as connection:
        return list(connection.execute(sa.select(outbox).where(waits).order_by(outbox.c.id).limit(_PAGE)))


@dataclass(slots=True)
class Outbox:
    """Sends letters one by one."""

    project: Project
    carrier: Carrier
    stack: ExitStack
    opened: Project | None = None

    def hand_over(self, row: Any) -> Delivery:
        """Try to send one letter; the attempt is recorded first. Raises Refused without a sender."""
        now = self.project.now
        wait = _WAITS[min(row.tries, len(_WAITS) - 1)]
        _note(self.project.database, row.id, tries=row.tries + 1, next_at=moment(now + wait))
        try:
            letter = open_letter(self.project.vault, row)
            to = self._address(letter)
            if to is None:
                self._settle(row, None, "no address is known")
                return Delivery(row.id, row.kind, row.request, False, "no address is known")
            if not to.isprintable():  # a line break would begin another header
                self._settle(row, None, "the address has a line break or another control character")
                return Delivery(row.id, row.kind, row.request, False, "the address cannot be written to")
            message = message_of(self.project, row, replace(letter, to=to), now)
        except ServandaError as error:
            if isinstance(error, Refused):
                raise
            return Delivery(row.id, row.kind, row.request, False, error.message)
        except Exception as error:  # noqa: BLE001 (a letter that cannot be rendered does not block the others)
            why = f"the letter cannot be rendered: {type(error).__name__}"
            return Delivery(row.id, row.kind, row.request, False, why)
        try:
            self.carrier.take(message)
        except NotSent as error:
            if not error.later:
                self._settle(row, None, error.message)
            return Delivery(row.id, row.kind, row.request, False, error.message)
        self._settle(row, hashlib.sha256(bytes(message)).hexdigest(), "")
        return Delivery(row.id, row.kind, row.request, True, written=not self.carrier.delivers)

    def _address(self, letter: Letter) -> str | None:
        """The current address of a letter; None if its row has none. Raises StoreDown."""
        if letter.to == OFFICER:
            return officer_of(self.project)
        if isinstance(letter.to, str):
            return letter.to
        if self.opened is None:
            self.opened = self.stack.enter_context(self.project.open_stores(tolerant=True))
        stores = self.opened.stores
        place = stores.binding.places.get(letter.to.place)
        column = place.place.identifiers.get("email") if place is not None else None
        if place is None or column is None:
            if letter.to.place.split(".", 1)[0] in stores.down:
                raise StoreDown(f"the store of {letter.to.place} does not answer")
            return None
        session = database(stores.session_of(place))
        row: Any = session.table_of(place.table.name)
        same = session.at_key(place.table.name, key_of(letter.to.key))
        values = session.first(sa.select(row.c[column]).select_from(row).where(*same))
        return str(values[0]) if values is not None and values[0] and "@" in str(values[0]) else None

    def _settle(self, row: Any, digest: str | None, why: str) -> None:
        """Record the final outcome of a letter, its hash or the reason, and delete its content."""
        outbox, taken = tables.outbox, "letter.sent" if self.carrier.delivers else "letter.written"
        kind = taken if digest else "letter.refused"
        body = {"letter": row.id, "kind": row.kind, "request": row.request}
        body |= {"digest": digest} if digest else {"why": why}
        with self.project.database.begin() as connection:
            values: dict[str, Any] = {"handed_at": moment(self.project.now), "digest": digest, "sealed": None}
            values["delivered"] = int(self.carrier.delivers) if digest else None
            connection.execute(sa.update(outbox).where(outbox.c.id == row.id).values(values))
            self.project.ledger.append_in(connection, kind, body)
            remaining = sa.select(outbox.c.id).where(
                outbox.c.key_id == row.key_id, outbox.c.sealed.is_not(None)
            )
            last = row.request is None and connection.execute(remaining.limit(1)).first() is None
        if last:
            self.project.vault.destroy(row.key_id)


def _note(db: Database, number: int, **values: Any) -> None:
    with db.begin() as connection:
        connection.execute(sa.update(tables.outbox).where(tables.outbox.c.id == number).values(**values))


# -- the message ----------------------------------------------------------------------------


def paper_of(project: Project, letter: Letter, made_at: str) -> Paper:
    """Compose a letter, dated in the company's time zone."""
    day = project.local(datetime.fromisoformat(made_at)).date()
    letter = replace(letter, to=officer_of(project)) if letter.to == OFFICER else letter
    return compose(letter, project.policy, project.mail.centre, day)


def render_paper(paper: Paper, form: str, made_at: str) -> bytes:
    """Render a paper as `text`, `html` or `pdf`."""
    if form == "pdf":
        return as_pdf.render(paper, datetime.fromisoformat(made_at))
    return (as_html.render(paper) if form == "html" else as_text.render(paper)).encode()


_WITHOUT_PDF = frozenset({"identity-link", "receipt-acknowledged"})
"""Letters without a PDF attachment: they need not be filed."""


def message_of(project: Project, row: Any, letter: Letter, now: datetime) -> EmailMessage:
    """The e-mail message of a letter: text, HTML and, unless `_WITHOUT_PDF` lists it, a PDF."""
    paper = paper_of(project, letter, row.made_at)
    message = EmailMessage(policy=SMTP)
    message["From"] = project.mail.sender or officer_of(project)
    message["To"] = str(letter.to)
    message["Subject"] = paper.subject
    message["Date"] = now
    message["Message-ID"] = (
        f"<{row.id}-{letter.kind}@{project.ledger.origin.rpartition('/')[2][:16]}.servanda>"
    )
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(as_text.render(paper))
    message.add_alternative(as_html.render(paper), subtype="html")
    if letter.kind not in _WITHOUT_PDF:
        made_at = datetime.fromisoformat(row.made_at)
        name = f"{row.request or row.id}-{letter.kind}.pdf"
        message.add_attachment(
            as_pdf.render(paper, made_at), maintype="application", subtype="pdf", filename=name
        )
    message["Content-Language"] = (
        letter.language
    )  # set last: add_alternative moves content headers into a part
    return message
