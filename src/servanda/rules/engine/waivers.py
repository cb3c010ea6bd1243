"""Waivers: findings that the company has looked at and lives with, each for a reason and until a day.

    waivers:
      - {rule: SV416, where: app.notes, because: "holds no data of persons", until: 2027-06-30}

A waiver hides the findings of one rule, at `where` and below it, or everywhere where it
names no place. After its day the findings count again and say that they were waived:
nothing is forgotten for ever (GDPR 24(1): measures are reviewed).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from servanda.errors import PolicyError, Problem, ServandaError
from servanda.policy.yamlfile import KeyPath, Source
from servanda.rules.engine.rule import Finding, Rule
from servanda.rules.engine.run import Report, chosen
from servanda.stores.document.company import Waiver
from servanda.stores.document.document import StoresDocument


@dataclass(frozen=True, slots=True)
class Waived:
    """What was looked at without the findings that are waived.

    `hidden` are those, each with its waiver; `unused` are the waivers in force that hid nothing.
    """

    looked: Report
    hidden: tuple[tuple[Finding, Waiver], ...] = ()
    unused: tuple[Waiver, ...] = ()


def waive(looked: Report, document: StoresDocument, sources: Sequence[Source], today: date) -> Waived:
    """Leave out the findings that a waiver of the stores document covers on `today`.

    Raises PolicyError where a waiver names a rule that does not exist.
    """
    waivers = [(waiver, _rules(document, i, waiver)) for i, waiver in enumerate(document.waivers)]
    names = {(source.name, *spot): name for source in sources for spot, name in names_in(source).items()}
    shown, hidden = [], []
    for finding in looked.findings:
        at = finding.at
        where = finding.where or names.get((at.file, at.line, at.column), "")
        covering = [w for w, rules in waivers if finding.rule in rules and covers(w.where, where)]
        running = next((w for w in covering if date.fromisoformat(w.until) >= today), None)
        if running is not None:
            hidden.append((finding, running))
        else:
            shown.append(_reminding(finding, covering[-1]) if covering else finding)
    codes = {rule.code for rule in looked.rules}
    used = {id(waiver) for _, waiver in hidden}
    unused = tuple(
        w
        for w, rules in waivers
        if id(w) not in used and rules & codes and date.fromisoformat(w.until) >= today
    )
    return Waived(replace(looked, findings=tuple(shown)), tuple(hidden), unused)


def _rules(document: StoresDocument, number: int, waiver: Waiver) -> frozenset[str]:
    try:
        rules: list[Rule] = chosen([waiver.rule])
    except ServandaError as error:
        at = document.source.spot(("waivers", number, "rule"))
        raise PolicyError([Problem(at, error.message, error.advice)]) from None
    return frozenset(rule.code for rule in rules)


def _reminding(finding: Finding, waiver: Waiver) -> Finding:
    return replace(finding, message=f"{finding.message} (waived until {waiver.until}: {waiver.because})")


def covers(wanted: str | None, where: str) -> bool:
    """Whether a part of a document is `wanted` or lies below it; None wants everything."""
    return wanted is None or where == wanted or where.startswith(f"{wanted}.")


def names_in(source: Source) -> dict[tuple[int, int], str]:
    """What stands at each spot; where a key and what it holds begin alike, the longer path."""
    found: dict[tuple[int, int], KeyPath] = {}
    for spots in (source.values, source.keys):
        for path, spot in spots.items():
            if len(path) >= len(found.get(spot, ())):
                found[spot] = path
    return {spot: dotted(path, source) for spot, path in found.items()}


def dotted(path: KeyPath, source: Source) -> str:
    """A path as a waiver names it: app.visits for a place, recipients.stripe for a part of the policy.

    A promise is named by its id, since its place in the list may change.
    """
    if path[:1] == ("stores",) and len(path) > 1:
        path = (path[1], *path[3 if path[2:3] == ("places",) else 2 :])
    elif path[:1] == ("promises",) and len(path) > 1:
        path = (source.data["promises"][path[1]].get("id", path[1]), *path[2:])
    return ".".join(str(part) for part in path)
