"""What contributors and continuous integration are told to call is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import documents

pytestmark = pytest.mark.unit

ROOT = documents.ROOT
GITHUB = sorted((ROOT / ".github").rglob("*.yml"))
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
SAYING = [ROOT / ".ci" / "run", *GITHUB, *(ROOT / ".github").glob("*.md"), *documents.pages()]


@pytest.mark.parametrize("path", SAYING, ids=documents.name)
def test_every_target_that_is_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    code = (
        re.findall(r"^```\w*\n.*?^```$|`[^`\n]+`", text, re.DOTALL | re.MULTILINE)
        if path.suffix == ".md"
        else [text]
    )
    named = re.findall(r"(?:^|`|run: )make (?:PYTHON=\S+ )?([a-z]+)", "\n".join(code), re.MULTILINE)
    assert set(named) <= TARGETS


@pytest.mark.parametrize("path", GITHUB, ids=documents.name)
def test_what_the_forge_reads_is_yaml_and_has_a_name(path: Path) -> None:
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["name"]


def test_the_workflows_call_what_ci_calls() -> None:
    def called(*paths: Path) -> set[str]:
        texts = "\n".join(path.read_text(encoding="utf-8") for path in paths)
        return set(re.findall(r"^(?:\s*- run: )?(make (?!setup).+)$", texts, re.MULTILINE))

    assert called(*(ROOT / ".github" / "workflows").glob("*.yml")) == called(ROOT / ".ci" / "run")


def test_hooks_call_programs_of_the_environment() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0][
        "hooks"
    ]
    for hook in hooks:
        assert (ROOT / hook["entry"].split()[0]).is_file(), hook["id"]
