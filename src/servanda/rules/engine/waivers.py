"""Waivers: findings that the company accepts, each with a reason and an expiry date.

    waivers:
      - {rule: SV416, where: app.notes, because: "holds no data of persons", until: 2027-06-30}

A waiver hides the findings of one rule at and below `where`, or everywhere without it.
After its last day the findings count again, with a note that they were waived
(GDPR 24(1): measures are reviewed).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from servanda.errors import PolicyError, Problem, ServandaError
from servanda.policy.yamlfile import KeyPath, Source
from servanda.rules.engine.rule import Finding, Rule
from servanda.rules.engine.run import Report, select_rules
from servanda.stores.document.company import Waiver
from servanda.stores.document.document import StoresDocument


@dataclass(frozen=True, slots=True)
class Waived:
    """A report without its waived findings.

    `hidden` are the waived findings with their waivers; `unused` are waivers in force that hid nothing.
    """

    report: Report
    hidden: tuple[tuple[Finding, Waiver], ...] = ()
    unused: tuple[Waiver, ...] = ()


def waive(report: Report, document: StoresDocument, sources: Sequence[Source], today: date) -> Waived:
    """Remove the findings that a waiver of the stores document covers on `today`.

    Raises PolicyError if a waiver names a rule that does not exist.
    """
    waivers = [(waiver, _rules(document, i, waiver)) for i, waiver in enumerate(document.waivers)]
    names = {(source.name, *spot): name for source in sources for spot, name in names_in(source).items()}
    remaining, hidden = [], []
    for finding in report.findings:
        at = finding.at
        where = finding.where or names.get((at.file, at.line, at.column), "")
        covering = [w for w, rules in waivers if finding.rule in rules and covers(w.where, where)]
        active = next((w for w in covering if date.fromisoformat(w.until) >= today), None)
        if active is not None:
            hidden.append((finding, active))
        else:
            remaining.append(_with_waiver(finding, covering[-1]) if covering else finding)
    codes = {rule.code for rule in report.rules}
    used = {id(waiver) for _, waiver in hidden}
    unused = tuple(
        w
        for w, rules in waivers
        if id(w) not in used and rules & codes and date.fromisoformat(w.until) >= today
    )
    return Waived(replace(report, findings=tuple(remaining)), tuple(hidden), unused)


def _rules(document: StoresDocument, number: int, waiver: Waiver) -> frozenset[str]:
    try:
        rules: list[Rule] = select_rules([waiver.rule])
    except ServandaError as error:
        at = document.source.spot(("waivers", number, "rule"))
        raise PolicyError([Problem(at, error.message, error.advice)]) from None
    return frozenset(rule.code for rule in rules)


def _with_waiver(finding: Finding, waiver: Waiver) -> Finding:
    return replace(finding, message=f"{finding.message} (waived until {waiver.until}: {waiver.because})")


def covers(scope: str | None, where: str) -> bool:
    """Return whether a dotted name is at or below `scope`; None covers everything."""
    return scope is None or where == scope or where.startswith(f"{scope}.")


def names_in(source: Source) -> dict[tuple[int, int], str]:
    """The dotted name at each (line, column); if a key and its value share a spot, the longer path."""
    paths: dict[tuple[int, int], KeyPath] = {}
    for spots in (source.values, source.keys):
        for path, spot in spots.items():
            if len(path) >= len(paths.get(spot, ())):
                paths[spot] = path
    return {spot: dotted(path, source) for spot, path in paths.items()}


def dotted(path: KeyPath, source: Source) -> str:
    """A path as a waiver names it: app.visits for a place, recipients.stripe for a part of the policy.

    A promise is named by its id, since its place in the list may change.
    """
    if path[:1] == ("stores",) and len(path) > 1:
        path = (path[1], *path[3 if path[2:3] == ("places",) else 2 :])
    elif path[:1] == ("promises",) and len(path) > 1:
        path = (source.data["promises"][path[1]].get("id", path[1]), *path[2:])
    return ".".join(str(part) for part in path)
