"""Letters on their way: a real mail server on loopback takes them, refuses them, or is not there."""

from __future__ import annotations

import email
import email.policy
import hashlib
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from servanda.cli.post import command as post
from servanda.database import Database, tables
from servanda.post.outbox import Letter, put
from servanda.post.server import Carrier, NotSent, Server
from servanda.project import Project
from servanda.vault import Vault
from servanda.worker.send_letters import Delivery, send_waiting

EXAMPLES = Path(__file__).parents[2] / "examples"

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SAID = {"right": "access", "received": "2026-11-02", "number": 41, "due": "2026-12-02"}


@dataclass
class Inbox:
    """What a mail server has taken; it refuses addresses at refused.example, and answers with `says`."""

    taken: list[EmailMessage] = field(default_factory=list)
    says: str = "250 taken"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address.endswith("@refused.example"):
            return "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.says.startswith("250"):
            found = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(found, EmailMessage)
            self.taken.append(found)
        return self.says


@contextmanager
def running(inbox: Inbox) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield Server("127.0.0.1", port, security="plain")
    finally:
        controller.stop()


@dataclass
class Office:
    """A project with letters, and what carries them away: a folder, unless a test says otherwise."""

    project: Project

    def send(self, carrier: Carrier | None = None, now: datetime = NOW) -> list[Delivery]:
        self.project.clock = lambda: now
        return list(send_waiting(self.project, carrier))


@pytest.fixture
def office(database: Database, vault: Vault, folder: Path) -> Office:
    shutil.copy(EXAMPLES / "exograd" / "policy.yaml", folder)
    stores = (EXAMPLES / "exograd" / "stores.yaml").read_text(encoding="utf-8")
    mail = "mail: {sender: privacy@exograd.example, centre: 'https://donnees.exograd.example'}"
    (folder / "stores.yaml").write_text(f"{stores}\n{mail}\n", encoding="utf-8")
    return Office(Project(folder, clock=lambda: NOW, database=database, vault=vault))


def write(
    office: Office, kind: str = "receipt-acknowledged", to: str = "lea@example.org", **values: Any
) -> int:
    key = office.project.vault.new_key()
    letter = Letter(kind, "fr", to, SAID | values, 41)
    with office.project.database.begin() as connection:
        return put(connection, office.project.vault, key, letter, NOW)


def test_a_letter_arrives_with_its_accents_and_its_pdf(office: Office) -> None:
    inbox = Inbox()
    number = write(
        office, "refused", ground="law", reasons="Un procès est en cours, dossier n° 26/01234 – été."
    )
    with running(inbox) as server:
        handed = office.send(server, NOW)
    assert [(h.id, h.sent) for h in handed] == [(number, True)]
    (message,) = inbox.taken
    assert message["To"] == "lea@example.org"
    assert message["From"] == "privacy@exograd.example"
    assert message["Subject"].startswith("Votre demande d’accès à vos données")
    text = message.get_body(("plain",))
    assert text is not None
    assert "Un procès est en cours, dossier n° 26/01234 – été." in text.get_content()
    html = message.get_body(("html",))
    assert html is not None
    assert "2 novembre 2026" in html.get_content()
    (pdf,) = message.iter_attachments()
    assert pdf.get_content_type() == "application/pdf"
    assert pdf.get_content().startswith(b"%PDF")


def test_what_was_sent_is_sealed_and_its_words_are_forgotten(office: Office) -> None:
    inbox = Inbox()
    number = write(office)
    with running(inbox) as server:
        office.send(server, NOW)
        assert office.send(server, NOW) == [], "once"
    assert len(inbox.taken) == 1
    entry = office.project.ledger.last("letter.sent", letter=number)
    assert entry is not None
    assert entry.body is not None
    with office.project.database.read() as connection:
        row = connection.execute(sa.select(tables.outbox)).one()
    assert row.sealed is None
    assert row.digest == entry.body["digest"]
    assert "lea@" not in str(entry.body)


def test_a_letter_in_a_folder_is_not_said_to_be_sent(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody has sent it yet: neither the command nor the ledger says so."""
    number = write(office)
    post.main(["send"], obj=office.project, standalone_mode=False)
    printed = capsys.readouterr().out
    assert "1 letter written to outbox/, for you to send" in printed
    assert "sent" not in printed.split("Name a mail server")[0]
    assert office.project.ledger.last("letter.sent", letter=number) is None
    assert office.project.ledger.last("letter.written", letter=number) is not None
    assert len(list((office.project.folder / "outbox").glob("*.eml"))) == 1
    post.main(["list", "--all"], obj=office.project, standalone_mode=False)
    assert "written to outbox/" in capsys.readouterr().out


def test_a_server_that_is_away_is_tried_again_later_and_gets_the_same_letter(office: Office) -> None:
    write(office)
    gone = Server("127.0.0.1", 1, security="plain")
    (first,) = office.send(gone, NOW)
    assert not first.sent
    assert "does not answer" in first.why
    assert office.send(gone, NOW) == [], "not at once"
    inbox = Inbox()
    with running(inbox) as server:
        (second,) = office.send(server, NOW + timedelta(minutes=1))
    assert second.sent
    assert len(inbox.taken) == 1


def test_who_is_refused_for_good_is_told_in_the_ledger_and_holds_up_nobody(office: Office) -> None:
    refused = write(office, to="ghost@refused.example")
    fine = write(office)
    inbox = Inbox()
    with running(inbox) as server:
        handed = {h.id: h for h in office.send(server, NOW)}
        assert handed[fine].sent
        assert not handed[refused].sent
        assert office.send(server, NOW + timedelta(days=9)) == []
    entry = office.project.ledger.last("letter.refused", letter=refused)
    assert entry is not None
    assert "ghost" not in str(entry.body)


def test_a_busy_server_is_asked_again(office: Office) -> None:
    write(office)
    inbox = Inbox(says="451 later, please")
    with running(inbox) as server:
        (one,) = office.send(server, NOW)
        assert not one.sent
        inbox.says = "250 now"
        (two,) = office.send(server, NOW + timedelta(hours=1))
    assert two.sent


def test_a_process_that_dies_before_its_note_sends_the_same_message_again(office: Office) -> None:
    write(office)
    inbox = Inbox()

    class Dies(Exception):
        pass

    @dataclass
    class Dying:
        server: Server

        delivers = True

        def take(self, message: EmailMessage) -> None:
            self.server.take(message)
            raise Dies

    with running(inbox) as server:
        with pytest.raises(Dies):
            office.send(Dying(server), NOW)
        office.send(server, NOW + timedelta(minutes=2))
    assert [m["Message-ID"] for m in inbox.taken] == [inbox.taken[0]["Message-ID"]] * 2


def test_without_a_server_letters_are_files_for_their_owner_alone(office: Office, folder: Path) -> None:
    number = write(office)
    (handed,) = office.send()
    assert handed.sent
    (file,) = (folder / "outbox").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert file.name == f"{number}-receipt-acknowledged.eml"
    with office.project.database.read() as connection:
        digest = connection.execute(sa.select(tables.outbox.c.digest)).scalar_one()
    assert digest == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://u:p%40ss@mail.example.org", Server("mail.example.org", 587, "u", "p@ss", "starttls")),
        ("smtps://mail.example.org", Server("mail.example.org", 465, None, None, "tls")),
        ("smtp+plain://127.0.0.1:2525", Server("127.0.0.1", 2525, None, None, "plain")),
    ],
)
def test_addresses_of_servers(url: str, server: Server) -> None:
    assert Server.of(url) == server


def test_starttls_is_asked_for_and_its_absence_is_no_reason_to_send_in_clear(office: Office) -> None:
    write(office)
    inbox = Inbox()
    with running(inbox) as server, pytest.raises(NotSent):
        replace(server, security="starttls").take(_message())
    assert inbox.taken == []


def _message() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "x"
    message["Message-ID"] = "<1@x>"
    return message
