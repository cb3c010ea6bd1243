"""Messages and children: what each rule decides, case by case."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from judging import TODAY, TWO, WORDS, Ask, consent

pytestmark = pytest.mark.unit


# -- messages ----------------------------------------------------------------------------------------

AUDIENCES = {
    "customers": {"says": WORDS},
    "consumers": {"says": WORDS, "persons": ["consumers"]},
    "firms": {"says": WORDS, "persons": ["organisations", "professionals"]},
}


def message(
    to: str = "customers", channel: str = "email", content: str = "offers", **more: Any
) -> dict[str, Any]:
    return {"m": {"says": WORDS, "channels": [channel], "content": [content], "to": [to], **more}}


@pytest.mark.parametrize(
    ("messages", "letter"),
    [
        ({}, "N"),
        (message(content="billing"), "N"),
        (message(channel="phone"), "N"),
        (message(), "W"),
        (message("consumers"), "F"),
        (message("consumers", channel="sms"), "F"),
        (message("consumers", channel="any"), "F"),
        (message("consumers", exception="similar_goods"), "P"),
        (message("consumers", basis=["consent"]), "P"),
        (message("consumers", basis=["consent", "contract"]), "F"),
        (message("firms"), "P"),
        (message("firms", opt_out=["none"]), "F"),
        (message(basis=["consent"], some=True), "W"),
        (message(purposes=["q"]), "P"),
    ],
)
def test_marketing_by_mail_needs_consent(ask: Ask, messages: Any, letter: str) -> None:
    assert ask("SV231", purposes=TWO, audiences=AUDIENCES, messages=messages) == letter


@pytest.mark.parametrize(
    ("messages", "letter"),
    [
        ({}, "N"),
        (message(content="billing"), "N"),
        (message(), "U"),
        (message(opt_out=["each_message"]), "P"),
        (message(opt_out=["account", "each_message"]), "P"),
        (message(opt_out=["account"]), "W"),
        (message(opt_out=["request"]), "W"),
        (message(opt_out=["none"]), "F"),
    ],
)
def test_each_marketing_message_can_be_stopped(ask: Ask, messages: Any, letter: str) -> None:
    assert ask("SV233", audiences=AUDIENCES, messages=messages) == letter


@pytest.mark.parametrize(
    ("messages", "letter"),
    [
        ({}, "N"),
        (message(), "N"),
        (message(content="billing", switchable=False), "P"),
        (message(switchable=False), "F"),
        (message(basis=["contract"]), "W"),
        (message(basis=["contract"], switchable=True), "N"),
    ],
)
def test_what_cannot_be_switched_off_sells_nothing(ask: Ask, messages: Any, letter: str) -> None:
    assert ask("SV234", audiences=AUDIENCES, messages=messages) == letter


FIRST_DAY = date(2026, 8, 11)
"""From which France asks consumers before they are called (C. conso L223-1)."""


@pytest.mark.parametrize(
    ("messages", "day", "letter"),
    [
        ({}, TODAY, "N"),
        (message(), TODAY, "N"),
        (message(channel="phone", content="survey"), TODAY, "N"),
        (message(channel="phone"), FIRST_DAY, "W"),
        (message("consumers", channel="phone"), FIRST_DAY, "F"),
        (message("consumers", channel="phone"), FIRST_DAY - timedelta(days=1), "W"),
        (message("consumers", channel="phone", opt_out=["request"]), FIRST_DAY - timedelta(days=1), "P"),
        (message("consumers", channel="phone", basis=["consent"]), FIRST_DAY, "P"),
        (
            message("consumers", channel="phone", exception="running_contract", opt_out=["request"]),
            FIRST_DAY,
            "P",
        ),
        (message("firms", channel="phone"), FIRST_DAY, "P"),
        (message("consumers", channel="any"), FIRST_DAY, "U"),
        (message("islanders", channel="phone"), FIRST_DAY, "U"),
    ],
)
def test_calls_follow_the_law_of_the_day(ask: Ask, messages: Any, day: date, letter: str) -> None:
    islanders = {"says": WORDS, "persons": ["consumers"], "countries": ["IS"]}
    assert ask("SV232", day, audiences=AUDIENCES | {"islanders": islanders}, messages=messages) == letter


# -- children ----------------------------------------------------------------------------------------


def ages(alone: int, bound: str, under: int, **more: Any) -> dict[str, Any]:
    parts = {"alone": {"age": alone, "bound": bound}, "with_parent": {"age": under, "bound": "under"}}
    return {**parts, "mechanism": WORDS, **more}


@pytest.mark.parametrize(
    ("to", "minors", "letter"),
    [
        ("customers", None, "W"),
        ("firms", None, "N"),
        ("customers", {"only": "adults"}, "P"),
        ("customers", ages(15, "from", 15), "P"),
        ("customers", ages(15, "over", 15), "W"),
        ("customers", ages(14, "over", 15), "P"),
        ("customers", ages(13, "from", 13), "W"),
        ("germans", ages(15, "from", 15), "W"),
        ("germans", ages(16, "from", 16), "P"),
        ("customers", ages(15, "from", 15, mechanism=None), "W"),
        ("customers", {"alone": {"age": 15, "bound": "from"}}, "W"),
    ],
)
def test_children_consent_from_the_age_of_the_law(ask: Ask, to: str, minors: Any, letter: str) -> None:
    audiences = AUDIENCES | {"germans": {"says": WORDS, "countries": ["DE"]}}
    consents = consent("box", audience=[to])
    assert ask("SV241", audiences=audiences, consents=consents, minors=minors) == letter


def test_who_is_asked_is_shown_by_the_data_of_the_purposes(ask: Ask) -> None:
    audiences = AUDIENCES | {"customers": {"says": WORDS, "persons": ["organisations"]}}
    assert ask("SV241", purposes=TWO, audiences=audiences, consents=consent("box", purposes=["p"])) == "N"
    assert ask("SV241", audiences=audiences, consents=consent("box")) == "W", "anybody may be asked"
    assert ask("SV241", consents={}) == "N"
