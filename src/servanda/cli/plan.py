"""`servanda plan`: counts what is due, says why, saves the plan. Nothing is changed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from servanda.cli.requests.view import rest_lines
from servanda.cli.view import columns, count, number, print_json, quoted_digest, sign
from servanda.project import Project

if TYPE_CHECKING:
    from servanda.plan.plan import Plan, Step
    from servanda.policy.policy import Policy


@click.command("plan", short_help="Count what is due, say why, and save the plan")
@click.option(
    "--on", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="Preview another day; cannot be applied."
)
@click.option("--quick", is_flag=True, help="Begin where the last sweep ended, as apply --due does.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when something is due.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.pass_obj
def command(
    project: Project, on: datetime | None, quick: bool, exit_code: bool, out: Path | None, as_json: bool
) -> int:
    """Count what is due in every store, cite the promise and its line, and save the plan.

    Nothing is changed in a store. The plan can be carried out for 24 hours, as long as
    policy, stores document, tables and holds stay what they were.
    """
    from servanda.apply import record
    from servanda.plan.make import make

    _refuse_overwrite(out)
    with project.open_stores() as opened:
        plan = make(opened, on=on.date() if on else None, quick=quick)
    path = plan.save(project.plans) if out is None else plan.save(out.parent).rename(out)
    if not plan.preview:
        record(project.ledger, plan)
    if as_json:
        print_json({**plan.content(), "digest": plan.digest, "saved": str(path)})
    else:
        for line in text(plan, project.policy):
            click.echo(line)
        shown_path = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        click.echo(_saved(shown_path, plan, project))
    return 1 if exit_code and plan.due else 0


def _refuse_overwrite(out: Path | None) -> None:
    """Raises Refused where --out names an existing file that is not a plan."""
    from servanda.errors import Refused
    from servanda.plan.plan import load

    if out is None or not out.exists() or not out.stat().st_size:
        return
    try:
        load(out)
    except Refused:
        raise Refused(
            f"{out} exists, is not a plan and would be overwritten", advice="choose another file for --out"
        ) from None


def _saved(path: Path, plan: Plan, project: Project) -> str:
    if plan.preview:
        return f"Saved {path}.   This is a preview of {plan.today}; it cannot be carried out."
    if not plan.due and plan.left_out:
        return f"Saved {path}.   {count(len(plan.left_out), 'place')} left out: servanda check"
    if not plan.due:
        return f"Saved {path}.   Nothing to carry out."
    where = "" if project.folder == Path.cwd() else f" -C {_short(project.folder)}"
    return f"Saved {path}.   Carry it out: servanda{where} apply {path}"


def _short(folder: Path) -> str:
    return str(folder.relative_to(Path.cwd())) if folder.is_relative_to(Path.cwd()) else str(folder)


def text(plan: Plan, policy: Policy) -> list[str]:
    """Render a plan as text, one string per line."""
    from servanda.actions import action, known

    stores = len(plan.pins.shapes)
    head = (
        f"Policy version {plan.version} ({quoted_digest(plan.pins.policy)}) · {count(plan.promises, 'promise')} · "
        f"read {count(stores, 'store')} at {plan.made_at.isoformat(sep=' ')}"
    )
    lines = [head, ""]
    for title in dict.fromkeys(a.section for a in known()):
        rows = [_row(s) for s in plan.steps if s.rows and action(s.action).section == title]
        lines += _section(title, rows)
    lines += _asked(plan)
    lines += _section("Must stay for another reason", [_kept(k, policy) for k in plan.kept])
    alike = [
        [sign("·"), g.place, f"the smallest group that looks alike has {count(g.k, 'row')}"]
        for g in plan.groups
    ]
    lines += _section("Kept for statistics", alike)
    lines += _holds(plan)
    missing = [
        [" ", w.place, count(w.rows, "row"), f"no {w.trigger.replace('_', ' ')}: never ended"]
        for w in plan.without_end
    ]
    lines += _section("Without an end", missing)
    wait = "over, until the warning of the person is old enough"
    lines += _section(
        "Waiting for a warning", [[" ", w.place, count(w.rows, "row"), wait] for w in plan.waiting]
    )
    stuck = [[" ", s.place, count(s.rows, "row"), _STUCK[s.why]] for s in plan.stuck]
    lines += _section("Overdue and stuck", stuck)
    lines += _section("Left out", [[" ", place, why] for place, why in plan.left_out])
    lines += _section("Copies that stay", [[" ", place, what] for place, what in plan.copies])
    lines.append(_sum(plan))
    return lines


_STUCK = {
    "pointed at": "rows that stay point at them, and at_end empties nothing: servanda rule SV413",
    "unemptied": "the row stays for other data, and at_end says nothing of what is over: servanda rule SV468",
    "refused": "the database would refuse it: servanda rule SV412, SV465",
    "being written": "in a file that is being written, or cannot be read: servanda rule SV431",
}


def _section(title: str, rows: list[list[str]]) -> list[str]:
    if not rows:
        return []
    return [title, *columns(rows, right=frozenset({2}) if len(rows[0]) > 3 else frozenset()), ""]


def _row(step: Step) -> list[str]:
    from servanda.actions import action

    names = step.names[0] + (f" +{len(step.names) - 1}" if len(step.names) > 1 else "")
    kind = action(step.action)
    why = (
        f"{step.words}; {step.why}"
        if kind.end == "row" and step.why
        else step.event or step.why or step.words
    )
    return [
        sign(kind.sign),
        step.place,
        count(step.rows, kind.noun),
        why,
        names,
        f"policy.yaml:{step.line}" if step.line else "GDPR 17",
    ]


_MOST_ASKED = 20


def _asked(plan: Plan) -> list[str]:
    """Render the unfinished erasures, at most `_MOST_ASKED`: what keeps the rest, until when."""
    lines: list[str] = []
    for erasure in plan.asked[:_MOST_ASKED]:
        subject = f"request {erasure.request}" if erasure.request is not None else "an erasure"
        due = ", ".join(f"{place} {count(rows, 'row')}" for place, rows in erasure.due)
        lines.append(f"  {subject}" + (f" · due now: {due}" if due else ""))
        lines += ["  " + line for line in rest_lines(erasure.rests)]
        lines += [f"    cannot be ended: {why}" for why in erasure.why_not]
    hidden = len(plan.asked) - _MOST_ASKED
    lines += [f"  … and {hidden} more"] if hidden > 0 else []
    return ["Unfinished erasures", *lines, ""] if lines else []


def _kept(retained: Any, policy: Policy) -> list[str]:
    promise = policy.promise(retained.promise)
    line = policy.at(promise).line if promise else 0
    until = f"kept until {retained.until}" if retained.until else "kept"
    return [
        sign("·"),
        retained.place,
        count(retained.rows, "row"),
        f"{until}, {retained.ground}",
        retained.name,
        f"policy.yaml:{line}",
    ]


def _holds(plan: Plan) -> list[str]:
    from servanda.actions import action

    rests = [rest for erasure in plan.asked for rest in erasure.rests if rest.why == "hold"]
    rows = sum(s.held for s in plan.steps if action(s.action).ends) + sum(rest.rows for rest in rests)
    places = len({s.place for s in plan.steps if s.held} | {rest.place for rest in rests})
    if not plan.holds:
        return []
    ids = ", ".join(str(i) for i, _ in plan.holds)
    word = "hold" if len(plan.holds) == 1 else "holds"
    return [
        "Held",
        f"  {sign('‖')}  {word} {ids}: {count(rows, 'row')} in {count(places, 'place')} left alone",
        "",
    ]


def _sum(plan: Plan) -> str:
    from servanda.actions import action, known
    from servanda.actions.delete import DELETE

    actions = sorted(known(), key=lambda a: a is not DELETE)
    parts = [f"{number(plan.rows(a.name))} {a.to}" for a in actions if plan.rows(a.name) or a is DELETE]
    rows_held = sum(s.held for s in plan.steps if action(s.action).ends)
    parts += [f"{number(rows_held)} held"] if rows_held else []
    return ", ".join(parts) + ". Nothing was changed."
