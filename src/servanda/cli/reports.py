"""Findings for other programs: JSON, SARIF 2.1.0 for code scanners, and annotations for GitHub's pages."""

from __future__ import annotations

import hashlib
import os
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servanda.rules import Finding, Report, Rule
    from servanda.stores.document.company import Waiver

Hidden = Sequence[tuple["Finding", "Waiver"]]
_LEVELS = {"error": "error", "warning": "warning", "advice": "note"}
_NOTICES = {"error": "error", "warning": "warning", "advice": "notice"}


def as_json(report: Report, hidden: Hidden, unseen: Sequence[str]) -> dict[str, Any]:
    """The report of a check as JSON: findings, waived findings, undecided rules, all rules."""
    rules = {rule.code: rule for rule in report.rules}
    reasons = [
        (aside.kind, {"code": aside.rule, "slug": rules[aside.rule].slug, "why": aside.why})
        for aside in report.asides
    ]
    return {
        "format": 1,
        "findings": [_finding(f, rules[f.rule]) for f in report.findings],
        "waived": [{**_finding(f, rules[f.rule]), "because": w.because, "until": w.until} for f, w in hidden],
        "needs": [reason for kind, reason in reasons if kind == "needs"],
        "not_applicable": [reason for kind, reason in reasons if kind == "not applicable"],
        "rules": list(rules),
        "not_checked": list(unseen),
    }


def _finding(finding: Finding, rule: Rule) -> dict[str, Any]:
    return {
        "code": finding.rule,
        "slug": rule.slug,
        "verdict": finding.verdict,
        "severity": finding.severity,
        "article": rule.law,
        "file": finding.at.file,
        "line": finding.at.line,
        "column": finding.at.column,
        "message": finding.message,
        "fix": finding.fix,
    }


# -- SARIF ------------------------------------------------------------------------------------


def sarif(report: Report, hidden: Hidden, unseen: Sequence[str], folder: Path) -> dict[str, Any]:
    """A log of the Static Analysis Results Interchange Format (OASIS SARIF 2.1.0); waived findings are suppressed."""
    from importlib.metadata import version

    numbers = {rule.code: i for i, rule in enumerate(report.rules)}
    results = [_result(finding, numbers, folder) for finding in report.findings]
    for finding, waiver in hidden:
        suppression = {
            "kind": "external",
            "status": "accepted",
            "justification": f"{waiver.because} (until {waiver.until})",
        }
        results.append({**_result(finding, numbers, folder), "suppressions": [suppression]})
    notes = [{"level": "error", "message": {"text": f"not checked: {line}"}} for line in unseen]
    run = {
        "tool": {
            "driver": {
                "name": "Servanda",
                "semanticVersion": version("servanda"),
                "rules": [_descriptor(rule) for rule in report.rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not unseen, "toolExecutionNotifications": notes}],
        "results": results,
    }
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _descriptor(rule: Rule) -> dict[str, Any]:
    manual = textwrap.dedent(rule.text).strip()
    finds = " ".join(manual.split("\n\n", 1)[0].split())
    return {
        "id": rule.code,
        "name": rule.slug,
        "shortDescription": {"text": finds},
        "help": {"text": manual},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"article": rule.law, "tags": ["privacy"]},
    }


def _result(finding: Finding, numbers: dict[str, int], folder: Path) -> dict[str, Any]:
    text = finding.message + (f" Fix: {finding.fix}" if finding.fix else "")
    identity = f"{finding.rule}|{finding.at.file}|{finding.where}|{finding.message}"
    region = {"startLine": max(finding.at.line, 1), "startColumn": max(finding.at.column, 1)}
    location = {"artifactLocation": {"uri": _path(folder, finding.at.file)}, "region": region}
    return {
        "ruleId": finding.rule,
        "ruleIndex": numbers[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"servanda/v1": hashlib.sha256(identity.encode()).hexdigest()[:32]},
        "properties": {"verdict": finding.verdict},
    }


def _path(folder: Path, file: str) -> str:
    """A document's path relative to the current directory, with slashes."""
    return Path(os.path.relpath(folder / file)).as_posix()


# -- GitHub -----------------------------------------------------------------------------------


def github(report: Report, unseen: Sequence[str], folder: Path) -> Iterator[str]:
    """Yield GitHub workflow commands, shown as annotations in a pull request."""
    slugs = {rule.code: rule.slug for rule in report.rules}
    for finding in report.findings:
        at = finding.at
        spot = f"file={_property(_path(folder, at.file))},line={max(at.line, 1)},col={max(at.column, 1)}"
        title = _property(f"{finding.rule} {slugs[finding.rule]}")
        text = finding.message + (f"\nfix: {finding.fix}" if finding.fix else "")
        yield f"::{_NOTICES[finding.severity]} {spot},title={title}::{_text(text)}"
    for line in unseen:
        yield f"::error title=not checked::{_text(line)}"


def _text(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _text(value).replace(":", "%3A").replace(",", "%2C")
