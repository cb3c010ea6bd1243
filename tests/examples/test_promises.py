"""The five examples promise exactly what the five published texts promise.

The facts lie outside the project: SERVANDA_FACTS names their folder, by default `shared`
beside the checkout. What is ours, the wording and what is enforced, is tested without them.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from servanda.policy.policy import Policy, load_policy
from servanda.policy.promise import Promise
from servanda.policy.values import published_value

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
FACTS = Path(os.environ.get("SERVANDA_FACTS") or ROOT.parent / "shared") / "law" / "promises.yaml"
COMPANIES = ("exograd", "ksaar", "sociatex", "xmserver", "xsior")

IRREVERSIBLE = {"XSIOR-RET-07", "KSAAR-RET-08", "KSAAR-RET-09"}
"""They say that what is gone stays gone, and give no period: there is nothing to count."""

TOO_LONG_A_RUN = 12

with_facts = pytest.mark.skipif(not FACTS.exists(), reason=f"no facts: {FACTS} is absent (SERVANDA_FACTS)")


@lru_cache
def policy(company: str) -> Policy:
    return load_policy(ROOT / "examples" / company / "policy.yaml")


@lru_cache
def facts() -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in yaml.safe_load(FACTS.read_text(encoding="utf-8"))}


def promises() -> dict[str, Promise]:
    return {promise.id: promise for company in COMPANIES for promise in policy(company).promises}


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def longest_run(ours: str, theirs: str) -> int:
    """The most consecutive words that two texts share."""
    mine, other = words(ours), words(theirs)
    longest, before = 0, [0] * (len(other) + 1)
    for word in mine:
        row = [0] * (len(other) + 1)
        for i, candidate in enumerate(other, start=1):
            if word == candidate:
                row[i] = before[i - 1] + 1
                longest = max(longest, row[i])
        before = row
    return longest


@with_facts
def test_all_404_promises_are_there_in_the_order_of_the_texts() -> None:
    assert len(promises()) == len(facts()) == 404
    for company in COMPANIES:
        published = [row["id"] for row in facts().values() if row["seed"] == company.upper()]
        assert [promise.id for promise in policy(company).promises] == published


@with_facts
@pytest.mark.parametrize("key", ["kind", "sub", "keep", "line"])
def test_each_promise_is_kept_as_the_facts_say(key: str) -> None:
    different = {
        name: (getattr(promise, key), facts()[name][key])
        for name, promise in promises().items()
        if getattr(promise, key) != facts()[name][key]
    }
    assert different == {}


@with_facts
def test_each_promise_states_the_same_values() -> None:
    different = {
        name: (promise.published, facts()[name]["values"])
        for name, promise in promises().items()
        if published_value(promise.published) != published_value(facts()[name]["values"])
    }
    assert different == {}


@with_facts
def test_the_wording_is_our_own() -> None:
    copied = {
        (name, language): run
        for name, promise in promises().items()
        for language in ("fr", "en")
        if (run := longest_run(getattr(promise.says, language) or "", facts()[name]["quote"]))
        >= TOO_LONG_A_RUN
    }
    assert copied == {}


def test_a_run_of_words_is_found() -> None:
    assert longest_run("so we keep, your data: one YEAR long", "They keep your data one year.") == 5


@pytest.mark.parametrize("company", COMPANIES)
def test_names_are_short_and_for_reading(company: str) -> None:
    for promise in policy(company).promises:
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", promise.name), promise.id
        assert promise.name != promise.id.lower()
        assert len(promise.name) <= 32, promise.name


@pytest.mark.parametrize("company", COMPANIES)
def test_promises_that_software_ends_data_for_say_how(company: str) -> None:
    timed = [
        p for p in policy(company).promises if p.keep == "enforce" and p.kind in ("retention", "archive")
    ]
    assert {p.id for p in timed if not p.enforced} <= IRREVERSIBLE
    assert not [p.id for p in timed if p.lacks_period]


@pytest.mark.parametrize("company", COMPANIES)
def test_retentions_that_depart_from_the_text_have_an_owner_and_a_reason(company: str) -> None:
    for promise in policy(company).promises:
        if promise.departs:
            reasons = [
                r for r in promise.retentions if r.owner and r.because and r.because.fr and r.because.en
            ]
            assert reasons, promise.id


@pytest.mark.parametrize("company", COMPANIES)
def test_nothing_is_ended_that_another_controller_decides_about(company: str) -> None:
    ours = policy(company)
    swept = {name for _, retention in ours.retentions() for name in retention.data}
    assert not [name for name in swept if ours.categories[name].role == "processor"]


@pytest.mark.parametrize("company", COMPANIES)
def test_the_languages_are_complete(company: str) -> None:
    """Exograd and Sociatex in both languages; of the others, whatever speaks of periods."""
    for promise in policy(company).promises:
        timed = promise.kind in ("retention", "archive", "anonymise", "hold")
        if timed or company in ("exograd", "sociatex"):
            assert promise.says.fr, promise.id
            assert promise.says.en, promise.id
        assert promise.says.say("en")


@pytest.mark.parametrize("company", COMPANIES)
def test_lines_are_short_enough_to_read(company: str) -> None:
    text = (ROOT / "examples" / company / "policy.yaml").read_text(encoding="utf-8")
    assert [n for n, line in enumerate(text.splitlines(), start=1) if len(line) > 120] == []
