"""`servanda apply`: carries out a plan in batches; the only command that changes a store."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click

from servanda.cli.plan import text
from servanda.cli.view import columns, count, note, number, print_json, sign
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
@click.option("--clock-is-right", is_flag=True, help="Go on where the clock of this machine is in doubt.")
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
    clock_is_right: bool,
    as_json: bool,
) -> int:
    """Carry out a saved PLAN, or plan now and ask.

    Ctrl-C stops after the page at hand; the same command goes on where it stopped. Ctrl-Z
    pauses there, with nothing locked.
    """
    from servanda.apply import Options

    options = Options(_allowed(project, allow, due), quick=due, pace=_pace(pace), scrub=scrub)
    asks = _Asks(yes=yes, due=due, trusted=clock_is_right, as_json=as_json)
    try:
        return _apply(project, plan_file, options, asks)
    finally:
        if due:
            _run_worker(project)


def _run_worker(project: Project) -> None:
    """Run the worker once: automatic requests, alarms, letters, expiry of records. Raises VaultError."""
    from servanda.worker.worker import Worker

    if project.vault_if_any is not None:
        Worker(project).round()


@dataclass(frozen=True, slots=True)
class _Asks:
    """The flags that say what is asked, and how the outcome is printed."""

    yes: bool
    due: bool
    trusted: bool
    as_json: bool


def _apply(project: Project, plan_file: Path | None, options: Options, asks: _Asks) -> int:
    """Plan, confirm, apply and print the outcome. Raises Refused without a terminal, --yes or --due."""
    from servanda.apply import OverLimit, clock
    from servanda.errors import Refused
    from servanda.rights.completed import notify_completed

    yes, due, as_json = asks.yes, asks.due, asks.as_json
    if not (yes or due) and not sys.stdin.isatty():
        raise Refused(
            "standard input is not a terminal, so the plan cannot be confirmed",
            advice="add --yes, or --due for a timer",
        )
    _ = project.vault  # raises VaultError for a missing key before the question
    with project.open_stores(write=True) as opened:
        clock.require(opened, trusted=asks.trusted)
        saved, plan = _planned(opened, plan_file, due)
        if saved is None and not (as_json or yes or due):
            for line in text(plan, project.policy):
                click.echo(line)
        if not (yes or due) and not click.confirm(f"{_question(saved, plan)} Carry it out?", err=True):
            note("Nothing was changed.")
            return 0
        try:
            outcome = _carry_out(opened, saved, options)
            notify_completed(opened)
        except OverLimit as error:
            if due:
                raise _save_for_person(project, plan, error) from None
            raise
    if as_json:
        print_json(
            {"run": outcome.run, "done": outcome.done, "stopped": outcome.stopped, "entry": outcome.entry,
             "interrupted": outcome.interrupted, "scrubbed": [t.table for t in outcome.scrubbed],
             "unscrubbed": outcome.unscrubbed}
        )  # fmt: skip
    else:
        _print_outcome(outcome, plan)
    return 130 if outcome.interrupted else 0 if outcome.whole else 1


def _planned(project: Project, file: Path | None, quick: bool) -> tuple[Saved | None, Plan]:
    """Return the saved plan, if any, and a fresh one; `apply` compares the two."""
    from servanda.plan.make import make
    from servanda.plan.plan import load

    saved = None
    if file is not None:
        path = file if file.exists() or file.is_absolute() else project.folder / file
        saved = load(path)
    on, quick = (saved.today, bool(saved.content["quick"])) if saved else (None, quick)
    plan = make(project, on=on, quick=quick)
    return saved, plan


def _save_for_person(project: Project, plan: Plan, error: Refused) -> Refused:
    """Save the plan for review and put a letter to the data protection officer in the outbox."""
    from servanda.apply import notify_officer
    from servanda.errors import Refused

    path = plan.save(project.plans)
    notify_officer(project, path.name)
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

    with _stop_on_interrupt() as stop, _Pause() as pause, Progress() as progress:
        return apply(
            project, saved=saved, options=replace(options, stop=stop, pause=pause), listener=progress
        )


def _allowed(project: Project, allow: tuple[str, ...], due: bool) -> dict[str, int]:
    limits: dict[str, int] = {}
    if due:
        for store, entry in project.stores_document.stores.items():
            limits |= {f"{store}.{place}": rows for place, rows in entry.allow.items()}
    for item in allow:
        place, _, rows = item.partition("=")
        if not (rows.isascii() and rows.isdigit()):
            raise click.BadParameter(f"“{item}” is not PLACE=N", param_hint="--allow")
        if place not in project.stores_document.places():
            raise click.BadParameter(f"there is no place {place}", param_hint="--allow")
        limits[place] = int(rows)
    return limits


def _question(saved: Saved | None, plan: Plan) -> str:
    from servanda.actions import known
    from servanda.actions.anonymise import ANONYMISE
    from servanda.actions.delete import DELETE

    when = f"The plan of {saved.made_at:%Y-%m-%d %H:%M}: " if saved else ""
    usual = {DELETE.name, ANONYMISE.name}
    actions = [a for a in known() if a.name in usual or (plan.rows(a.name) and a.makes_overdue)]
    parts = [f"{count(plan.rows(a.name), a.noun)} {a.to}" for a in actions[:1]]
    parts += [f"{number(plan.rows(a.name))} {a.to}" for a in actions[1:]]
    return f"{when}{', '.join(parts)}."


@contextmanager
def _stop_on_interrupt() -> Iterator[Any]:
    """Yield a function that is true after Ctrl-C; a second Ctrl-C raises KeyboardInterrupt."""
    signals: list[bool] = []
    previous = signal.getsignal(signal.SIGINT)

    def ask(number_: int, frame: Any) -> None:
        if signals:
            raise KeyboardInterrupt
        del number_, frame
        signals.append(True)
        note("Stopping after this page…")

    signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: bool(signals)
    finally:
        signal.signal(signal.SIGINT, previous)


class _Pause:
    """Pause on Ctrl-Z: the process stops between two pages, never within one."""

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
        note("Pausing after this page…")

    def asked(self) -> bool:
        """Return whether Ctrl-Z was pressed."""
        return self._wanted

    def wait(self) -> None:
        """Stop this process until it gets SIGCONT, as `fg` sends it."""
        self._wanted = False
        note("Paused; nothing is locked. Go on with: fg")
        os.kill(os.getpid(), signal.SIGSTOP)
        note("Going on.")


def _next(plan: Plan) -> str:
    """The next step after a complete run."""
    if plan.left_out:
        return f"   {count(len(plan.left_out), 'place')} left out: servanda check"
    return "   See how each promise stands: servanda promises"


class Progress:
    """A listener that prints sentences and, on a terminal after one second, a progress bar."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def said(self, sentence: str) -> None:
        """Print one sentence above the bar."""
        self._clear()
        note(f"  {sentence}")

    def moved(self, step: Step, done: int) -> None:
        """Draw the progress bar of a step; `done` is in rows."""
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


def _print_outcome(outcome: Outcome, plan: Plan) -> None:
    from servanda.actions import action

    rows = []
    for step in plan.steps:
        rows_done = outcome.done.get(step.id, 0)
        if rows_done or step.id in outcome.stopped:
            kind = action(step.action)
            rows.append(
                [
                    sign(kind.sign),
                    step.place,
                    count(rows_done, kind.noun),
                    kind.done,
                    step.words,
                    step.names[0],
                ]
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
    rows_held = sum(s.held for s in plan.steps if action(s.action).ends)
    if rows_held:
        click.echo(f"  {sign('‖')}  {count(rows_held, 'row')} held, left alone")
    total = sum(outcome.done.get(step.id, 0) for step in plan.steps if action(step.action).ends)
    state = "Done" if outcome.whole else "Stopped" if outcome.interrupted else "Done in part"
    click.echo(
        f"{state}: {count(total, 'row')} ended, entry {outcome.entry}."
        + (_next(plan) if outcome.whole else "   Go on with the same command.")
    )
