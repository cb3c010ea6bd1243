"""The five examples' policies against what careful readers found in their texts: 76 rules, 380 verdicts."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import pytest
import yaml

from servanda.policy.policy import load_policy
from servanda.rules import Report, View, all_rules, run_rules

pytestmark = pytest.mark.unit
HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
SAID = yaml.safe_load((HERE / "gold.yaml").read_text())
NAMES: list[str] = SAID["order"]
GOLD: dict[str, list[str]] = SAID["gold"]
OTHERWISE: dict[tuple[str, str], str] = {}
"""Cells that are judged otherwise here, each with the decision that says why."""
CODES = sorted(GOLD.keys() & {rule.code for rule in all_rules()})


@cache
def looked(name: str) -> Report:
    return run_rules(View(load_policy(EXAMPLES / name / "policy.yaml"), date(2026, 11, 22)))


@pytest.mark.parametrize("code", CODES)
def test_a_rule_finds_what_careful_readers_found(code: str) -> None:
    told = {name: looked(name).verdict(code) for name in NAMES}
    differ = {
        name: f"{told[name]} instead of {' or '.join(letters)}"
        for name, letters in zip(NAMES, GOLD[code], strict=True)
        if told[name] not in letters and (code, name) not in OTHERWISE
    }
    assert differ == {}


def test_the_sum() -> None:
    agree = sum(
        looked(name).verdict(code) in letters
        for code in CODES
        for name, letters in zip(NAMES, GOLD[code], strict=True)
    )
    print(f"gold: {agree} of {len(CODES) * len(NAMES)} agree")
    assert agree >= 0.95 * len(CODES) * len(NAMES)
