"""What a policy states of purposes, collection, consent, trackers, messages and children."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from servanda.errors import PolicyError
from servanda.policy.compare import compare
from servanda.policy.consents import Consent, FromAge, UpToAge
from servanda.policy.messages import Message
from servanda.policy.parties import Audience, has_consumers
from servanda.policy.policy import Policy, load_policy
from servanda.policy.purposes import Purpose
from servanda.policy.trackers import Tracker

pytestmark = pytest.mark.unit

WORDS = {"en": "x"}
DOCUMENT: dict[str, Any] = {
    "servanda": 1,
    "title": WORDS,
    "controller": {"name": "Example"},
    "jurisdictions": ["FR"],
    "languages": ["en"],
    "version": {"number": "1", "effective_from": "2024-01-01"},
    "timezone": "Europe/Paris",
    "audiences": {"readers": {"says": WORDS}},
    "categories": {"account": {"says": WORDS, "audience": ["readers"], "fields": ["email"]}},
    "purposes": {"letter": {"says": WORDS, "basis": ["consent"], "data": ["account"]}},
    "consents": {"letter": {"says": WORDS, "purposes": ["letter"], "act": ["box"]}},
    "promises": [{"id": "EX-OTH-01", "kind": "other", "keep": "check", "line": 1, "says": WORDS}],
}


def load(folder: Path, **sections: Any) -> Policy:
    (folder / "policy.yaml").write_text(yaml.safe_dump(DOCUMENT | sections, sort_keys=False))
    return load_policy(folder / "policy.yaml")


@pytest.mark.parametrize(
    ("section", "value", "wrong"),
    [
        ("only_for", [{"data": "acount", "purposes": "letter"}], "acount"),
        ("only_for", [{"data": "all", "purposes": "leter"}], "leter"),
        ("anonymous", [{"data": "acount"}], "acount"),
        ("obligations", [{"says": WORDS, "data": ["acount"]}], "acount"),
        ("collection", {"forms": {"f": {"says": WORDS, "data": "acount"}}}, "acount"),
        ("collection", {"asked": [{"data": "acount", "need": "law"}]}, "acount"),
        ("automation", {"profiling": [{"says": WORDS, "purposes": ["leter"]}]}, "leter"),
        ("consents", {"c": {"says": WORDS, "purposes": ["leter"]}}, "leter"),
        ("consents", {"c": {"says": WORDS, "audience": ["reader"]}}, "reader"),
        ("consents", {"c": {"says": WORDS, "promise": "EX-OTH-02"}}, "EX-OTH-02"),
        ("trackers", {"items": {"t": {"says": WORDS, "consent": "leter"}}}, "leter"),
        (
            "messages",
            {"m": {"says": WORDS, "channels": ["any"], "content": ["news"], "to": ["reader"]}},
            "reader",
        ),
    ],
)
def test_a_name_of_nothing_is_an_error_with_what_was_meant(
    section: str, value: Any, wrong: str, tmp_path: Path
) -> None:
    with pytest.raises(PolicyError) as refused:
        load(tmp_path, **{section: value})
    problem = refused.value.problems[0]
    assert f"“{wrong}” is not" in problem.message
    assert "did you mean" in problem.advice
    line = (tmp_path / "policy.yaml").read_text().splitlines()[problem.at.line - 1]
    assert wrong in line


def test_all_stands_for_every_category_and_every_purpose(tmp_path: Path) -> None:
    policy = load(
        tmp_path,
        only_for=[{"data": "all", "purposes": "letter"}],
        consents={"c": {"says": WORDS, "purposes": ["all"], "act": ["browsing"]}},
    )
    assert policy.only_for[0].covers("account")
    assert policy.consents["c"].implied


def test_a_consent_is_implied_only_by_acts_that_are_done_for_something_else() -> None:
    def implied(*acts: str) -> bool:
        return Consent.model_validate({"says": WORDS, "act": list(acts)}).implied

    assert implied("browsing")
    assert implied("call", "message")
    assert not implied("box")
    assert not implied("box", "use"), "whoever ticks a box has consented"
    assert not implied(), "nobody said how"


def test_a_tracker_needs_no_consent_only_for_what_a_service_needs() -> None:
    def exempt(uses: list[str], **setup: bool) -> bool:
        return Tracker.model_validate({"says": WORDS, "uses": uses, "setup": setup or None}).exempt

    whole = {"own_use_only": True, "ip_shortened": True, "cross_site": False, "opt_out": True}
    assert exempt(["basket", "interface"])
    assert not exempt(["basket", "advertising"])
    assert not exempt([])
    assert not exempt(["measurement"])
    assert exempt(["measurement"], **whole)
    for key, value in whole.items():
        assert not exempt(["measurement"], **whole | {key: not value}), key
    assert not exempt(["measurement", "advertising"], **whole)


def test_a_message_rests_on_its_own_basis_else_on_that_of_its_purposes() -> None:
    purposes = {
        "a": Purpose.model_validate({"says": WORDS, "basis": ["contract"]}),
        "b": Purpose.model_validate({"says": WORDS, "basis": ["consent"]}),
    }
    message = {"says": WORDS, "channels": ["email"], "content": ["offers"], "purposes": ["a", "b"]}
    assert Message.model_validate(message).bases(purposes) == {"contract", "consent"}
    assert Message.model_validate(message | {"basis": ["consent"]}).bases(purposes) == {"consent"}


def test_whether_consumers_are_meant_is_known_only_where_the_text_tells() -> None:
    audiences = {
        "shoppers": Audience.model_validate({"says": WORDS, "persons": ["consumers", "professionals"]}),
        "firms": Audience.model_validate({"says": WORDS, "persons": ["organisations"]}),
        "visitors": Audience.model_validate({"says": WORDS}),
    }
    assert has_consumers(["shoppers", "visitors"], audiences) is True
    assert has_consumers(["firms"], audiences) is False
    assert has_consumers(["firms", "visitors"], audiences) is None
    assert has_consumers([], audiences) is None


def test_over_fifteen_begins_at_sixteen_and_under_fifteen_ends_with_fourteen() -> None:
    assert FromAge(age=15, bound="over").youngest == 16
    assert FromAge(age=15, bound="from").youngest == 15
    assert UpToAge(age=15, bound="under").oldest == 14
    assert UpToAge(age=15, bound="up_to").oldest == 15


def test_another_act_of_consent_binds_and_the_records_of_the_company_do_not(tmp_path: Path) -> None:
    old = load(tmp_path)
    consent = DOCUMENT["consents"]["letter"]
    other = load(tmp_path, consents={"letter": consent | {"act": ["preticked_box"]}})
    assert {change.where for change in compare(old, other) if change.binds} == {
        "consents › letter › act › preticked_box",
        "consents › letter › act › box",
    }
    proved = load(tmp_path, consents={"letter": consent | {"records": ["who", "when"]}})
    assert [change.binds for change in compare(old, proved)] == [False]
    weighed = load(
        tmp_path, purposes={"letter": DOCUMENT["purposes"]["letter"] | {"balanced_on": "2024-01-01"}}
    )
    assert [change.binds for change in compare(old, weighed)] == [False]
