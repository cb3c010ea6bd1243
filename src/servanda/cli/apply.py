"""`servanda apply`: carries out a plan, page by page; the only command that changes a store."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click

from servanda.cli.plan import text
from servanda.cli.view import columns, count, number, said, say_json, sign
from servanda.project import Project

if TYPE_CHECKING:
    from servanda.apply import Options, Outcome
    from servanda.errors import Refused
    from servanda.plan.plan import Plan, Saved, Step


@click.command("apply", short_help="Carry out a plan, page by page, each page proved")
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option(
    "--due", is_flag=True, help="Carry out what is due now and was authorised in stores.yaml; for timers."
)
@click.option("--allow", multiple=True, metavar="PLACE=N", help="Allow that N rows of a place end at once.")
@click.option(
    "--pace", metavar="PACE", help="gentle, full, or rows a second at most; by default as stores.yaml says."
)
@click.option("--scrub", is_flag=True, help="Then write the tables anew in which rows ended: no byte stays.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.pass_obj
def command(
    project: Project,
    plan_file: Path | None,
    yes: bool,
    due: bool,
    allow: tuple[str, ...],
    pace: str | None,
    scrub: bool,
    as_json: bool,
) -> int:
    """Carry out a saved PLAN, or plan now and ask.

    Ctrl-C stops after the page at hand; the same command goes on where it stopped. Ctrl-Z
    pauses there, with nothing locked.
    """
    from servanda.apply import Options

    options = Options(_allowed(project, allow, due), quick=due, pace=_pace(pace), scrub=scrub)
    try:
        return _apply(project, plan_file, options, yes=yes, due=due, as_json=as_json)
    finally:
        if due:
            _round(project)


def _round(project: Project) -> None:
    """What else a night brings: requests that need nobody, alarms, letters, records that end."""
    from servanda.worker.worker import Worker

    if project.database.setting("vault") is not None:
        Worker(project).round()


def _apply(
    project: Project, plan_file: Path | None, options: Options, *, yes: bool, due: bool, as_json: bool
) -> int:
    """Plan, ask where somebody is to be asked, carry out, and tell."""
    from servanda.apply import OverLimit
    from servanda.errors import Refused
    from servanda.rights.completed import tell_completed

    if not (yes or due) and not sys.stdin.isatty():
        raise Refused(
            "nobody can be asked here: this is no terminal", advice="add --yes, or --due for a timer"
        )
    _ = project.vault  # a missing key is told before anything is asked
    with project.open_stores(write=True) as opened:
        saved, plan = _planned(opened, plan_file, due)
        if saved is None and not (as_json or yes or due):
            for line in text(plan, project.policy):
                click.echo(line)
        if not (yes or due) and not click.confirm(f"{_question(saved, plan)} Carry it out?", err=True):
            said("Nothing was changed.")
            return 0
        try:
            outcome = _carry_out(opened, saved, options)
            tell_completed(opened)
        except OverLimit as error:
            if due:
                raise _left(project, plan, error) from None
            raise
    if as_json:
        say_json(
            {"run": outcome.run, "done": outcome.done, "stopped": outcome.stopped, "entry": outcome.entry,
             "interrupted": outcome.interrupted, "scrubbed": [t.table for t in outcome.scrubbed],
             "unscrubbed": outcome.unscrubbed}
        )  # fmt: skip
    else:
        _tell(outcome, plan)
    return 130 if outcome.interrupted else 0 if outcome.whole else 1


def _planned(project: Project, file: Path | None, quick: bool) -> tuple[Saved | None, Plan]:
    """The saved plan, and what is due now: the two are compared again by `apply` itself."""
    from servanda.plan.count import make
    from servanda.plan.plan import load

    saved = None
    if file is not None:
        path = file if file.exists() or file.is_absolute() else project.folder / file
        saved = load(path)
    on, quick = (saved.today, bool(saved.content["quick"])) if saved else (None, quick)
    plan = make(project, on=on, quick=quick)
    return saved, plan


def _left(project: Project, plan: Plan, error: Refused) -> Refused:
    """Leave the plan for a person, and a letter for the data protection officer in the outbox."""
    from servanda.apply import tell_officer
    from servanda.errors import Refused

    path = plan.save(project.plans)
    tell_officer(project, path.name)
    advice = f"a plan was left for a person to look at: servanda apply {path}; the DPO is told"
    return Refused(error.message, advice=advice)


def _pace(text: str | None) -> Any:
    if text is None or text in ("gentle", "full"):
        return text
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise click.BadParameter(f"“{text}” is not gentle, full or a number of rows", param_hint="--pace")


def _carry_out(project: Project, saved: Saved | None, options: Options) -> Outcome:
    from servanda.apply import apply

    with _stops() as stop, _Pause() as pause, Progress() as progress:
        return apply(
            project, saved=saved, options=replace(options, stop=stop, pause=pause), listener=progress
        )


def _allowed(project: Project, allow: tuple[str, ...], due: bool) -> dict[str, int]:
    found: dict[str, int] = {}
    if due:
        for store, entry in project.stores_document.stores.items():
            found |= {f"{store}.{place}": rows for place, rows in entry.allow.items()}
    for item in allow:
        place, _, rows = item.partition("=")
        if not (rows.isascii() and rows.isdigit()):
            raise click.BadParameter(f"“{item}” is not PLACE=N", param_hint="--allow")
        if place not in project.stores_document.places():
            raise click.BadParameter(f"there is no place {place}", param_hint="--allow")
        found[place] = int(rows)
    return found


def _question(saved: Saved | None, plan: Plan) -> str:
    from servanda.actions import known
    from servanda.actions.anonymise import ANONYMISE
    from servanda.actions.delete import DELETE

    when = f"The plan of {saved.made_at:%Y-%m-%d %H:%M}: " if saved else ""
    usual = {DELETE.name, ANONYMISE.name}
    asked = [a for a in known() if a.name in usual or (plan.rows(a.name) and a.owed)]
    parts = [f"{count(plan.rows(a.name), a.noun)} {a.to}" for a in asked[:1]]
    parts += [f"{number(plan.rows(a.name))} {a.to}" for a in asked[1:]]
    return f"{when}{', '.join(parts)}."


@contextmanager
def _stops() -> Iterator[Any]:
    """Ctrl-C asks to stop after the page at hand; a second one interrupts at once."""
    asked: list[bool] = []
    before = signal.getsignal(signal.SIGINT)

    def ask(number_: int, frame: Any) -> None:
        if asked:
            raise KeyboardInterrupt
        del number_, frame
        asked.append(True)
        said("Stopping after this page…")

    signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)


class _Pause:
    """Ctrl-Z asks to pause: the process stops itself after the page at hand, and not in the middle of one."""

    def __init__(self) -> None:
        self._wanted = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if hasattr(signal, "SIGTSTP"):
            self._before = signal.signal(signal.SIGTSTP, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        if hasattr(signal, "SIGTSTP"):
            signal.signal(signal.SIGTSTP, self._before)

    def _ask(self, number_: int, frame: Any) -> None:
        del number_, frame
        self._wanted = True
        said("Pausing after this page…")

    def asked(self) -> bool:
        """Whether somebody asked to pause."""
        return self._wanted

    def wait(self) -> None:
        """Stop this process until it is told to go on (fg, or the signal CONT)."""
        self._wanted = False
        said("Paused; nothing is locked. Go on with: fg")
        os.kill(os.getpid(), signal.SIGSTOP)
        said("Going on.")


def _next(plan: Plan) -> str:
    """What to do after everything was done."""
    if plan.left_out:
        return f"   {count(len(plan.left_out), 'place')} left out: servanda check"
    return "   See what is kept: servanda promises"


class Progress:
    """A listener that shows a bar on a terminal after one second, and sentences always."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def said(self, sentence: str) -> None:
        """Print a sentence."""
        self._clear()
        said(f"  {sentence}")

    def moved(self, step: Step, done: int) -> None:
        """Draw the bar of a step."""
        if not sys.stderr.isatty() or time.monotonic() - self._began < 1.0:
            return
        part = min(done / max(step.rows, 1), 1.0)
        bar = "█" * round(part * 24) + "░" * (24 - round(part * 24))
        click.echo(f"\r  {bar} {number(done)} of {number(step.rows)}  {step.place}\x1b[K", nl=False, err=True)
        self._shown = True

    def _clear(self) -> None:
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._shown = False


def _tell(outcome: Outcome, plan: Plan) -> None:
    from servanda.actions import action

    rows = []
    for step in plan.steps:
        done = outcome.done.get(step.id, 0)
        if done or step.id in outcome.stopped:
            kind = action(step.action)
            rows.append(
                [sign(kind.sign), step.place, count(done, kind.noun), kind.done, step.words, step.names[0]]
            )
    for line in columns(rows, right=frozenset({2})):
        click.echo(line)
    for step in plan.steps:
        if step.id in outcome.stopped:
            click.echo(f"  {click.style('✗', fg='red')}  {step.place}: {outcome.stopped[step.id]}")
    for table in outcome.scrubbed:
        before, after = (f"{number(-(-size // 1024))} kB" for size in (table.before, table.after))
        anew = (
            f"written anew: {before} before, {after} after" if table.before else "has nothing to write anew"
        )
        click.echo(f"     {table.table} {anew}")
    for name, why in outcome.unscrubbed.items():
        click.echo(f"  {click.style('✗', fg='red')}  {name} not written anew: {why}")
    held = sum(s.held for s in plan.steps if action(s.action).ends)
    if held:
        click.echo(f"  {sign('‖')}  {count(held, 'row')} held, left alone")
    total = sum(outcome.done.get(step.id, 0) for step in plan.steps if action(step.action).ends)
    state = "Done" if outcome.whole else "Stopped" if outcome.interrupted else "Done in part"
    click.echo(
        f"{state}: {count(total, 'row')} ended, entry {outcome.entry}."
        + (_next(plan) if outcome.whole else "   Go on with the same command.")
    )
