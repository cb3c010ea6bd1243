"""What `servanda check` finds of a company’s stores, and how its promises stand."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from click.testing import CliRunner

from projects import NOW, TestProject
from servanda.cli import command
from servanda.promises import statuses


def findings(company: TestProject, word: str = "") -> dict[str, str]:
    """The severity of each rule on stores that finds something, of those whose message has a word."""
    done = CliRunner().invoke(
        command, ["-C", str(company.folder), "check", "--json", "--select", "SV4"], standalone_mode=False
    )
    assert done.exception is None, done.exception
    listed: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return {f["code"]: f["severity"] for f in listed if word in f["message"]}


def standing(company: TestProject) -> dict[str, str]:
    """The state of each promise an hour after NOW."""
    with company.opened(NOW + timedelta(hours=1)) as opened:
        return {s.promise.id: s.state for s in statuses(opened)}
