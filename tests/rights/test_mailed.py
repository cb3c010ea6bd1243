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
    assert read(message(Received=late), "Europe/Paris", TODAY).opening.received == TODAY, "a clock that is wrong"


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
    assert read(message("-", "Please send me a copy of my data."), "Europe/Paris", TODAY).opening.language == "en"


def test_what_a_machine_sent_is_no_request() -> None:
    with pytest.raises(Refused, match="a machine"):
        read(message(Auto_Submitted="auto-replied"), "Europe/Paris", TODAY)
    with pytest.raises(Refused, match="no sender"):
        read(message(From="nobody"), "Europe/Paris", TODAY)


def test_nobody_is_answered_elsewhere_than_where_they_wrote_from() -> None:
    found = read(message(Reply_To="other@example.org"), "Europe/Paris", TODAY).opening
    assert found.contact == found.about == "lea.martin@example.org"
