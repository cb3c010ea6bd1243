"""A policy that is good but for some sections, and what a rule decides of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Protocol

import yaml

from servanda.policy import yamlfile
from servanda.policy.policy import load_policy
from servanda.rules import Report, View, run_rules

GOOD = yamlfile.parse((Path(__file__).parent / "rules" / "good.yaml").read_text(), "good.yaml").data
TODAY = date(2026, 11, 22)
WORDS = {"en": "words"}
ALL = ["account", "login", "visit", "invoice"]


class Ask(Protocol):
    """The letter of a rule for the good policy with some sections of its own; None removes one."""

    def __call__(self, code: str, day: date = TODAY, **sections: Any) -> str: ...


def looked(folder: Path, code: str, day: date = TODAY, **sections: Any) -> Report:
    made = {key: value for key, value in (GOOD | sections).items() if value is not None}
    (folder / "policy.yaml").write_text(yaml.safe_dump(made, sort_keys=False))
    return run_rules(View(load_policy(folder / "policy.yaml"), day), [code])


def judge(folder: Path, code: str, day: date = TODAY, **sections: Any) -> str:
    return looked(folder, code, day, **sections).verdict(code)


def purpose(*basis: str, **more: Any) -> dict[str, Any]:
    return {"says": WORDS, "basis": list(basis), "data": ALL, **more}


TWO = {"p": purpose("consent", data=["account"]), "q": purpose("consent", data=["visit", "login", "invoice"])}


def consent(*acts: str, **more: Any) -> dict[str, Any]:
    return {"c": {"says": WORDS, "act": list(acts), **more}}
