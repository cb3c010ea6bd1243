"""The same text judged by the law of another day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from servanda.policy.policy import load_policy
from servanda.rules import View, run_rules

pytestmark = pytest.mark.unit
KSAAR = Path(__file__).resolve().parents[2] / "examples" / "ksaar" / "policy.yaml"


@pytest.mark.parametrize(
    ("code", "day", "verdict"),
    [
        ("SV514", date(2020, 6, 1), "P"),
        ("SV514", date(2020, 7, 15), "P"),
        ("SV514", date(2020, 7, 16), "F"),
        ("SV514", date(2020, 8, 1), "F"),
    ],
)
def test_the_privacy_shield_was_valid_until_it_was_not(code: str, day: date, verdict: str) -> None:
    assert run_rules(View(load_policy(KSAAR), day), select=[code]).verdict(code) == verdict


def test_a_browser_that_was_alive_is_no_defect() -> None:
    policy = load_policy(KSAAR)
    told = {
        day: [
            f.message
            for f in run_rules(View(policy, day), select=["SV904"]).findings
            if "Explorer" in f.message
        ]
        for day in (date(2022, 6, 14), date(2022, 6, 15))
    }
    assert [len(messages) for messages in told.values()] == [0, 1]
