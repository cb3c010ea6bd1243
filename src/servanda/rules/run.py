"""Runs rules over a view: which ones, in which order, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from servanda.errors import ServandaError, StoreError
from servanda.rules.rule import Finding, Rule, known
from servanda.rules.view import View


@dataclass(frozen=True, slots=True)
class Looked:
    """The findings, by file, line, column and code; the rules that looked; those a store refused."""

    findings: tuple[Finding, ...]
    rules: tuple[Rule, ...]
    refused: tuple[tuple[Rule, StoreError], ...] = ()


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


def look(view: View, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> Looked:
    """Run the chosen rules; one that a store refuses to answer is told, and the others go on."""
    rules = [rule for rule in chosen(select, ignore) if rule.needs <= view.sees]
    found: dict[Finding, None] = {}
    refused = []
    for rule in rules:
        try:
            found.update(dict.fromkeys(rule.findings(view)))
        except StoreError as error:
            refused.append((rule, error))
    ordered = sorted(found, key=lambda f: (f.at.file, f.at.line, f.at.column, f.rule, f.message))
    return Looked(tuple(ordered), tuple(rules), tuple(refused))


def findings(view: View, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> list[Finding]:
    """What the chosen rules see, always in the same order. Raises StoreError where a store refuses."""
    looked = look(view, select, ignore)
    if looked.refused:
        raise looked.refused[0][1]
    return list(looked.findings)
