"""Runs rules over a view: which ones, in which order, and what could not be looked at."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from servanda.errors import ServandaError, StoreError
from servanda.rules.engine.rule import Aside, Finding, Rule, known
from servanda.rules.engine.view import View


@dataclass(frozen=True, slots=True)
class Report:
    """The findings, by file, line, column and code; why rules did not decide; the rules that looked.

    `refused` are those that a store did not answer, `broken` those that raised, with where they did.
    """

    findings: tuple[Finding, ...]
    rules: tuple[Rule, ...]
    asides: tuple[Aside, ...] = ()
    refused: tuple[tuple[Rule, StoreError], ...] = ()
    broken: tuple[tuple[Rule, str], ...] = ()

    def verdict(self, code: str) -> str:
        """One letter for a rule: F fails, W weak, U needs more, N not applicable, P passed.

        A finding weighs more than a reason not to decide.
        """
        verdicts = {found.verdict for found in self.findings if found.rule == code}
        kinds = {aside.kind for aside in self.asides if aside.rule == code}
        if verdicts:
            return "F" if "fails" in verdicts else "W"
        return "U" if "needs" in kinds else "N" if kinds else "P"


def chosen(select: Sequence[str] = (), ignore: Sequence[str] = ()) -> list[Rule]:
    """The rules whose code or slug begins with one of `select` (all where empty) and of `ignore` not.

    Raises ServandaError for a word with which no rule begins.
    """
    rules = known()
    for word in (*select, *ignore):
        if not any(_named(rule, word) for rule in rules):
            raise ServandaError(f"no rule begins with “{word}”", advice="see them with: servanda rule")
    return [
        rule
        for rule in rules
        if (not select or any(_named(rule, word) for word in select))
        and not any(_named(rule, word) for word in ignore)
    ]


def _named(rule: Rule, word: str) -> bool:
    return bool(word) and (rule.code.startswith(word.upper()) or rule.slug == word.lower())


def look(view: View, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> Report:
    """Run the chosen rules; one that a store refuses to answer, or that breaks, hides no other."""
    rules = [rule for rule in chosen(select, ignore) if rule.needs <= view.sees]
    found: dict[Finding, None] = {}
    asides: dict[Aside, None] = {}
    refused = []
    broken = []
    for rule in rules:
        try:
            for said in rule.says(view):
                if isinstance(said, Aside):
                    asides[said] = None
                else:
                    found[said] = None
        except StoreError as error:
            refused.append((rule, error))
        except Exception as error:  # noqa: BLE001 (a rule that is broken stops no other)
            broken.append((rule, _where(error)))
    ordered = sorted(found, key=lambda f: (f.at.file, f.at.line, f.at.column, f.rule, f.message))
    told = sorted(asides, key=lambda aside: (aside.rule, aside.why))
    return Report(tuple(ordered), tuple(rules), tuple(told), tuple(refused), tuple(broken))


def _where(error: Exception) -> str:
    """The kind of an error and the line of code; its message may hold what must not be shown."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}"


def findings(view: View, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> list[Finding]:
    """What the chosen rules see, always in the same order.

    Raises StoreError where a store refuses, and ServandaError where a rule breaks.
    """
    looked = look(view, select, ignore)
    if looked.refused:
        raise looked.refused[0][1]
    if looked.broken:
        rule, where = looked.broken[0]
        raise ServandaError(f"the rule {rule.code} {rule.slug} is broken: {where}")
    return list(looked.findings)
