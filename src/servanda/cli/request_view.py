"""How requests look on a terminal: a line each, or the whole story with its clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from servanda.cli.view import columns, count

if TYPE_CHECKING:
    from servanda.law.calendar import Calendar
    from servanda.rights.requests import Secret
    from servanda.rights.story import Request


def listed(requests: Sequence[Request], calendar: Calendar, today: date, ended: bool) -> list[str]:
    """A line a request, the most urgent first; the answered ones last."""
    if not requests:
        return ["No request was ever made." if ended else "No request is open."]
    order = sorted(requests, key=lambda r: (not r.open, r.answer_by(calendar).due, r.number))
    rows = [
        [str(r.number), r.right, r.state, f"received {r.received}", _due(r, calendar, today)] for r in order
    ]
    return list(columns(rows))


def shown(request: Request, calendar: Calendar, today: date, secret: Secret | None) -> list[str]:
    """The story of a request: how it stands, its clock, and each happening with its entry."""
    answer = request.answer_by(calendar)
    lines = [
        f"Request {request.number} · {request.right} · {request.state} · {_due(request, calendar, today)}"
    ]
    if secret is not None:
        lines += ["", *columns([["about", secret.about], ["answer to", secret.contact]])]
        lines += [f"  {name}: {value}" for name, value in secret.fields.items()]
        lines += [f"  “{secret.says.strip()}”"] if secret.says.strip() else []
    lines += ["", "What happened"]
    lines += columns(
        [[f"  {h.day}", h.kind, _facts(h.facts), f"entry {h.entry}"] for h in request.happenings]
    )
    lines += ["", "The clock"]
    from servanda.law.sentences import said

    steps = [said(step, "en") for step in answer.steps]
    lines += columns([[f"  {s.at}", s.sentence, s.article] for s in steps])
    if request.open and answer.due_strict < answer.due:
        lines += [f"  Without the pauses, which no law but a guideline grants: {answer.due_strict}"]
    return lines


def _facts(facts: Any) -> str:
    shown = (str(v) for k, v in facts.items() if k not in ("person", "right", "about", "doubt") and v)
    return ", ".join(shown)


def _due(request: Request, calendar: Calendar, today: date) -> str:
    due = request.answer_by(calendar).due
    if not request.open:
        late = ", late" if request.late(calendar, today) else ""
        return f"ended {request.ended_on}{late}"
    left = (due - today).days
    if left < 0:
        return click.style(f"due {due}, {count(-left, 'day')} late", fg="red")
    return f"answer by {due}, {count(left, 'day')} left"


def one(request: Request, calendar: Calendar, today: date) -> dict[str, Any]:
    """A request as JSON, without what is sealed."""
    answer = request.answer_by(calendar)
    return {
        "number": request.number,
        "right": request.right,
        "state": request.state,
        "asker": request.asker,
        "channel": request.channel,
        "language": request.language,
        "received": request.received.isoformat(),
        "due": answer.due.isoformat(),
        "due_strict": answer.due_strict.isoformat(),
        "refuse_by": answer.refuse_by.isoformat(),
        "days_left": (answer.due - today).days if request.open else None,
        "ended_on": request.ended_on.isoformat() if request.ended_on else None,
        "late": request.late(calendar, today),
        "happenings": [
            {"kind": h.kind, "day": h.day.isoformat(), "entry": h.entry, "facts": dict(h.facts)}
            for h in request.happenings
        ],
    }
