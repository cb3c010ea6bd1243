"""Requests by e-mail: from whom, from which day the clock runs, what for."""

from __future__ import annotations

from datetime import date

import pytest

from servanda.errors import Refused
from servanda.rights.record.email import read

TODAY = date(2026, 11, 23)


def message(
    subject: str = "Vos fichiers", body: str = "Bonjour, merci de supprimer mes données.", **more: str
) -> bytes:
    head = {"From": "Léa Martin <lea.martin@example.org>", "Date": "Fri, 20 Nov 2026 21:00:00 +0100", **more}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in head.items() if value]
    text = "\n".join([*lines, f"Subject: {subject}", 'Content-Type: text/plain; charset="utf-8"', "", body])
    return text.encode()


def test_the_clock_runs_from_the_day_on_which_the_server_took_it_in() -> None:
    taken = "from a by mx.example.com; Sat, 21 Nov 2026 23:30:00 +0000"
    assert read(message(Received=taken), "Europe/Paris", TODAY).opening.received == date(2026, 11, 22)
    assert read(message(), "Europe/Paris", TODAY).opening.received == date(2026, 11, 20)
    assert read(message(Date=""), "Europe/Paris", TODAY).opening.received == TODAY
    late = "from a by mx.example.com; Sat, 21 Nov 2099 23:30:00 +0000"
    assert read(message(Received=late), "Europe/Paris", TODAY).opening.received == TODAY, (
        "a clock that is wrong"
    )


@pytest.mark.parametrize(
    ("body", "right"),
    [
        ("Bonjour, merci de supprimer mes données.", "erasure"),
        ("Je souhaite exercer mon droit d’accès.", "access"),
        ("Please send me a copy of my data.", "access"),
        ("Please correct my address, it is wrong.", "rectification"),
        ("Je m’oppose à la prospection.", "objection"),
        ("Where can I find your price list?", "unsorted"),
        ("Delete this, and restrict that.", "unsorted"),
    ],
)
def test_words_tell_the_right_or_somebody_sorts_it(body: str, right: str) -> None:
    assert read(message("-", body), "Europe/Paris", TODAY).opening.right == right


def test_the_language_of_the_answer_is_that_of_the_message() -> None:
    assert read(message(), "Europe/Paris", TODAY).opening.language == "fr"
    assert (
        read(message("-", "Please send me a copy of my data."), "Europe/Paris", TODAY).opening.language
        == "en"
    )


def test_what_a_machine_sent_is_no_request() -> None:
    with pytest.raises(Refused, match="a machine"):
        read(message(Auto_Submitted="auto-replied"), "Europe/Paris", TODAY)
    with pytest.raises(Refused, match="no sender"):
        read(message(From="nobody"), "Europe/Paris", TODAY)


def test_nobody_is_answered_elsewhere_than_where_they_wrote_from() -> None:
    opening = read(message(Reply_To="other@example.org"), "Europe/Paris", TODAY).opening
    assert opening.contact == opening.about == "lea.martin@example.org"


@pytest.mark.parametrize(
    "more",
    [
        {"Return_Path": "<>"},
        {"From": "MAILER-DAEMON@mx.example.org"},
        {"From": "no-reply@shop.example.org"},
        {"X_Autoreply": "yes"},
        {"Precedence": "auto_reply"},
        {"Auto_Submitted": "auto-generated; owner=cron"},
        {"From": "Privacy@company.example"},
    ],
)
def test_machines_and_the_company_itself_ask_for_nothing(more: dict[str, str]) -> None:
    with pytest.raises(Refused, match="sent this message"):
        read(message(**more), "Europe/Paris", TODAY, own=["privacy@company.example"])


def test_a_delivery_report_without_any_mark_asks_for_nothing() -> None:
    report = (
        "From: delivery@example.org\nSubject: erase my data\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\n\n'
        "--x\nContent-Type: text/plain\n\nno such user\n--x\n"
        "Content-Type: message/delivery-status\n\nAction: failed\n--x--\n"
    )
    with pytest.raises(Refused, match="a machine"):
        read(report.encode(), "Europe/Paris", TODAY)


@pytest.mark.parametrize(
    ("more", "answered"),
    [({}, True), ({"List_Id": "<l.example.org>"}, False), ({"Precedence": "bulk"}, False),
     ({"X_Auto_Response_Suppress": "OOF, AutoReply"}, False), ({"Auto_Submitted": "no"}, True)],
)  # fmt: skip
def test_what_a_list_passed_on_is_read_and_not_acknowledged(more: dict[str, str], answered: bool) -> None:
    mail = read(message(**more), "Europe/Paris", TODAY)
    assert (mail.opening.right, mail.acknowledged) == ("erasure", answered)


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Hello", "Thanks, all is well.\n\n> please erase all my data"),
        ("Hello", "All is well.\n\nOn Monday, Ann <ann@example.org> wrote:\nPlease erase all my data"),
        ("Bonjour", "Merci.\n\nLe 3 mars 2026, Ann a écrit :\nEffacez mes données"),
        ("Hello", "See below.\n-----Original Message-----\nFrom: ann@example.org\nPlease erase all my data"),
        ("Re: the erasure of your data", "Thank you!"),
        ("TR: suppression de mes données", "Pour information."),
    ],
)
def test_what_somebody_else_wrote_asks_for_nothing(subject: str, body: str) -> None:
    assert read(message(subject, body), "Europe/Paris", TODAY).opening.right == "unsorted"


def test_quoted_markup_asks_for_nothing_and_the_words_beside_it_do() -> None:
    html = (
        "<p>Please send me a copy of my data.</p><blockquote>erase my data</blockquote><style>delete</style>"
    )
    text = message("-", html).replace(b"text/plain", b"text/html")
    assert read(text, "Europe/Paris", TODAY).opening.right == "access"


def test_two_copies_of_a_message_have_one_mark_and_two_messages_two() -> None:
    first = read(
        message(Message_ID="<1@x>", Received="from a by b; Fri, 20 Nov 2026 20:00:00 +0000"), "UTC", TODAY
    )
    again = read(
        message(Message_ID="<1@x>", Received="from c by d; Sat, 21 Nov 2026 20:00:00 +0000"), "UTC", TODAY
    )
    other = read(message("Autre", Message_ID="<1@x>"), "UTC", TODAY)
    assert first.mark == again.mark != other.mark


@pytest.mark.parametrize(
    "sender",
    ["=?utf-8?q?a=40b.example=0ABcc:?= <x>", "a b@example.org", "a@b.example, c@d.example", "<>", "a@"],
)
def test_an_address_that_cannot_be_written_to_is_refused(sender: str) -> None:
    with pytest.raises(Refused, match="no sender"):
        read(message(From=sender), "Europe/Paris", TODAY)
