"""Grounds as people read them: every law that an example rests on has a name in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from servanda.law.grounds import name_of
from servanda.locale import LANGUAGES
from servanda.policy.policy import load_policy

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.unit


def test_a_law_is_told_by_its_name_and_article() -> None:
    assert name_of("law FR/c-com/L123-22", "fr") == "code de commerce, art. L123-22"
    assert name_of("law EE/raamatupidamise-seadus-12", "en").endswith("§ 12")
    assert name_of("law FR/decret-2021-1362", "fr").startswith("décret n° 2021-1362")
    assert name_of("choice: to settle disputes", "en") == "to settle disputes"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_law_of_the_examples_has_a_name(language: str) -> None:
    for example in ("exograd", "ksaar", "sociatex", "xmserver", "xsior"):
        for _, retention in load_policy(EXAMPLES / example / "policy.yaml").retentions():
            law = retention.ground.law
            if law and "/" in law:
                assert name_of(str(retention.ground), language) != law, law
