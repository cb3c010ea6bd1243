"""A policy that cannot be used says what is wrong, at which line and column, and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from servanda.errors import PolicyError, Problem
from servanda.policy.policy import Policy, load_policy

pytestmark = pytest.mark.unit

GOOD = """\
servanda: 1
title: {en: Privacy policy}
controller: {name: Example, email: privacy@example.com}
jurisdictions: [FR]
languages: [en]
version:
  number: 2024-01-01
  effective_from: 2024-01-01
timezone: Europe/Paris
audiences:
  visitors:
    says: {en: Visitors}
categories:
  visitor-logs:
    says: {en: Visits}
    audience: visitors
    fields: [ip]
promises:
  - id: EX-RET-01
    name: visitor-logs
    kind: retention
    keep: enforce
    line: 3
    says: {en: Visits are kept for one year.}
    published: {period: P1Y}
    enforced:
      - data: visitor-logs
        trigger: collection
        active: P1Y
        ground: {law: FR/decret-2021-1362}
"""


def load(folder: Path, text: str) -> Policy:
    (folder / "policy.yaml").write_text(text, encoding="utf-8")
    return load_policy(folder / "policy.yaml")


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        load(folder, text)
    return caught.value.problems


def first(folder: Path, old: str, new: str) -> Problem:
    """The problem that a replaced text causes; a misspelt key is also missing under its right name."""
    assert GOOD.count(old) == 1, old
    found = problems(folder, GOOD.replace(old, new))
    rest = [problem for problem in found if "is missing" not in problem.message]
    assert len(rest) == 1
    return rest[0]


def test_a_good_policy_is_read(tmp_path: Path) -> None:
    policy = load(tmp_path, GOOD)
    ((promise, retention),) = policy.retentions()
    assert promise.name == "visitor-logs"
    assert str(retention.active) == "P1Y"
    assert retention.data == ["visitor-logs"]
    assert str(policy.at(promise)) == "policy.yaml:19:5"


def test_dates_and_country_codes_stay_text(tmp_path: Path) -> None:
    policy = load(tmp_path, GOOD.replace("email: privacy@example.com", "country: NO"))
    assert policy.controller.country == "NO"
    assert policy.version.effective_from == "2024-01-01"


@pytest.mark.parametrize(
    ("old", "new", "at", "message", "advice"),
    [
        ("    keep: enforce", "    keep: enforced", "22:11", "enforce", ""),
        ("    line: 3", "    lines: 3", "23:5", "“lines” is not known here", "did you mean “line”?"),
        (
            "        trigger: collection",
            "        triger: collection",
            "28:9",
            "“triger” is not known here",
            "did you mean “trigger”?",
        ),
        ("        active: P1Y", "        active: 2 ans", "29:17", "is not a period", "P2Y"),
        ("        active: P1Y", "        active: two years", "29:17", "is not a period", "P2Y"),
        ("        active: P1Y", "        active: P5Y..P10Y", "29:17", "is a range of periods", "P5Y"),
        ("        active: P1Y", "        active: P1H", "29:17", "is not a period", "whole days"),
        (
            "      - data: visitor-logs",
            "      - data: visitors-log",
            "27:15",
            "“visitors-log” is not a category",
            "did you mean “visitor-logs”?",
        ),
        (
            "    audience: visitors",
            "    audience: [visitor]",
            "16:16",
            "“visitor” is not an audience",
            "did you mean “visitors”?",
        ),
        (
            "  effective_from: 2024-01-01",
            "  effective_from: 1 janvier 2024",
            "8:19",
            "is not a date",
            "2022-12-26",
        ),
        ("  effective_from: 2024-01-01", "  effective_from: 2024-02-30", "8:19", "is not a date", ""),
        ("Europe/Paris", "Europe/Pariss", "9:11", "there is no time zone", "Europe/Paris"),
        ("{law: FR/decret-2021-1362}", "{law: FR/x, choice: y}", "30:17", "exactly one of law", ""),
        ("{law: FR/decret-2021-1362}", "{}", "30:17", "exactly one of law", ""),
        ("    says: {en: Visits}", "    says: {}", "15:11", "no text in any language", "fr: … or en: …"),
        ("    line: 3", "    line: 0", "23:11", "greater than or equal to 1", ""),
        ("  - id: EX-RET-01", "  - id: visits", "19:9", "pattern", ""),
        ("servanda: 1", "servanda: 2", "1:11", "should be 1", ""),
    ],
)
def test_a_mistake_is_shown_where_it_stands(
    tmp_path: Path, old: str, new: str, at: str, message: str, advice: str
) -> None:
    problem = first(tmp_path, old, new)
    assert str(problem.at) == f"policy.yaml:{at}"
    assert message in problem.message
    assert advice in problem.advice


def test_a_missing_key_is_shown_where_it_belongs(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, GOOD.replace("        ground: {law: FR/decret-2021-1362}\n", ""))
    assert problem.message == "“ground” is missing"
    assert str(problem.at) == "policy.yaml:27:9"


def test_every_mistake_is_listed_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD.replace("P1Y\n", "1 an\n").replace("Europe/Paris", "Paris").replace("    line: 3\n", "")
    found = problems(tmp_path, text)
    assert [problem.at.line for problem in found] == [9, 19, 28]


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("servanda: 1\ntitle: {en: Policy\nlanguages: [en]\n", "policy.yaml:3:10", "not valid YAML"),
        ("servanda: 1\n\ttitle: x\n", "policy.yaml:2:1", "not valid YAML"),
        ("servanda: 1\nservanda: 1\n", "policy.yaml:2:1", "“servanda” is given twice"),
        ("servanda: 1\nversion:\n  number: a\n  number: b\n", "policy.yaml:4:3", "“number” is given twice"),
        ("servanda: 1\n2024: x\n", "policy.yaml:2:1", "is not text"),
        ("", "policy.yaml:1:1", "empty"),
        ("- a list\n", "policy.yaml:1:1", "not a mapping"),
    ],
)
def test_text_that_is_not_a_document(tmp_path: Path, text: str, at: str, message: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert str(problem.at) == at
    assert message in problem.message


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(tmp_path / "policy.yaml")
    (problem,) = caught.value.problems
    assert problem.message == "there is no such file"
    assert "servanda init" in problem.advice


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_bytes("title: Confidentialité".encode("latin-1"))
    with pytest.raises(PolicyError) as caught:
        load_policy(tmp_path / "policy.yaml")
    assert "UTF-8" in caught.value.problems[0].advice


def test_an_id_or_a_name_is_used_once(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("  - id:") :].replace("EX-RET-01", "EX-RET-02")
    (problem,) = problems(tmp_path, GOOD + again)
    assert problem.message == "“visitor-logs” already names the promise on line 19"
    assert problem.at.line == 31


def test_the_digest_is_that_of_the_meaning(tmp_path: Path) -> None:
    one = load(tmp_path, GOOD).digest
    assert load(tmp_path, "# a comment\n" + GOOD.replace("P1Y", '"P1Y"')).digest == one
    assert load(tmp_path, GOOD.replace("active: P1Y", "active: P2Y")).digest != one


def test_a_promise_without_a_name_is_shown_by_its_id(tmp_path: Path) -> None:
    policy = load(tmp_path, GOOD.replace("    name: visitor-logs\n", ""))
    assert policy.promises[0].name == "ex-ret-01"
    assert policy.promise("EX-ret-01") is policy.promises[0]


def test_a_retention_promise_without_a_value_lacks_its_period(tmp_path: Path) -> None:
    bare = GOOD[: GOOD.index("    enforced:")]
    assert load(tmp_path, bare.replace("{period: P1Y}", "{period: undefined}")).promises[0].lacks_period
    final = bare.replace("    keep: enforce", "    sub: irreversible\n    keep: enforce")
    assert not load(tmp_path, final).promises[0].lacks_period
    assert not load(tmp_path, GOOD).promises[0].lacks_period


def test_an_enforced_value_that_departs_from_the_text_is_seen(tmp_path: Path) -> None:
    assert not load(tmp_path, GOOD).promises[0].departs
    assert not load(tmp_path, GOOD.replace("active: P1Y", "active: P12M")).promises[0].departs
    twice = GOOD + GOOD[GOOD.index("      - data:") :].replace("collection", "last_visit")
    assert not load(tmp_path, twice).promises[0].departs
    assert load(tmp_path, GOOD.replace("active: P1Y", "active: P2Y")).promises[0].departs
    assert load(tmp_path, GOOD.replace("{period: P1Y}", "{period: P1Y..P2Y}")).promises[0].departs
