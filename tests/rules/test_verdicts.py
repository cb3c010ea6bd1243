"""Purposes, consent, trackers, messages and children: what each rule decides, case by case."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from servanda.policy import yamlfile
from servanda.policy.policy import load_policy
from servanda.rules import Looked, View, look

pytestmark = pytest.mark.unit

GOOD = yamlfile.parse((Path(__file__).parent / "good.yaml").read_text(), "good.yaml").data
TODAY = date(2026, 11, 22)
WORDS = {"en": "words"}
ALL = ["account", "login", "visit", "invoice"]


def purpose(*basis: str, **more: Any) -> dict[str, Any]:
    return {"says": WORDS, "basis": list(basis), "data": ALL, **more}


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    """Judge the good policy with some sections of its own in the place of others; None removes one."""

    def judge(code: str, day: date = TODAY, **sections: Any) -> tuple[str, Looked]:
        made = {key: value for key, value in (GOOD | sections).items() if value is not None}
        (tmp_path / "policy.yaml").write_text(yaml.safe_dump(made, sort_keys=False))
        looked = look(View(load_policy(tmp_path / "policy.yaml"), day), [code])
        return looked.verdict(code), looked

    return judge


# -- purposes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purposes", "letter"),
    [
        (None, "F"),
        ({"p": purpose("contract")}, "P"),
        ({"p": purpose("contract", data=["account"])}, "W"),
        ({"p": purpose("contract"), "q": purpose("contract", generic=True)}, "W"),
    ],
)
def test_every_listed_category_serves_something(ask: Any, purposes: Any, letter: str) -> None:
    assert ask("SV201", purposes=purposes)[0] == letter


def test_what_is_not_listed_or_not_ours_needs_no_purpose(ask: Any) -> None:
    categories = GOOD["categories"] | {
        "theirs": {"says": WORDS, "audience": "customers", "role": "processor"},
        "silent": {"says": WORDS, "audience": "customers", "listed": False},
    }
    assert ask("SV201", categories=categories)[0] == "P"


def test_the_finding_stands_at_the_category(ask: Any) -> None:
    _, looked = ask("SV201", purposes={"p": purpose("contract", data=["account", "login", "invoice"])})
    at = looked.findings[0].at
    assert Path(at.file).name == "policy.yaml"
    assert "visit" in looked.findings[0].message


@pytest.mark.parametrize(
    ("purposes", "letter"),
    [
        (None, "F"),
        ({"p": purpose()}, "F"),
        ({"p": purpose("contract")}, "P"),
        ({"p": purpose("contract", "consent")}, "W"),
        ({"p": purpose("contract", "consent", operations=[{"says": WORDS, "basis": "contract"}])}, "W"),
        ({"p": purpose("contract", operations=[])}, "P"),
    ],
)
def test_every_purpose_has_one_basis(ask: Any, purposes: Any, letter: str) -> None:
    assert ask("SV202", purposes=purposes)[0] == letter


@pytest.mark.parametrize(
    ("purposes", "letter"),
    [
        ({"p": purpose("contract")}, "N"),
        ({"p": purpose("legitimate_interest")}, "F"),
        ({"p": purpose("legitimate_interest", interest=WORDS)}, "U"),
        ({"p": purpose("legitimate_interest", interest=WORDS, balanced_on="2026-01-05")}, "P"),
        ({"p": purpose("legitimate_interest", balanced_on="2026-01-05")}, "F"),
    ],
)
def test_an_interest_is_named_and_weighed(ask: Any, purposes: Any, letter: str) -> None:
    assert ask("SV203", purposes=purposes)[0] == letter


CITED = {"says": WORDS, "laws": ["C. com. L123-22"]}


@pytest.mark.parametrize(
    ("purposes", "obligations", "letter"),
    [
        ({"p": purpose("contract")}, [], "N"),
        ({"p": purpose("legal_obligation")}, [], "F"),
        ({"p": purpose("legal_obligation", laws=["LPF L102 B"])}, [], "P"),
        ({"p": purpose("legal_obligation")}, [CITED], "W"),
        ({"p": purpose("contract")}, [{"says": WORDS}], "F"),
        ({"p": purpose("contract")}, [CITED], "P"),
    ],
)
def test_a_legal_obligation_cites_its_law(ask: Any, purposes: Any, obligations: Any, letter: str) -> None:
    assert ask("SV204", purposes=purposes, obligations=obligations)[0] == letter


# -- collection --------------------------------------------------------------------------------------

FORM = {"sign-up": {"says": WORDS, "data": "account"}}


def asked(need: str, *fields: str, otherwise: bool = True) -> dict[str, Any]:
    said: dict[str, Any] = {"data": "account", "need": need, "fields": list(fields)}
    return said | ({"otherwise": WORDS} if otherwise else {})


@pytest.mark.parametrize(
    ("collection", "letter"),
    [
        (None, "F"),
        ({"forms": FORM}, "F"),
        ({"forms": FORM, "asked": [asked("contract")]}, "P"),
        ({"forms": FORM, "asked": [asked("contract", "email")]}, "W"),
        (
            {
                "forms": FORM,
                "asked": [asked("contract", "email"), asked("optional", "name", otherwise=False)],
            },
            "P",
        ),
        ({"forms": FORM, "asked": [asked("law", otherwise=False)]}, "W"),
        (
            {"forms": {"f": FORM["sign-up"] | {"fields": ["email"]}}, "asked": [asked("contract", "email")]},
            "P",
        ),
    ],
)
def test_every_field_of_a_form_is_required_or_optional(ask: Any, collection: Any, letter: str) -> None:
    assert ask("SV205", collection=collection)[0] == letter


@pytest.mark.parametrize(
    ("automation", "letter"),
    [
        (None, "F"),
        ({"processing": 26}, "W"),
        ({"profiling": [{"says": WORDS}]}, "W"),
        ({"decisions": {"taken": False}}, "P"),
        ({"decisions": {"taken": False}, "profiling": [{"says": WORDS}]}, "P"),
        ({"decisions": {"taken": True, "logic": WORDS}}, "W"),
        ({"decisions": {"taken": True, "logic": WORDS, "consequences": WORDS}}, "P"),
    ],
)
def test_automated_decisions_are_stated(ask: Any, automation: Any, letter: str) -> None:
    assert ask("SV206", automation=automation)[0] == letter


@pytest.mark.parametrize(
    ("source", "letter"),
    [
        ({}, "N"),
        ({"kind": "database"}, "W"),
        ({"kind": "database", "names": ["Sirene"]}, "W"),
        ({"kind": "database", "told_at": "first_contact"}, "W"),
        ({"kind": "database", "names": ["Sirene"], "told_at": "first_contact"}, "P"),
        ({"kind": "database", "names": ["Sirene"], "told_within": "P4W"}, "P"),
        ({"kind": "database", "names": ["Sirene"], "told_within": "P30D"}, "W"),
        ({"kind": "database", "names": ["Sirene"], "told_within": "P2M"}, "F"),
        ({"kind": "unsaid"}, "F"),
    ],
)
def test_data_of_others_have_a_source_and_a_notice(ask: Any, source: Any, letter: str) -> None:
    sources = {"s": {"says": WORDS, **source}} if source else {}
    assert ask("SV207", collection={"sources": sources})[0] == letter


@pytest.mark.parametrize(
    ("claim", "personalised", "letter"),
    [
        ({"data": "visit"}, False, "P"),
        ({"data": "visit"}, True, "F"),
        ({"data": "visit", "joined_by": ["customer_id"]}, False, "F"),
        ({"data": "account"}, False, "F"),
    ],
)
def test_anonymous_data_single_nobody_out(ask: Any, claim: Any, personalised: bool, letter: str) -> None:
    purposes = {"p": purpose("contract", data=["account"]), "q": purpose("consent", data=["visit"])}
    purposes["q"]["personalised"] = personalised
    assert ask("SV208", purposes=purposes, anonymous=[claim])[0] == letter


@pytest.mark.parametrize(
    ("limit", "letter"),
    [
        ({"data": "invoice", "purposes": "p"}, "P"),
        ({"data": "account", "purposes": "p"}, "F"),
        ({"data": "account", "purposes": ["p", "q"]}, "P"),
        ({"data": "all", "purposes": "p"}, "F"),
        ({"data": "all", "purposes": ["p", "q"]}, "P"),
    ],
)
def test_only_for_one_purpose_means_no_other(ask: Any, limit: Any, letter: str) -> None:
    purposes = {"p": purpose("contract"), "q": purpose("consent", data=["account"])}
    assert ask("SV209", purposes=purposes, only_for=[limit])[0] == letter


# -- consent -----------------------------------------------------------------------------------------

TWO = {"p": purpose("consent", data=["account"]), "q": purpose("consent", data=["visit", "login", "invoice"])}


def consent(*acts: str, **more: Any) -> dict[str, Any]:
    return {"c": {"says": WORDS, "act": list(acts), **more}}


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
def test_consent_is_an_act_of_its_own(ask: Any, consents: Any, letter: str) -> None:
    assert ask("SV211", consents=consents)[0] == letter


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
def test_refusing_costs_nothing(ask: Any, sections: Any, letter: str) -> None:
    assert ask("SV212", **sections)[0] == letter


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
def test_one_choice_a_purpose(ask: Any, sections: Any, letter: str) -> None:
    assert ask("SV213", purposes=TWO, **sections)[0] == letter


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
def test_consent_can_be_taken_back(ask: Any, consents: Any, controller: Any, letter: str) -> None:
    assert ask("SV214", purposes=TWO, consents=consents, controller=controller)[0] == letter


@pytest.mark.parametrize(
    ("consents", "letter"),
    [
        ({}, "N"),
        (consent("box"), "U"),
        (consent("box", records=["who", "when"]), "F"),
        (consent("box", records=["who", "when", "text", "mechanism", "purpose", "state"]), "P"),
    ],
)
def test_consent_is_proved(ask: Any, consents: Any, letter: str) -> None:
    assert ask("SV215", consents=consents)[0] == letter


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
def test_trackers_wait_for_consent(ask: Any, said: Any, letter: str) -> None:
    assert ask("SV221", trackers=said, consents=consent("box"))[0] == letter


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
def test_every_tracker_is_listed(ask: Any, said: Any, letter: str) -> None:
    assert ask("SV222", trackers=said)[0] == letter


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
def test_trackers_end_in_time(ask: Any, said: Any, letter: str) -> None:
    assert ask("SV223", trackers=said)[0] == letter


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
def test_trackers_end_with_consent(ask: Any, said: Any, letter: str) -> None:
    assert ask("SV224", trackers=said)[0] == letter


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
def test_measuring_without_consent_needs_a_set_up(ask: Any, said: Any, letter: str) -> None:
    consents = {
        **consent("box"),
        "forced": {"says": WORDS, "act": ["box"], "required_for": WORDS},
        "implied": {"says": WORDS, "act": ["browsing"]},
    }
    assert ask("SV225", trackers=said, consents=consents)[0] == letter


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
def test_marketing_by_mail_needs_consent(ask: Any, messages: Any, letter: str) -> None:
    assert ask("SV231", purposes=TWO, audiences=AUDIENCES, messages=messages)[0] == letter


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
def test_each_marketing_message_can_be_stopped(ask: Any, messages: Any, letter: str) -> None:
    assert ask("SV233", audiences=AUDIENCES, messages=messages)[0] == letter


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
def test_what_cannot_be_switched_off_sells_nothing(ask: Any, messages: Any, letter: str) -> None:
    assert ask("SV234", audiences=AUDIENCES, messages=messages)[0] == letter


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
def test_calls_follow_the_law_of_the_day(ask: Any, messages: Any, day: date, letter: str) -> None:
    islanders = {"says": WORDS, "persons": ["consumers"], "countries": ["IS"]}
    assert ask("SV232", day, audiences=AUDIENCES | {"islanders": islanders}, messages=messages)[0] == letter


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
def test_children_consent_from_the_age_of_the_law(ask: Any, to: str, minors: Any, letter: str) -> None:
    audiences = AUDIENCES | {"germans": {"says": WORDS, "countries": ["DE"]}}
    consents = consent("box", audience=[to])
    assert ask("SV241", audiences=audiences, consents=consents, minors=minors)[0] == letter


def test_who_is_asked_is_shown_by_the_data_of_the_purposes(ask: Any) -> None:
    audiences = AUDIENCES | {"customers": {"says": WORDS, "persons": ["organisations"]}}
    assert ask("SV241", purposes=TWO, audiences=audiences, consents=consent("box", purposes=["p"]))[0] == "N"
    assert ask("SV241", audiences=audiences, consents=consent("box"))[0] == "W", "anybody may be asked"
    assert ask("SV241", consents={})[0] == "N"
