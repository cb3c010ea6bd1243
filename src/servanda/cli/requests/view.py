"""Requests on a terminal: one line each, or the full history with its deadlines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from servanda.cli.view import columns, count, print_json, sign
from servanda.post.outbox import has_waiting_letter
from servanda.rights.answer.outcome import Outcome

if TYPE_CHECKING:
    from servanda.law.working_days import Calendar
    from servanda.persons.remaining_rows import Rest
    from servanda.project import Project
    from servanda.rights.record.request import Request
    from servanda.rights.record.requests import Requests, Secret


def requests_of(project: Project) -> Requests:
    """The requests of a project. Raises VaultError where it has no keys."""
    from servanda.rights.record.requests import Requests

    _ = project.vault
    return Requests(project)


_NEXT = {
    "received": "prove who asks, with servanda request identify {n}",
    "asked": "wait for the answer; then servanda request identify {n}",
    "proved": "see what is due, with servanda request plan {n}",
    "planned": "go on, with servanda request apply {n}",
    "done": "answer, with servanda request answer {n}",
    "answered": "nothing; see servanda request list",
    "refused": "nothing; see servanda request list",
    "forwarded": "nothing; see servanda request list",
    "withdrawn": "nothing; see servanda request list",
    "unproved": "nothing, unless the person proves who asks: servanda request identify {n}",
}


def print_state(project: Project, requests: Requests, request: Request, as_json: bool) -> None:
    """Print the state of a request and the next command."""
    today = project.today
    if as_json:
        print_json(request_json(request, requests.calendar, today))
        return
    click.echo(story_lines(request, requests.calendar, today, None)[0])
    recipients = untold_recipients(request)
    if recipients:
        click.echo(f"Tell: {', '.join(recipients)}, with servanda request tell {request.number}")
    after = _NEXT[request.state].format(n=request.number)
    if not request.open and has_waiting_letter(project.database, request.number):
        after = "let its letter go, with servanda post send; servanda serve and the nightly timer do it, too"
    click.echo(f"Next: {after}")


def untold_recipients(request: Request) -> list[str]:
    """The recipients still to be notified of what was done (GDPR 19)."""
    carried_out = request.last("done")
    to_tell = (carried_out.facts.get("more") or {}).get("tell", []) if carried_out is not None else []
    informed = {h.facts.get("recipient") for h in request.happenings if h.kind == "told"}
    return [name for name in to_tell if name not in informed]


def outcome_lines(outcome: Outcome, planned: bool) -> list[str]:
    """Render an outcome: one line per place, kept rows with their ground and last day, tables that it leaves out."""
    more = [
        f"Not covered: {table}; the address stands there, and nobody has decided about it."
        for table in outcome.undecided
    ]
    return [*_outcome_lines(outcome, planned), *more]


def _outcome_lines(outcome: Outcome, planned: bool) -> list[str]:
    verb = _PLANNED if planned else _WAS_DONE
    if outcome.kind == "nobody":
        return ["Nothing is held about this person."]
    if outcome.kind == "erased":
        return [f"They were erased before, on {outcome.erased_on}."]
    if outcome.kind == "several":
        return ["Several persons bear what the request names; tell them apart with --row PLACE=KEY."]
    rows = [
        [f"  {', '.join(n.places) or 'copy'}", count(n.rows, "row"), verb.get(n.done, n.done)]
        for n in outcome.lines
    ]
    lines = list(columns(rows)) or ["  Nothing in the stores is to be changed."]
    if outcome.kept:
        lines += ["", "Kept"]
        lines += columns(
            [
                [
                    f"  {k.place}", ", ".join(k.columns), count(k.rows, "row"),
                    f"until {k.until or 'nobody can tell'}", k.ground, k.promise,
                ]
                for k in outcome.kept
            ]
        )  # fmt: skip
    lines += [f"Refused: {why}" for why in outcome.refused]
    lines += [f"Not done in {store}: {why}" for store, why in outcome.stopped]
    if outcome.residue:
        remaining, where = count(outcome.residue, "row"), ", ".join(outcome.residue_in)
        lines += [
            f"They are still named in {remaining}: {where}. There is no answer before that is emptied and the",
            f"request carried out again, or left: --leave {outcome.residue_in[0]}",
        ]
    return lines


_PLANNED = {
    "copy": "copied",
    "delete": "go",
    "anonymise": "are emptied",
    "detach": "name them no more",
    "keep": "stay",
    "held": "are held",
    "shared": "stay for another person, and name them no more",
    "correct": "are put right",
    "restrict": "are not used any more",
    "flag": "are flagged",
}
_WAS_DONE = {
    "copy": "copied",
    "delete": "gone",
    "anonymise": "emptied",
    "detach": "name them no more",
    "keep": "stay",
    "held": "held",
    "shared": "stay for another person, and name them no more",
    "correct": "put right",
    "restrict": "not used any more",
    "flag": "flagged",
}


def list_lines(requests: Sequence[Request], calendar: Calendar, today: date, ended: bool) -> list[str]:
    """One line per request, the most urgent first, answered ones last."""
    if not requests:
        return ["No request was ever made." if ended else "No request is open."]
    order = sorted(requests, key=lambda r: (not r.open, r.answer_by(calendar).due, r.number))
    rows = [
        [str(r.number), r.right, r.state, f"received {r.received}", _due(r, calendar, today)] for r in order
    ]
    return list(columns(rows))


def story_lines(
    request: Request, calendar: Calendar, today: date, secret: Secret | None, rests: Sequence[Rest] = ()
) -> list[str]:
    """Render a request in full: state, happenings with their ledger entries, and the steps of its deadline."""
    answer = request.answer_by(calendar)
    lines = [
        f"Request {request.number} · {request.right} · {request.state} · {_due(request, calendar, today)}"
    ]
    if secret is not None:
        lines += ["", *columns([["about", secret.about], ["answer to", secret.contact]])]
        lines += [f"  {name}: {value}" for name, value in secret.fields.items()]
        lines += [f"  “{secret.says.strip()}”"] if secret.says.strip() else []
    if rests:
        state = "Carried out in part" if _has_ended_rows(request) else "Nothing is erased yet"
        lines += ["", f"{state}: what stays for now, why, until when"]
        lines += rest_lines(rests)
    lines += ["", "What happened"]
    lines += columns(
        [[f"  {h.day}", h.kind, _facts(h.facts), f"entry {h.entry}"] for h in request.happenings]
    )
    lines += ["", "The clock"]
    from servanda.law.sentences import render_step

    steps = [render_step(step, "en") for step in answer.steps]
    lines += columns([[f"  {s.at}", s.sentence, s.article] for s in steps])
    if request.open and answer.due_strict < answer.due:
        lines += [f"  Without the pauses, which no law but a guideline grants: {answer.due_strict}"]
    return lines


def _has_ended_rows(request: Request) -> bool:
    """Whether carrying out a request has deleted or emptied any row so far."""
    return any(h.kind == "done" and Outcome.of(h.facts).ends for h in request.happenings)


def rest_lines(rests: Sequence[Rest]) -> list[str]:
    """Render the rows that remain after an erasure, one line per place."""
    return columns(
        [
            [f"  {sign('·')} {r.place}", count(r.rows, "row"), f"kept by {_KEEPS[r.why]}", rest_until(r)]
            for r in rests
        ]
    )


_KEEPS = {"law": "the law", "hold": "a hold or restriction", "shared": "another person, whose row it is, too"}


_UNTIL = {"law": "no day known", "hold": "until it is lifted", "shared": "until that person is erased, too"}


def rest_until(rest: Rest) -> str:
    """The last day of a rest in words; without a date it ends with what keeps it."""
    return f"until {rest.until}" if rest.until else _UNTIL[rest.why]


def _facts(facts: Any) -> str:
    if "outcome" in facts:
        rows = sum(line["rows"] for line in facts.get("lines", ()))
        return count(rows, "row") if facts["outcome"] == "ready" else facts["outcome"]
    values = (str(v) for k, v in facts.items() if k not in ("person", "right", "about", "doubt") and v)
    return ", ".join(values)


def _due(request: Request, calendar: Calendar, today: date) -> str:
    due = request.answer_by(calendar).due
    if not request.open:
        suffix = ", late" if request.late(calendar, today) else ""
        return f"ended {request.ended_on}{suffix}"
    days = (due - today).days
    if days < 0:
        return click.style(f"due {due}, {count(-days, 'day')} late", fg="red")
    return f"answer by {due}, {count(days, 'day')} left"


def request_json(
    request: Request, calendar: Calendar, today: date, rests: Sequence[Rest] = ()
) -> dict[str, Any]:
    """A request as JSON, without its sealed fields."""
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
        "rests": [
            {
                "place": r.place,
                "rows": r.rows,
                "why": r.why,
                "until": r.until.isoformat() if r.until else None,
            }
            for r in rests
        ],
        "happenings": [
            {"kind": h.kind, "day": h.day.isoformat(), "entry": h.entry, "facts": dict(h.facts)}
            for h in request.happenings
        ],
    }
