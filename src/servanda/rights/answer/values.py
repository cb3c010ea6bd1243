"""Converts an outcome to the values of the answer's letter: data in the words of the policy, laws by name, days.

Law: GDPR 12(1) in plain language; 12(4) reasons; 17(3) what stays; 19 recipients, by name (CJEU C-154/21).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from servanda.law.grounds import name_of
from servanda.persons.remaining_rows import Rest
from servanda.policy.policy import Policy
from servanda.rights.answer.outcome import Line, Outcome
from servanda.stores.binding.binding import Binding

_SHOWN = {"copy": None, "held": "keep", "shared": "detach", "flag": None, "restrict": None}


def values_of(binding: Binding, outcome: Outcome, language: str, done: date) -> dict[str, Any]:
    """The values of the letter."""
    values: dict[str, Any] = {"done": done.isoformat()}
    lines = list(_lines(binding, outcome.lines, language))
    kept = list(_kept(binding, outcome.kept, language))
    backups = _backups(binding.policy, done) if outcome.rows("delete", "anonymise") else None
    if lines:
        values["lines"] = lines
    if kept:
        values["kept"] = kept
    if outcome.held:
        values["held"] = True
    if (kept or outcome.held) and not outcome.ends:
        values["none"] = True
    if outcome.undecided:
        values["undecided"] = True
    if outcome.digest:
        values["digest"] = outcome.digest
    if backups is not None:
        values["backups"] = backups.isoformat()
    return values


def _lines(binding: Binding, lines: Iterable[Line], language: str) -> Iterable[dict[str, Any]]:
    counts: dict[tuple[str, str], int] = {}
    for line in lines:
        done = _SHOWN.get(line.done, line.done)
        if done is not None:
            data = _data(binding, line.places, (), language)
            counts[data, done] = counts.get((data, done), 0) + line.rows
    return ({"data": data, "rows": rows, "action": done} for (data, done), rows in counts.items())


def _kept(binding: Binding, kept: Iterable[Rest], language: str) -> Iterable[dict[str, Any]]:
    """One line for data that stay for the same reason until the same day."""
    found: dict[tuple[str, str, str | None], None] = {}
    for one in kept:
        data = _data(binding, (one.place,), one.columns, language)
        why = f"{name_of(one.ground, language)} ({_article(one.article, language)})"
        found[data, why, one.until.isoformat() if one.until else None] = None
    return ({"data": data, "why": why, "until": until} for data, why, until in found)


def _article(article: str, language: str) -> str:
    return article.replace("GDPR", "RGPD, art.") if language == "fr" else article.replace("GDPR", "GDPR art.")


def _data(binding: Binding, places: Iterable[str], columns: Iterable[str], language: str) -> str:
    """The categories that lie in some places, by the words of the policy; those of some columns, where given."""
    wanted = set(columns)
    names: dict[str, None] = {}
    for name in places:
        place = binding.places.get(name)
        for category, own in place.data.items() if place is not None else ():
            if not wanted or wanted & set(own):
                names[_said(binding.policy.categories[category].says, language)] = None
    return ", ".join(names)


def _said(words: Any, language: str) -> str:
    return str(words.say(language))


def _backups(policy: Policy, done: date) -> date | None:
    """Until when a backup may still hold what was erased, where the policy says how long one is kept."""
    expire = policy.backups.expire_after if policy.backups is not None else None
    return None if expire is None else done + expire


def recipients_of(binding: Binding, outcome: Outcome) -> list[str]:
    """The names of the recipients of data in places that were changed."""
    touched = {c for name in outcome.places if name in binding.places for c in binding.places[name].data}
    found: dict[str, None] = {}
    for name, recipient in binding.policy.recipients.items():
        if recipient.outside and (set(recipient.data) & touched or not recipient.data):
            for called in recipient.called or [name]:
                found[called] = None
    return list(found)
