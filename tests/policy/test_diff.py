"""Two versions of a policy are compared by meaning, and what binds people is told apart."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from servanda.cli import main
from servanda.law.period import Period, PeriodRange
from servanda.policy.base import Strict
from servanda.policy.compare import Change, compare
from servanda.policy.compare.verdicts import VERDICTS
from servanda.policy.compare.walk import OTHERS, Rule, walk
from servanda.policy.consents import Consent
from servanda.policy.policy import Policy, load_policy

pytestmark = pytest.mark.unit

DOCUMENT: dict[str, Any] = {
    "servanda": 1,
    "title": {"en": "Privacy policy"},
    "controller": {"name": "Example", "email": "privacy@example.com"},
    "dpo": {"name": "Ada", "email": "ada@example.com"},
    "authority": "CNIL",
    "jurisdictions": ["FR"],
    "languages": ["en"],
    "version": {"number": "1", "effective_from": "2024-01-01"},
    "timezone": "Europe/Paris",
    "audiences": {"clients": {"says": {"en": "Clients"}}},
    "categories": {
        "account": {"says": {"en": "Account"}, "audience": ["clients"], "fields": ["name", "email"]},
        "logs": {"says": {"en": "Logs"}, "audience": ["clients"], "fields": ["ip"]},
    },
    "purposes": {
        "service": {"says": {"en": "The service"}, "basis": ["contract"], "data": ["account"], "line": 4}
    },
    "recipients": {
        "host": {"says": {"en": "A host"}, "kind": "processor", "country": "FR", "data": ["account"]}
    },
    "promises": [
        {
            "id": "EX-RET-01",
            "name": "customer-data",
            "kind": "retention",
            "keep": "enforce",
            "line": 7,
            "says": {"en": "Accounts stay for three years after they are closed."},
            "published": {"period": "P3Y"},
            "enforced": [
                {
                    "data": ["account"],
                    "trigger": "closure",
                    "active": "P3Y",
                    "ground": {"choice": "late claims"},
                },
                {
                    "data": ["logs"],
                    "trigger": "event_date",
                    "active": "P12M",
                    "ground": {"law": "FR/decret-2021-1362"},
                },
            ],
        },
        {
            "id": "EX-RGT-01",
            "name": "rights",
            "kind": "right",
            "keep": "workflow",
            "line": 9,
            "says": {"en": "People may see their data and have them erased."},
            "published": {"rights": ["access", "erase"]},
        },
        {
            "id": "EX-DLN-01",
            "name": "answers",
            "kind": "deadline",
            "keep": "enforce",
            "line": 10,
            "says": {"en": "We answer within one month."},
            "published": {"period": "P1M"},
        },
        {
            "id": "EX-ANO-01",
            "name": "statistics",
            "kind": "anonymise",
            "keep": "enforce",
            "line": 11,
            "says": {"en": "Only anonymous figures remain."},
            "enforced": [{"every": "retention", "ends": ["delete", "anonymise"], "k": 5}],
        },
    ],
}


def fresh() -> dict[str, Any]:
    return json.loads(json.dumps(DOCUMENT))  # type: ignore[no-any-return]


def changes(edit: Callable[[dict[str, Any]], object]) -> list[Change]:
    edited = fresh()
    edit(edited)
    return compare(Policy.model_validate(DOCUMENT), Policy.model_validate(edited))


def only(edit: Callable[[dict[str, Any]], object]) -> Change:
    (change,) = changes(edit)
    return change


def put(value: object, *path: str | int) -> Callable[[dict[str, Any]], object]:
    """An edit that sets one value."""

    def edit(document: Any) -> None:
        for part in path[:-1]:
            document = document[part]
        document[path[-1]] = value

    return edit


RET = ("promises", 0, "enforced", 0)


def test_the_same_policy_has_no_changes() -> None:
    assert changes(lambda document: None) == []


def test_order_and_equal_periods_are_no_changes() -> None:
    def edit(document: dict[str, Any]) -> None:
        document["promises"].reverse()
        document["promises"][-1]["enforced"].reverse()
        document["categories"] = dict(reversed(document["categories"].items()))
        document["promises"][-1]["enforced"][1]["active"] = "P36M"
        document["promises"][-1]["published"]["period"] = "P36M"

    assert changes(edit) == []


def test_a_longer_period_binds_and_protects_less() -> None:
    change = only(put("P4Y", *RET, "active"))
    assert change.where == "promise customer-data › enforced › account › period"
    assert (change.what, change.before, change.after, change.binds) == ("changed", "P3Y", "P4Y", True)
    assert "longer" in change.why
    assert "consent" in change.why


def test_a_shorter_period_binds_too() -> None:
    change = only(put("P2Y", *RET, "active"))
    assert change.binds
    assert "earlier" in change.why


def test_a_month_and_thirty_days_are_not_the_same() -> None:
    old, new = fresh(), fresh()
    put("P1M", *RET, "active")(old)
    put("P30D", *RET, "active")(new)
    (change,) = compare(Policy.model_validate(old), Policy.model_validate(new))
    assert "now longer, now shorter" in change.why


def test_a_single_retention_is_named_by_its_promise_alone() -> None:
    old, new = fresh(), fresh()
    for document in (old, new):
        del document["promises"][0]["enforced"][1]
    new["promises"][0]["enforced"][0]["active"] = "P4Y"
    (change,) = compare(Policy.model_validate(old), Policy.model_validate(new))
    assert change.where == "promise customer-data › enforced › period"


def test_moving_time_into_an_archive_keeps_the_end() -> None:
    def edit(document: dict[str, Any]) -> None:
        document["promises"][0]["enforced"][0].update(active="P1Y", archive="P2Y")

    found = changes(edit)
    assert [change.where.rsplit(" › ", 1)[1] for change in found] == ["period", "archive"]
    assert all("same one" in change.why and change.binds for change in found)


@pytest.mark.parametrize(
    ("edit", "what", "where"),
    [
        (put("Other", "controller", "name"), "changed", "controller › name"),
        (put("x@example.com", "controller", "email"), "changed", "controller › email"),
        (put(None, "dpo"), "removed", "dpo"),
        (put(None, "authority"), "removed", "authority"),
        (put(["FR", "US"], "jurisdictions"), "added", "jurisdictions › US"),
        (
            put({"says": {"en": "Health"}, "audience": "clients"}, "categories", "health"),
            "added",
            "category health",
        ),
        (put(["name", "email", "phone"], "categories", "account", "fields"), "added", "fields › phone"),
        (put("processor", "categories", "account", "role"), "changed", "category account › role"),
        (put({"says": {"en": "Children"}}, "audiences", "children"), "added", "audience children"),
        (put({"says": {"en": "Marketing"}}, "purposes", "marketing"), "added", "purpose marketing"),
        (put(["consent", "contract"], "purposes", "service", "basis"), "added", "basis › consent"),
        (put([], "purposes", "service", "basis"), "removed", "basis › contract"),
        (put(["account", "logs"], "purposes", "service", "data"), "added", "data › logs"),
        (
            put({"says": {"en": "A shop"}, "kind": "controller"}, "recipients", "shop"),
            "added",
            "recipient shop",
        ),
        (put("US", "recipients", "host", "country"), "changed", "recipient host › country"),
        (put("controller", "recipients", "host", "kind"), "changed", "recipient host › kind"),
        (put(["access"], "promises", 1, "published", "rights"), "removed", "published › rights › erase"),
        (put("P2M", "promises", 2, "published", "period"), "changed", "promise answers › published › period"),
        (put("creation", *RET, "trigger"), "changed", "account › trigger"),
        (put("fiscal_year", *RET, "end_of"), "added", "account › end_of"),
        (put("anonymise", *RET, "end"), "changed", "account › end"),
        (put("min", *RET, "limit"), "changed", "account at least › limit"),
        (put("P30D", *RET, "warn_before"), "added", "account › warn_before"),
        (put([{"hold": "order"}], "promises", 2, "enforced"), "added", "promise answers › enforced › hold"),
        (put(3, "promises", 3, "enforced", 0, "k"), "changed", "statistics › enforced › every retention › k"),
        (
            put("allowed", "promises", 3, "enforced", 0, "pseudonyms"),
            "changed",
            "every retention › pseudonyms",
        ),
        (lambda d: d["promises"].pop(1), "removed", "promise rights"),
        (lambda d: d["promises"][0]["enforced"].pop(1), "removed", "promise customer-data › enforced"),
    ],
)
def test_what_people_were_told_or_agreed_to_binds(
    edit: Callable[[dict[str, Any]], object], what: str, where: str
) -> None:
    change = only(edit)
    assert change.what == what
    assert where in change.where
    assert change.binds
    assert change.why


@pytest.mark.parametrize(
    "edit",
    [
        put("Our privacy policy", "title", "en"),
        put("Those who pay us", "audiences", "clients", "says", "en"),
        put("Three years after closing, an account goes.", "promises", 0, "says", "en"),
        put("Trois ans.", "promises", 0, "says", "fr"),
        put(12, "promises", 0, "line"),
        put("closed-accounts", "promises", 0, "name"),
        put("enforce", "promises", 1, "keep"),
        put("P1D", "promises", 1, "within"),
        put({"choice": "claims come late"}, *RET, "ground"),
        put("legal", *RET, "owner"),
        put(["ip", "email"][:0], "categories", "logs", "fields"),
        put(["en", "fr"], "languages"),
        put("2", "version", "number"),
        put("2024-02-01", "version", "effective_from"),
        put("06-30", "fiscal_year_end"),
        put(10, "promises", 3, "enforced", 0, "k"),
        lambda d: d["recipients"].pop("host"),
        lambda d: d["purposes"].pop("service"),
    ],
)
def test_wording_and_less_data_bind_nobody(edit: Callable[[dict[str, Any]], object]) -> None:
    assert not only(edit).binds


def test_a_fiscal_year_binds_where_periods_are_counted_from_it() -> None:
    def edit(document: dict[str, Any]) -> None:
        document["fiscal_year_end"] = "06-30"
        document["promises"][0]["enforced"][0]["end_of"] = "fiscal_year"

    assert [c.binds for c in changes(edit) if c.where == "fiscal_year_end"] == [True]


def test_a_promise_that_asks_nothing_of_people_may_be_added() -> None:
    more = {
        "id": "EX-SEC-01",
        "name": "passwords",
        "kind": "security",
        "keep": "attest",
        "line": 12,
        "says": {"en": "x"},
    }
    assert not only(lambda d: d["promises"].append(more)).binds
    again = {**more, "kind": "communication"}
    assert only(lambda d: d["promises"].append(again)).binds


def test_more_data_under_one_period_is_seen_as_such() -> None:
    change = only(put(["account", "logs"], *RET, "data"))
    assert change.where == "promise customer-data › enforced › account and others › data › logs"
    assert change.what == "added"


STATED: dict[str, Any] = {
    "rights": {"access": {"line": 4}, "objection": {"against": ["any"], "line": 5}},
    "requests": {"deadline": {"within": "P4W", "promise": "EX-DLN-01"}, "fee": {"free": True}},
    "changes": {"notices": [{"means": ["email"], "lead": "P1Y"}]},
}


@pytest.mark.parametrize(
    ("path", "value", "where", "binds"),
    [
        (("rights", "objection", "against"), ["prospecting"], "rights › objection › against › any", True),
        (("rights", "access"), None, "rights › access", True),
        (("rights", "access", "line"), 6, "rights › access › line", False),
        (("requests", "deadline", "within"), "P1M", "requests › deadline › within", True),
        (("requests", "deadline", "promise"), None, "requests › deadline › promise", False),
        (("requests", "fee", "free"), False, "requests › fee › free", True),
        (("changes", "notices", 0, "lead"), "P12M", None, None),
        (("changes", "notices", 0, "lead"), "P6M", "changes › notices › 1 › lead", True),
        (("roles",), [{"claims": "processor"}], "roles › 1", True),
        (("consents",), {"line": {"says": {"en": "A consent by that name"}}}, "consents › line", True),
        (("controller", "form"), "https://example.com/write", "controller › form", True),
        (("controller", "line"), 3, "controller › line", False),
        (("version", "prints"), ["number"], "version › prints", False),
    ],
)
def test_another_statement_binds_and_another_place_in_the_text_does_not(
    path: tuple[str | int, ...], value: Any, where: str | None, binds: bool | None
) -> None:
    old, new = ({**fresh(), **copy.deepcopy(STATED)} for _ in "12")
    put(value, *path)(new)
    changes = compare(Policy.model_validate(old), Policy.model_validate(new))
    assert (where is None) == (changes == [])
    if where is not None:
        assert (where, binds) in [(change.where, change.binds) for change in changes]


@given(st.sampled_from(["P1Y", "P2Y", "P30M", "P90D"]), st.sampled_from(["P1Y", "P2Y", "P30M", "P90D"]))
@settings(max_examples=20)
def test_turning_back_turns_each_change_around(before: str, after: str) -> None:
    one, other = fresh(), fresh()
    put(before, *RET, "active")(one)
    put(after, *RET, "active")(other)
    del other["purposes"]["service"]
    old, new = Policy.model_validate(one), Policy.model_validate(other)
    forward, backward = compare(old, new), compare(new, old)
    assert {(c.where, json.dumps(c.before), json.dumps(c.after)) for c in forward} == {
        (c.where, json.dumps(c.after), json.dumps(c.before)) for c in backward
    }


EXAMPLES = sorted(Path(__file__).resolve().parents[2].glob("examples/*/policy.yaml"))


def test_the_examples_equal_themselves() -> None:
    for path in EXAMPLES:
        assert compare(load_policy(path), load_policy(path)) == []


def other(value: Any) -> Any:
    """Another value of the same kind, or one with less in it."""
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, int):
        return value + 1
    if isinstance(value, Period | PeriodRange):
        return Period(years=99)
    if isinstance(value, list):
        return [other(value[0]), *value[1:]] if isinstance(value[0], str) else value[1:]
    return dict(list(value.items())[1:]) if isinstance(value, dict) else None


def edits(part: Any, seen: set[tuple[type, str]]) -> Iterator[tuple[str, Any]]:
    """A part of a document with one value changed, once for each field of each model; and which one."""
    if isinstance(part, BaseModel):
        for name, value in part:
            yield from ((key, part.model_copy(update={name: less})) for key, less in edits(value, seen))
            if value not in (None, [], {}) and (type(part), name) not in seen:
                seen.add((type(part), name))
                yield f"{type(part).__name__}.{name}", part.model_copy(update={name: other(value)})
    elif isinstance(part, dict):
        for name, value in part.items():
            yield from ((key, {**part, name: less}) for key, less in edits(value, seen))
    elif isinstance(part, list):
        for i, value in enumerate(part):
            yield from ((key, [*part[:i], less, *part[i + 1 :]]) for key, less in edits(value, seen))


def test_each_key_that_the_examples_use_is_compared() -> None:
    seen: set[tuple[type, str]] = set()
    for path in EXAMPLES:
        policy = load_policy(path)
        for key, edited in edits(policy, seen):
            changes = compare(policy, edited)
            assert changes, key
            assert all(c.where and c.why and c.before != c.after for c in changes), key
    assert len(seen) > 250


def test_the_table_names_only_keys_that_there_are() -> None:
    parts = Policy.model_json_schema()["$defs"].values()
    known = {key for part in parts for key in part.get("properties", {})}
    for model, lines in VERDICTS.items():
        keys = known if model is Strict else set(model.model_fields)
        assert set(lines) - {OTHERS} <= keys, model.__name__


def test_a_key_without_a_line_binds_and_a_model_without_a_rule_is_refused() -> None:
    class Later(Consent):
        proved_by: str | None = None

    old, new = (Later.model_validate({"says": {"en": "x"}, "proved_by": by}) for by in ("a box", None))
    (change,) = walk(old, new, VERDICTS)
    assert (change.what, change.where, change.binds) == ("removed", "proved_by", True)
    assert change.why == "people were told something else"
    with pytest.raises(LookupError, match=r"no rule says how Later\.purposes is compared"):
        list(walk(old, new, {Consent: {"says": Rule((False, "other words"))}}))


def test_the_command_says_what_binds_and_exits_with_1_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited = fresh()
    put("P4Y", *RET, "active")(edited)
    put("Accounts stay for a while.", "promises", 0, "says", "en")(edited)
    (tmp_path / "old.yaml").write_text(yaml.safe_dump(DOCUMENT), encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(edited), encoding="utf-8")

    def run(*more: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as exit_:
            main(["-C", str(tmp_path), "policy", "diff", "old.yaml", *more])
        return int(str(exit_.value.code)), capsys.readouterr().out

    code, shown = run()
    assert code == 0
    assert "P3Y → P4Y" in shown
    assert "2 changes, 1 of which binds people." in shown
    assert shown.index("› period") < shown.index("› says › en")
    assert run("--exit-code")[0] == 1
    assert run("old.yaml", "--exit-code")[0] == 0
    told = json.loads(run("--json")[1])
    assert (told["format"], told["binding"], len(told["changes"])) == (1, 1, 2)
    assert {"what", "where", "before", "after", "binds", "why"} == set(told["changes"][0])
