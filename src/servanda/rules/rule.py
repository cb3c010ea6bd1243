"""What a rule is, and what it finds.

    @rule("SV405", severity="error", needs={"stores"})
    def check(view: View) -> Iterator[Finding]: …

fails   it is so: counts with the rule's own severity
weak    it may be so, or may be meant so: one severity lower

A rule's slug is the name of its file; its manual is the docstring of its file.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from servanda.errors import Spot
from servanda.rules.view import Need, View

Severity = Literal["error", "warning", "advice"]
Verdict = Literal["fails", "weak"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "advice")
"""From the gravest to the lightest."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule saw at one spot. `fix` is what to write or do instead, empty where the message says it.

    A message names documents, tables and columns, and counts rows; it never quotes a value of a row.
    """

    rule: str
    verdict: Verdict
    at: Spot
    message: str
    fix: str = ""
    severity: Severity = "error"


Check = Callable[[View], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its code, its slug, the law or technical reason it rests on, and how it looks."""

    code: str
    slug: str
    law: str
    severity: Severity
    needs: frozenset[Need]
    check: Check

    @property
    def text(self) -> str:
        """The manual: the docstring of the rule's file."""
        return sys.modules[self.check.__module__].__doc__ or ""

    def findings(self, view: View) -> Iterator[Finding]:
        """What it sees, under its code and severity; nothing where what it needs is not there."""
        if self.needs <= view.sees:
            for found in self.check(view):
                lower = SEVERITIES.index(self.severity) + (found.verdict == "weak")
                severity = SEVERITIES[min(lower, len(SEVERITIES) - 1)]
                yield replace(found, rule=self.code, severity=severity)


_KNOWN: dict[str, Rule] = {}
_POLICY: tuple[Need, ...] = ("policy",)


def rule(
    code: str, *, law: str = "", severity: Severity = "error", needs: Collection[Need] = _POLICY
) -> Callable[[Check], Check]:
    """Register a rule. `law` cites the article, or names the technical reason."""

    def register(check: Check) -> Check:
        slug = check.__module__.rsplit(".", 1)[-1].replace("_", "-")
        assert code not in _KNOWN or _KNOWN[code].slug == slug, f"{code} is taken by {_KNOWN[code].slug}"
        _KNOWN[code] = Rule(code, slug, law, severity, frozenset(needs), check)
        return check

    return register


def known() -> list[Rule]:
    """Every rule of this folder, by code; the files are loaded when this is first asked."""
    folder = importlib.import_module("servanda.rules")
    for file in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"servanda.rules.{file.name}")
    return [_KNOWN[code] for code in sorted(_KNOWN)]


def fails(at: Spot, message: str, fix: str = "") -> Finding:
    """It is so. The rule's code and severity are added when it is run."""
    return Finding("", "fails", at, message, fix)


def weak(at: Spot, message: str, fix: str = "") -> Finding:
    """It may be so, or may be meant so: one severity lower."""
    return Finding("", "weak", at, message, fix)


def complaints(view: View, kind: str) -> Iterator[Finding]:
    """What binding the stores document to the stores complained of, of one kind."""
    for complaint in view.bound.complaints:
        if complaint.kind == kind:
            store, place = complaint.place.split(".", 1)
            path = ("stores", store, "places", place)
            source = view.bound.stores.source
            at = source.spot(path, key=True) if complaint.at == source.spot(path) else complaint.at
            yield fails(at, f"{complaint.place}: {complaint.message}", complaint.advice)
