"""Rights, requests, changes and parties: what each rule decides, case by case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from servanda.errors import PolicyError
from servanda.law.rights import RIGHTS
from servanda.policy import yamlfile
from servanda.policy.policy import load_policy
from servanda.rules import Report, View, run_rules

pytestmark = pytest.mark.unit

GOOD = yamlfile.parse((Path(__file__).parent / "good.yaml").read_text(), "good.yaml").data
TODAY = date(2026, 11, 22)
WORDS = {"en": "words"}

Judge = Callable[..., Report]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Judge the good policy; a section that is given replaces the keys that it names, None removes one."""

    def run(code: str, section: str, day: date = TODAY, **keys: Any) -> Report:
        made = {k: v for k, v in (GOOD.get(section, {}) | keys).items() if v is not None}
        document = GOOD | {section: made}
        (tmp_path / "policy.yaml").write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
        return run_rules(View(load_policy(tmp_path / "policy.yaml"), day), [code])

    return run


# -- requests ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deadline", "letter"),
    [
        ({"within": "P1M", "since": "receipt"}, "P"),
        ({"within": "P28D"}, "P"),
        ({"within": "P20D", "working_days": True}, "P"),
        ({"within": "P29D"}, "W"),
        ({"within": "P30D"}, "W"),
        ({"within": "P22D", "working_days": True}, "W"),
        ({"within": "P1M", "since": "complete"}, "W"),
        (None, "W"),
        ({"within": "P31D"}, "F"),
        ({"within": "P30D", "working_days": True}, "F"),
        ({"within": "P2M", "since": "request"}, "F"),
    ],
)
def test_the_time_to_answer_is_held_against_a_month(judge: Judge, deadline: Any, letter: str) -> None:
    assert judge("SV301", "requests", deadline=deadline).verdict("SV301") == letter


LAWFUL = {"by": "P2M", "conditions": ["complexity", "number"], "told_within": "P1M", "reasons": True}


@pytest.mark.parametrize(
    ("more", "letter"),
    [
        ({}, "P"),
        ({"by": "P60D"}, "W"),
        ({"by": "P1M"}, "P"),
        ({"by": "P3M"}, "F"),
        ({"reasons": False}, "W"),
        ({"told_within": None}, "W"),
        ({"told_within": "P2M"}, "W"),
        ({"conditions": ["company_load"]}, "W"),
    ],
)
def test_an_extension_is_two_months_and_told(judge: Judge, more: Any, letter: str) -> None:
    extension = {key: value for key, value in (LAWFUL | more).items() if value is not None}
    assert judge("SV302", "requests", extension=extension).verdict("SV302") == letter


@pytest.mark.parametrize(
    ("deadline", "extension", "letter"),
    [
        ({"within": "P1M"}, None, "N"),
        ({"within": "P2M"}, None, "N"),
        ({"within": "P3M", "conditions": ["complexity"]}, None, "F"),
        ({"within": "P1M", "conditions": ["complexity"]}, None, "N"),
        ({"within": "P2M"}, LAWFUL, "F"),
        (None, LAWFUL, "P"),
    ],
)
def test_an_extension_and_the_first_time_count_together(
    judge: Judge, deadline: Any, extension: Any, letter: str
) -> None:
    looked = judge("SV302", "requests", deadline=deadline, extension=extension)
    assert looked.verdict("SV302") == letter


@pytest.mark.parametrize(
    ("channels", "letter"),
    [
        ([{"kind": "email", "at": "privacy@example.org"}], "P"),
        ([{"kind": "post", "at": "1 rue de la Paix"}, {"kind": "account", "at": "https://example.org"}], "P"),
        ([], "P"),
        ([{"kind": "post", "at": "1 rue de la Paix"}], "W"),
        ([{"kind": "form"}], "W"),
        ([{"kind": "contact_details"}], "W"),
    ],
)
def test_one_channel_must_work_online(judge: Judge, channels: Any, letter: str) -> None:
    assert judge("SV303", "requests", channels=channels).verdict("SV303") == letter


def test_without_channel_and_address_nobody_can_ask(judge: Judge, tmp_path: Path) -> None:
    judge("SV303", "requests", channels=[])
    text = (tmp_path / "policy.yaml").read_text().replace("email: privacy@example.org", "")
    (tmp_path / "policy.yaml").write_text(text)
    looked = run_rules(View(load_policy(tmp_path / "policy.yaml"), TODAY), ["SV303"])
    assert looked.verdict("SV303") == "W"


@pytest.mark.parametrize("code", ["SV303", "SV304"])
@pytest.mark.parametrize(("accepted", "letter"), [(False, "F"), (True, "P")])
def test_what_is_refused_fails_and_what_is_accepted_does_not(
    judge: Judge, code: str, accepted: bool, letter: str
) -> None:
    key = {"SV303": "other_channels", "SV304": "mandataries"}[code]
    assert judge(code, "requests", **{key: {"accepted": accepted}}).verdict(code) == letter


@pytest.mark.parametrize(
    ("proof", "letter"),
    [
        ({"when": "on_doubt", "asks": ["unsaid"]}, "P"),
        ({"when": "on_doubt", "asks": ["copy"], "until_checked": True}, "P"),
        ({"when": "always", "asks": ["login"]}, "P"),
        ({"when": "on_doubt", "asks": ["copy"]}, "W"),
        ({"when": "always", "asks": ["data"]}, "W"),
        ({"when": "some_requests", "asks": ["document"]}, "W"),
        ({"when": "on_doubt", "asks": ["copy"], "copy_kept_for": "P1Y"}, "F"),
        ({"when": "always", "asks": ["unsaid"]}, "F"),
        ({"when": "always", "asks": ["copy"], "until_checked": True, "channels": ["post"]}, "F"),
        ({"when": "some_requests", "asks": ["copy"]}, "F"),
    ],
)
def test_proof_is_for_doubt(judge: Judge, proof: Any, letter: str) -> None:
    assert judge("SV305", "requests", identity=[proof]).verdict("SV305") == letter


@pytest.mark.parametrize(
    ("fee", "letter"),
    [
        ({"free": True}, "P"),
        ({"free": True, "charged_for": ["excessive", "further_copy"]}, "P"),
        ({"free": True, "charged_for": ["copy"]}, "F"),
        ({"charged_for": ["any_request"]}, "F"),
        (None, "U"),
    ],
)
def test_rights_are_free(judge: Judge, fee: Any, letter: str) -> None:
    assert judge("SV306", "requests", fee=fee).verdict("SV306") == letter


TOLD = {"tells": ["reasons", "complaint", "court"], "within": "P1M"}


@pytest.mark.parametrize(
    ("refusal", "letter"),
    [
        ({"grounds": ["manifestly_excessive", "law"], **TOLD}, "P"),
        ({"grounds": ["manifestly_excessive"], "tells": ["reasons"], "within": "P1M"}, "W"),
        ({"grounds": ["manifestly_excessive"], **TOLD, "within": "P2M"}, "W"),
        ({"grounds": ["excessive"], **TOLD}, "F"),
        ({"grounds": [], **TOLD}, "F"),
        (None, "U"),
    ],
)
def test_a_refusal_has_its_grounds_and_an_answer(judge: Judge, refusal: Any, letter: str) -> None:
    assert judge("SV307", "requests", refusal=refusal).verdict("SV307") == letter


# -- rights ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("right", ["access", "rectification", "erasure", "restriction", "objection"])
def test_each_missing_right_is_named(judge: Judge, right: str) -> None:
    looked = judge("SV311", "rights", **{right: None, "portability": None})
    first, second = sorted([right, "portability"], key=lambda name: RIGHTS[name].order)
    assert [f.message for f in looked.findings] == [f"the text announces no right to {first} or {second}"]


@pytest.mark.parametrize(
    ("against", "basis", "letter"),
    [
        (["prospecting"], ["legitimate_interest"], "F"),
        (["prospecting"], ["contract", "public_task"], "F"),
        (["situation"], ["legitimate_interest"], "P"),
        ([], ["legitimate_interest"], "P"),
        (["prospecting"], ["contract"], "N"),
        (["prospecting"], [], "U"),
    ],
)
def test_objection_must_reach_what_rests_on_an_interest(
    judge: Judge, tmp_path: Path, against: Any, basis: Any, letter: str
) -> None:
    judge("SV312", "rights", objection={"against": against})
    document = yaml.safe_load((tmp_path / "policy.yaml").read_text())
    document["version"]["effective_from"] = "2026-01-01"
    document["version"]["reviewed_at"] = "2026-01-01"
    document["purposes"] = {"use": {"says": WORDS, "basis": basis, "data": ["account"]}}
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(document))
    looked = run_rules(View(load_policy(tmp_path / "policy.yaml"), TODAY), ["SV312"])
    assert looked.verdict("SV312") == letter


@pytest.mark.parametrize(
    ("objection", "letter"),
    [({"stands": "block"}, "P"), ({"stands": "list"}, "W"), ({}, "W"), (None, "F")],
)
def test_objection_stands_apart(judge: Judge, objection: Any, letter: str) -> None:
    assert judge("SV313", "rights", objection=objection).verdict("SV313") == letter


@pytest.mark.parametrize(
    ("complaint", "letter"), [({}, "P"), ({"to": "CNIL", "condition": "no_answer"}, "W"), (None, "F")]
)
def test_a_complaint_has_no_condition(judge: Judge, complaint: Any, letter: str) -> None:
    assert judge("SV315", "rights", complaint=complaint).verdict("SV315") == letter


CNIL = {"name": "CNIL", "named_for": ["complaints"]}


@pytest.mark.parametrize(
    ("authority", "day", "letter"),
    [
        (None, TODAY, "N"),
        ({"name": "CNIL", "named_for": ["guidance"], "postal": "somewhere"}, TODAY, "N"),
        (CNIL, TODAY, "P"),
        (CNIL | {"phone": "01.53.73.22.22"}, TODAY, "P"),
        (CNIL | {"phone": "01 53 73 22 23"}, TODAY, "F"),
        (
            CNIL
            | {
                "postal": "CNIL, Service des plaintes, 3 Place de Fontenoy - TSA 80715 - 75334 PARIS CEDEX 07"
            },
            TODAY,
            "P",
        ),
        (CNIL | {"postal": "3 place de Fontenoy, TSA 80751, 75334 Paris Cedex 07"}, TODAY, "F"),
        (CNIL | {"postal": "8 rue Vivienne, CS 30223, 75083 Paris Cedex 02"}, TODAY, "F"),
        (CNIL | {"postal": "8 rue Vivienne, CS 30223, 75083 Paris Cedex 02"}, date(2015, 1, 1), "P"),
        (CNIL | {"announced": ["url"]}, TODAY, "F"),
        ({"name": "Nobody", "named_for": ["complaints"], "phone": "1"}, TODAY, "U"),
    ],
)
def test_the_address_of_the_authority_is_that_of_the_day(
    judge: Judge, authority: Any, day: date, letter: str
) -> None:
    assert judge("SV316", "rights", day, authority=authority).verdict("SV316") == letter


@pytest.mark.parametrize(
    ("jurisdictions", "url", "after_death", "letter"),
    [
        (["FR", "EU"], None, {"by": ["person"], "fate": WORDS}, "P"),
        (["FR", "EU"], None, {"by": ["person"]}, "W"),
        (["FR", "EU"], None, {"fate": WORDS}, "F"),
        (["FR", "EU"], None, None, "F"),
        (["EE", "EU"], "https://www.example.fr/en", None, "W"),
        (["EE", "EU"], "https://www.example.ee", None, "N"),
    ],
)
def test_directives_are_for_france(
    judge: Judge, tmp_path: Path, jurisdictions: Any, url: Any, after_death: Any, letter: str
) -> None:
    judge("SV317", "rights", after_death=after_death)
    path = tmp_path / "policy.yaml"
    document = yamlfile.parse(path.read_text(), "policy.yaml").data
    document["jurisdictions"] = jurisdictions
    document["controller"]["url"] = url
    path.write_text(yaml.safe_dump(document))
    assert run_rules(View(load_policy(path), TODAY), ["SV317"]).verdict("SV317") == letter


@pytest.mark.parametrize(
    ("code", "right", "stated", "letter"),
    [
        ("SV318", "rectification", {"self_service": "the profile"}, "P"),
        ("SV318", "rectification", {"limits": ["substantial_changes"]}, "F"),
        ("SV318", "rectification", None, "N"),
        ("SV319", "erasure", {"limits": ["legal_claims", "expression"]}, "P"),
        ("SV319", "erasure", {"limits": ["running_contract", "legal_obligation"]}, "W"),
        ("SV319", "erasure", {"limits": ["legal_obligation", "own_interest"]}, "F"),
        ("SV319", "erasure", None, "N"),
        ("SV320", "portability", {"formats": ["pdf", "csv"]}, "P"),
        ("SV320", "portability", {"formats": ["paper"]}, "F"),
        ("SV320", "portability", {}, "U"),
        ("SV320", "portability", None, "N"),
    ],
)
def test_limits_of_rights(judge: Judge, code: str, right: str, stated: Any, letter: str) -> None:
    assert judge(code, "rights", **{right: stated}).verdict(code) == letter


# -- versions and changes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "letter"),
    [
        ({}, "P"),
        ({"prints": ["date"]}, "W"),
        ({"earlier": None}, "W"),
        ({"prints": None}, "W"),
        ({"prints": ["number"]}, "F"),
    ],
)
def test_a_text_shows_its_date_its_number_and_its_past(judge: Judge, keys: Any, letter: str) -> None:
    assert judge("SV701", "version", **keys).verdict("SV701") == letter


@pytest.mark.parametrize(
    ("notices", "letter"),
    [
        ([{"means": ["email"], "lead": "P30D"}], "P"),
        ([{"means": ["letter", "in_app"], "lead": "P1M"}], "P"),
        ([{"means": ["email"]}], "W"),
        ([{"means": ["email"], "prior": True}], "W"),
        ([{"means": ["email"], "lead": "P0D"}], "W"),
        ([{"means": ["email", "website"], "lead": "P30D"}], "W"),
        ([{"means": ["unsaid"]}], "W"),
        ([{"means": ["email"], "lead": "P30D"}, {"of": "trackers", "means": ["banner"]}], "W"),
        ([{"means": ["website"]}, {"means": ["check_page"]}], "F"),
        ([], "F"),
    ],
)
def test_a_change_is_told_by_a_means_that_reaches_people_and_beforehand(
    judge: Judge, notices: Any, letter: str
) -> None:
    assert judge("SV702", "changes", notices=notices).verdict("SV702") == letter


@pytest.mark.parametrize(
    ("notices", "asked", "letter"),
    [
        ([{"means": ["email"], "lead": "P30D"}], True, "P"),
        ([{"means": ["email"], "prior": True}], True, "P"),
        ([{"means": ["email"]}], True, "W"),
        ([{"means": ["email"], "lead": "P30D"}], False, "W"),
        ([{"means": ["website"]}], True, "W"),
        ([{"of": "trackers", "means": ["email"], "lead": "P30D"}], True, "W"),
        ([{"means": ["check_page"]}], False, "F"),
    ],
)
def test_a_new_use_is_told_and_asked(judge: Judge, notices: Any, asked: bool, letter: str) -> None:
    again = {"on": ["new_purpose"]} if asked else None
    assert judge("SV703", "changes", notices=notices, asked_again=again).verdict("SV703") == letter


@pytest.mark.parametrize(
    ("since", "reviewed", "severity"),
    [
        ("2020-01-01", "2025-11-22", None),
        ("2020-01-01", "2025-11-21", "advice"),
        ("2020-01-01", "2024-11-21", "warning"),
        ("2020-01-01", None, "advice"),
        ("2026-01-01", None, None),
    ],
)
def test_a_text_is_read_once_a_year(judge: Judge, since: str, reviewed: Any, severity: Any) -> None:
    looked = judge("SV704", "version", effective_from=since, reviewed_at=reviewed)
    assert [f.severity for f in looked.findings] == ([severity] if severity else [])


# -- parties -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "letter"),
    [
        ("Ksaar Solutions", "P"),
        ("Société du Canal de Suez", "P"),
        ("Booking.com B.V.", "P"),
        ("example.org", "F"),
        ("https://www.example.org/", "F"),
        ("The operator of the website", "F"),
        ("Le responsable du traitement", "F"),
        (" ", "F"),
    ],
)
def test_a_site_or_a_role_is_no_name(judge: Judge, name: str, letter: str) -> None:
    assert judge("SV901", "controller", name=name).verdict("SV901") == letter


@pytest.mark.parametrize(("name_is", "letter"), [("name", "P"), ("brand", "W"), ("role", "F")])
def test_what_the_document_says_of_a_name_counts(judge: Judge, name_is: str, letter: str) -> None:
    assert judge("SV901", "controller", name="example.org", name_is=name_is).verdict("SV901") == letter


def test_a_name_without_a_way_to_reach_it_fails(judge: Judge) -> None:
    looked = judge("SV901", "controller", email=None, postal=None, phone="+33 1", announced=["form"])
    assert [f.message for f in looked.findings] == [
        "the controller cannot be reached: the text announces contact details without giving them"
    ]
    form = judge("SV901", "controller", email=None, postal=None, form="https://example.org/write")
    assert form.findings == ()


@pytest.mark.parametrize(
    ("dpo", "letter"),
    [
        ({"email": "dpo@example.org"}, "P"),
        ({"form": "https://example.org/dpo"}, "P"),
        ({"email": "privacy@example.org"}, "W"),
        ({"announced": ["form"]}, "F"),
        ({}, "F"),
    ],
)
def test_a_dpo_can_be_reached(judge: Judge, dpo: Any, letter: str) -> None:
    assert judge("SV903", "dpo", name="DPO", **dpo).verdict("SV903") == letter


@pytest.mark.parametrize(
    ("claims", "decided_by", "letter"),
    [
        ("controller", "company", "P"),
        ("processor", "customer", "P"),
        ("joint_controller", "both", "P"),
        ("processor", "company", "F"),
        ("controller", "customer", "F"),
        ("processor", None, "U"),
    ],
)
def test_whoever_decides_is_the_controller(tmp_path: Path, claims: str, decided_by: Any, letter: str) -> None:
    document = GOOD | {"roles": [{"claims": claims, "decided_by": decided_by}]}
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(document))
    looked = run_rules(View(load_policy(tmp_path / "policy.yaml"), TODAY), ["SV902"])
    assert looked.verdict("SV902") == letter


def test_a_statement_names_a_promise_that_is_there(judge: Judge) -> None:
    with pytest.raises(PolicyError) as wrong:
        judge("SV311", "rights", access={"promise": "X-RET-1"})
    (problem,) = wrong.value.problems
    assert problem.message == "“X-RET-1” is not a promise of this policy"
    assert problem.advice == "did you mean “X-RET-01”?"


BOX: dict[str, Any] = {"says": WORDS, "act": ["box"]}
LINK = {"channels": ["message_link"]}


@pytest.mark.parametrize(
    ("consents", "general", "letter"),
    [
        ({"box": BOX | {"purposes": ["news", "tracking"]}}, {}, "P"),
        ({"box": BOX | {"purposes": ["news", "tracking"]}}, {"purposes": ["news"]}, "W"),
        ({"box": BOX | {"purposes": ["news", "tracking"]}}, None, "F"),
        ({"box": BOX | {"purposes": ["news", "tracking"], "withdrawal": [LINK]}}, None, "P"),
        (
            {"box": BOX | {"purposes": ["news", "tracking"], "withdrawal": [LINK | {"purposes": ["news"]}]}},
            None,
            "W",
        ),
        ({"cookies": BOX}, None, "F"),
        ({"cookies": BOX | {"withdrawal": [LINK]}}, None, "W"),
        ({"browsing": {"says": WORDS, "act": ["browsing"]}}, None, "F"),
    ],
)
def test_consent_can_be_taken_back_and_the_text_says_so(
    judge: Judge, tmp_path: Path, consents: Any, general: Any, letter: str
) -> None:
    judge("SV314", "rights", withdrawal=None)
    path = tmp_path / "policy.yaml"
    document = yamlfile.parse(path.read_text(), "policy.yaml").data
    basis = dict.fromkeys(("news", "tracking"), "consent")
    document["purposes"] = {
        name: {"says": WORDS, "basis": [basis.get(name, "contract")], "data": ["account"]}
        for name in ("service", "news", "tracking")
    }
    document["consents"] = consents
    if general is not None:
        document["rights"]["withdrawal"] = general
    path.write_text(yaml.safe_dump(document))
    assert run_rules(View(load_policy(path), TODAY), ["SV314"]).verdict("SV314") == letter


def test_without_consent_there_is_nothing_to_take_back(judge: Judge) -> None:
    assert judge("SV314", "rights").verdict("SV314") == "N"
