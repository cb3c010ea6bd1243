"""Consent and trackers: what each rule decides, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from judging import TWO, WORDS, Ask, consent

pytestmark = pytest.mark.unit


# -- consent -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consents", "letter"),
    [
        ({}, "P"),
        (consent("box"), "P"),
        (consent(), "P"),
        (consent("browsing"), "F"),
        (consent("preticked_box"), "F"),
        (consent("call", act_is="occasion"), "W"),
        (consent("setting", default="active"), "F"),
        (consent("setting", default="inactive"), "P"),
    ],
)
def test_consent_is_an_act_of_its_own(ask: Ask, consents: Any, letter: str) -> None:
    assert ask("SV211", consents=consents) == letter


@pytest.mark.parametrize(
    ("sections", "letter"),
    [
        ({"consents": consent("box")}, "P"),
        ({"consents": consent("box", required_for=WORDS)}, "F"),
        ({"consents": consent("box", refusal="limits")}, "W"),
        ({"consents": consent("box", refusal="no_effect")}, "P"),
        ({"trackers": {"refusal": "limits"}}, "W"),
    ],
)
def test_refusing_costs_nothing(ask: Ask, sections: Any, letter: str) -> None:
    assert ask("SV212", **sections) == letter


@pytest.mark.parametrize(
    ("sections", "letter"),
    [
        ({"consents": consent("box", purposes=["p"])}, "P"),
        ({"consents": consent("box", purposes=["p", "q"])}, "F"),
        ({"consents": consent("box", purposes=["p", "q"], each=True)}, "P"),
        ({"consents": consent("use", purposes=["all"])}, "F"),
        ({"trackers": {"items": {"t": {"says": WORDS, "uses": ["advertising", "measurement"]}}}}, "W"),
        ({"trackers": {"items": {"t": {"says": WORDS, "uses": ["basket", "interface"]}}}}, "P"),
    ],
)
def test_one_choice_a_purpose(ask: Ask, sections: Any, letter: str) -> None:
    assert ask("SV213", purposes=TWO, **sections) == letter


NOBODY = {"name": "Example"}


@pytest.mark.parametrize(
    ("consents", "controller", "letter"),
    [
        ({}, NOBODY, "N"),
        (consent("browsing"), NOBODY, "N"),
        (consent("box"), NOBODY, "F"),
        (consent("box", withdrawal=[{"channels": ["account"]}]), NOBODY, "P"),
        (consent("box", withdrawal=[{"channels": ["contact"]}]), NOBODY, "F"),
        (consent("box", withdrawal=[{"channels": ["contact"]}]), NOBODY | {"email": "a@example.org"}, "P"),
        (consent("box", withdrawal=[{"channels": ["email"]}]), NOBODY | {"postal": "Paris"}, "F"),
        (consent("box", withdrawal=[{"channels": ["form"], "at": "/stop"}]), NOBODY, "P"),
        (consent("tool", withdrawal=[{"channels": ["tool"]}]), NOBODY, "U"),
        (consent("tool", withdrawal=[{"channels": ["tool"], "at": "the foot of each page"}]), NOBODY, "P"),
        (
            consent("box", purposes=["p", "q"], withdrawal=[{"channels": ["account"], "purposes": ["p"]}]),
            NOBODY,
            "W",
        ),
        (
            consent("box", withdrawal=[{"channels": ["account"]}]) | {"d": {"says": WORDS, "act": ["box"]}},
            NOBODY,
            "W",
        ),
    ],
)
def test_consent_can_be_taken_back(ask: Ask, consents: Any, controller: Any, letter: str) -> None:
    assert ask("SV214", purposes=TWO, consents=consents, controller=controller) == letter


@pytest.mark.parametrize(
    ("consents", "letter"),
    [
        ({}, "N"),
        (consent("box"), "U"),
        (consent("box", records=["who", "when"]), "F"),
        (consent("box", records=["who", "when", "text", "mechanism", "purpose", "state"]), "P"),
    ],
)
def test_consent_is_proved(ask: Ask, consents: Any, letter: str) -> None:
    assert ask("SV215", consents=consents) == letter


# -- trackers ----------------------------------------------------------------------------------------

STATISTICS = {
    "says": WORDS,
    "names": ["_pk_id"],
    "set_by": ["Matomo"],
    "uses": ["measurement"],
    "lifetime": "P13M",
}
FREE = {"own_use_only": True, "ip_shortened": True, "cross_site": False, "opt_out": True}
TOOL = {"means": ["tool"], "tool": {"name": "Klaro", "refusing": "same"}}


def trackers(more: Any = None, **item: Any) -> dict[str, Any]:
    return {"items": {"statistics": {**STATISTICS, **item}}, **(more or {})}


@pytest.mark.parametrize(
    ("said", "letter"),
    [
        (None, "U"),
        ({"used": False}, "N"),
        ({"listed_in": "the cookie policy"}, "U"),
        (trackers(TOOL), "P"),
        (trackers({"means": ["tool"], "tool": {"refusing": "same"}}), "W"),
        (trackers({"means": ["tool"], "tool": {"name": "Klaro", "refusing": "more"}}), "F"),
        (trackers({"means": ["tool"], "tool": {"name": "Klaro"}}), "U"),
        (trackers({"means": ["browser"]}), "F"),
        (trackers({"means": ["ad_blocker"]}), "F"),
        (trackers(), "F"),
        (trackers(consent="c"), "W"),
        (trackers(setup=FREE), "P"),
        (trackers(uses=["basket"]), "P"),
    ],
)
def test_trackers_wait_for_consent(ask: Ask, said: Any, letter: str) -> None:
    assert ask("SV221", trackers=said, consents=consent("box")) == letter


@pytest.mark.parametrize(
    ("said", "letter"),
    [
        (None, "U"),
        ({"used": False}, "N"),
        ({"listed_in": "the consent tool"}, "U"),
        ({}, "F"),
        (trackers(), "P"),
        (trackers(names=[]), "F"),
        (trackers(set_by=[]), "F"),
        (trackers(uses=[]), "F"),
        (trackers(lifetime=None), "F"),
        (trackers({"lifetime": "P13M"}, lifetime=None), "P"),
    ],
)
def test_every_tracker_is_listed(ask: Ask, said: Any, letter: str) -> None:
    assert ask("SV222", trackers=said) == letter


@pytest.mark.parametrize(
    ("said", "letter"),
    [
        (None, "U"),
        ({"used": False}, "N"),
        (trackers(lifetime=None), "U"),
        (trackers(), "P"),
        (trackers(lifetime="P395D"), "P"),
        (trackers(lifetime="P2Y"), "W"),
        (trackers(lifetime="P2Y", setup=FREE), "F"),
        (trackers({"lifetime": "P14M"}), "W"),
        (trackers(renewed=True), "W"),
        (trackers(renewed=False), "P"),
        (trackers(data_kept="P25M"), "P"),
        (trackers(data_kept="P3Y"), "W"),
        (trackers({"choice_kept": "P6M"}), "P"),
        (trackers({"choice_kept": "P1Y"}), "W"),
    ],
)
def test_trackers_end_in_time(ask: Ask, said: Any, letter: str) -> None:
    assert ask("SV223", trackers=said) == letter


@pytest.mark.parametrize(
    ("said", "letter"),
    [
        (None, "N"),
        ({"used": False}, "N"),
        (trackers(setup=FREE), "N"),
        (trackers(), "U"),
        (trackers({"after_withdrawal": "until_expiry"}), "W"),
        (trackers({"after_withdrawal": "removed"}), "P"),
        (trackers({"after_withdrawal": "unread"}), "P"),
    ],
)
def test_trackers_end_with_consent(ask: Ask, said: Any, letter: str) -> None:
    assert ask("SV224", trackers=said) == letter


@pytest.mark.parametrize(
    ("said", "letter"),
    [
        (None, "N"),
        (trackers(), "N"),
        (trackers(software="Matomo"), "W"),
        (trackers(TOOL, software="Matomo"), "P"),
        (trackers(software="Matomo", consent="c"), "P"),
        (trackers(software="Matomo", consent="forced"), "W"),
        (trackers(software="Matomo", consent="implied"), "W"),
        (trackers(software="Matomo", setup=FREE), "W"),
        (trackers(software="Matomo", setup=FREE, data_kept="P25M"), "P"),
        (trackers(software="Matomo", setup=FREE | {"cross_site": True}, data_kept="P25M"), "W"),
        (trackers(software="Tag manager", uses=["advertising"]), "N"),
    ],
)
def test_measuring_without_consent_needs_a_set_up(ask: Ask, said: Any, letter: str) -> None:
    consents = {
        **consent("box"),
        "forced": {"says": WORDS, "act": ["box"], "required_for": WORDS},
        "implied": {"says": WORDS, "act": ["browsing"]},
    }
    assert ask("SV225", trackers=said, consents=consents) == letter
