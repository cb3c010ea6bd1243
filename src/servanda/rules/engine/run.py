"""Selects rules, runs them over a view, and reports findings and failures."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from servanda.errors import ServandaError, StoreError
from servanda.rules.engine.rule import Aside, Finding, Rule, all_rules
from servanda.rules.engine.view import View


@dataclass(frozen=True, slots=True)
class Report:
    """Findings sorted by file, line, column and code; the rules that ran; reasons for undecided rules.

    `refused` are rules with a StoreError; `broken` are rules that raised another exception, with its
    type and line.
    """

    findings: tuple[Finding, ...]
    rules: tuple[Rule, ...]
    asides: tuple[Aside, ...] = ()
    refused: tuple[tuple[Rule, StoreError], ...] = ()
    broken: tuple[tuple[Rule, str], ...] = ()

    def verdict(self, code: str) -> str:
        """One letter for a rule: F fails, W weak, U needs more, N not applicable, P passed.

        A finding takes precedence over a reason for being undecided.
        """
        verdicts = {finding.verdict for finding in self.findings if finding.rule == code}
        kinds = {aside.kind for aside in self.asides if aside.rule == code}
        if verdicts:
            return "F" if "fails" in verdicts else "W"
        return "U" if "needs" in kinds else "N" if kinds else "P"


def select_rules(select: Sequence[str] = (), ignore: Sequence[str] = ()) -> list[Rule]:
    """The rules that match `select` (all if empty) and do not match `ignore`: by prefix of a code, or by slug.

    Raises ServandaError for a word that matches no rule.
    """
    rules = all_rules()
    for word in (*select, *ignore):
        if not any(_matches(rule, word) for rule in rules):
            raise ServandaError(f"no rule begins with “{word}”", advice="see them with: servanda rule")
    return [
        rule
        for rule in rules
        if (not select or any(_matches(rule, word) for word in select))
        and not any(_matches(rule, word) for word in ignore)
    ]


def _matches(rule: Rule, word: str) -> bool:
    return bool(word) and (rule.code.startswith(word.upper()) or rule.slug == word.lower())


def run_rules(view: View, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> Report:
    """Run the selected rules. An exception in one rule is reported and does not stop the others."""
    rules = [rule for rule in select_rules(select, ignore) if rule.needs <= view.sees]
    results: dict[Finding, None] = {}
    asides: dict[Aside, None] = {}
    refused = []
    broken = []
    for rule in rules:
        try:
            for result in rule.run(view):
                if isinstance(result, Aside):
                    asides[result] = None
                else:
                    results[result] = None
        except StoreError as error:
            refused.append((rule, error))
        except Exception as error:  # noqa: BLE001 (an exception in one rule does not stop the others)
            broken.append((rule, _where(error)))
    ordered = sorted(results, key=lambda f: (f.at.file, f.at.line, f.at.column, f.rule, f.message))
    ordered_asides = sorted(asides, key=lambda aside: (aside.rule, aside.why))
    return Report(tuple(ordered), tuple(rules), tuple(ordered_asides), tuple(refused), tuple(broken))


def _where(error: Exception) -> str:
    """The type and line of an error; its message is left out, as it may contain values."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}"


def findings(view: View, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> list[Finding]:
    """The findings of the selected rules in a stable order.

    Raises the StoreError of a rule that could not read a store, and ServandaError for a broken rule.
    """
    report = run_rules(view, select, ignore)
    if report.refused:
        raise report.refused[0][1]
    if report.broken:
        rule, where = report.broken[0]
        raise ServandaError(f"the rule {rule.code} {rule.slug} is broken: {where}")
    return list(report.findings)
