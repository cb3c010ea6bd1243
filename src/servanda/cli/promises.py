"""`servanda promises`: each promise, how it is kept, where, last and next, with its proof."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from servanda.cli.view import columns, count, print_json
from servanda.project import Project

if TYPE_CHECKING:
    from servanda.policy.promise_status import PromiseStatus

_STATES = ("kept", "checked", "worked", "attested", "at_risk", "broken", "not_yet")
_COLOURS = {"broken": "red", "at_risk": "yellow", "kept": "green", "checked": "green", "worked": "green"}


@click.command(
    "promises", short_help="Show each promise: how it is kept, where, last and next, with its proof"
)
@click.argument("word", required=False)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(_STATES),
    help="Only promises in this state, such as broken.",
)
@click.option(
    "--lang", type=click.Choice(["fr", "en"]), default=None, help="The language of the promises' words."
)
@click.option(
    "--all", "all_", is_flag=True, help="Also list each promise that is not yet kept, with what it needs."
)
@click.option("--json", "as_json", is_flag=True, help="Print the states as JSON.")
@click.pass_obj
def command(
    project: Project, word: str | None, states: tuple[str, ...], lang: str | None, all_: bool, as_json: bool
) -> int:
    """Count afresh and say how each promise stands; exit with 1 where one is broken.

    WORD, an id or a name, shows one promise in full.
    """
    from servanda.policy.promise_status import MARKS
    from servanda.promises import statuses

    with project.open_stores(tolerant=True) as opened:
        all_statuses = statuses(opened)
    broken = any(s.state == "broken" for s in all_statuses)
    if word is not None:
        chosen = [
            s for s in all_statuses if word.casefold() in (s.promise.id.casefold(), s.promise.name.casefold())
        ]
        if not chosen:
            raise click.UsageError(f"there is no promise “{word}”; see: servanda promises --all")
    else:
        chosen = [s for s in all_statuses if not states or s.state in states]
    if as_json:
        print_json({"format": 1, "promises": [_json(s) for s in chosen]})
        return int(broken)
    language = lang or project.policy.languages[0]
    if word is not None:
        for line in _full(chosen[0], language):
            click.echo(line)
        return int(broken)
    statuses_shown = (
        chosen if all_ or states else [s for s in chosen if s.state != "not_yet" or s.promise.kind in _SWEPT]
    )
    rows = [["", "promise", "says", "how", "where", "last done", "next due", "proof"]]
    zone = ZoneInfo(project.policy.timezone)
    rows += [_row(s, language, MARKS[s.state], zone) for s in statuses_shown]
    if sys.stdout.isatty() and shutil.get_terminal_size().columns < 120:
        rows = [[*row[:2], *row[4:]] for row in rows]  # a narrow terminal has no room for two columns
    for line in columns(rows, indent=0) if statuses_shown else ["No promise is in this state."]:
        click.echo(line)
    archived = dict.fromkeys(said for s in statuses_shown for said in s.evidence.get("archived", ()))
    for said in ["Archived", *(f"  {said}" for said in archived)] if archived else ():
        click.echo(said)
    click.echo(_sum(all_statuses, len(chosen) - len(statuses_shown)))
    return int(broken)


_WIDTH = 110
_SWEPT = ("retention", "archive", "anonymise", "hold")


def _row(status: PromiseStatus, language: str, mark: str, zone: ZoneInfo) -> list[str]:
    promise = status.promise
    where = status.where
    return [
        click.style(mark, fg=_COLOURS.get(status.state), bold=True),
        promise.name,
        _cut(promise.says.say(language), 44),
        promise.keep,
        _cut(where, 30) or "–",
        status.last.astimezone(zone).strftime("%Y-%m-%d %H:%M") if status.last else "never",
        status.due or "–",
        _proof(status),
    ]


def _proof(status: PromiseStatus) -> str:
    if status.state == "kept":
        return f"entry {status.entry}" + (f", {status.why}" if status.why else "")
    text = f"{status.state.replace('_', ' ')}: {_cut(status.why, _WIDTH)}"
    return click.style(text, fg=_COLOURS.get(status.state))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _full(status: PromiseStatus, language: str) -> list[str]:
    promise = status.promise
    rows = [
        ["id", promise.id],
        ["name", promise.name],
        ["says", promise.says.say(language)],
        ["published", f"line {promise.line} of the text"],
        ["keep", promise.keep],
        ["state", click.style(status.state.replace("_", " "), fg=_COLOURS.get(status.state))],
        ["because", status.why or "–"],
        ["where", status.where or "–"],
        *(["archived", values] for values in status.evidence.get("archived", ())),
    ]
    for retention in promise.retentions:
        periods = " + ".join(p.in_words() for p in retention.periods)
        rows.append(
            [
                "enforced",
                f"{retention.limit} {periods} from {retention.trigger.replace('_', ' ')}, then {retention.end}",
            ]
        )
        rows.append(["", f"{retention.ground}" + (f", owner {retention.owner}" if retention.owner else "")])
        if retention.because:
            rows.append(["", retention.because.say(language)])
    if status.entry is not None:
        rows.append(["proof", f"entry {status.entry}; servanda ledger prove {status.entry}"])
    for key, value in status.evidence.items():
        values = value if isinstance(value, list) else [value]
        if key != "archived":
            rows += [[f"  {key.replace('_', ' ')}", str(item)] for item in values]
    return columns(rows)


def _sum(statuses: list[PromiseStatus], hidden: int) -> str:
    counts = {state: sum(s.state == state for s in statuses) for state in _STATES}
    summary = ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in counts.items() if n)
    hint = (
        f"   {count(hidden, 'promise')} not yet kept, and what each needs: servanda promises --all"
        if hidden
        else ""
    )
    return f"\n{count(len(statuses), 'promise')}: {summary}.{hint}"


def _json(status: PromiseStatus) -> dict[str, Any]:
    promise = status.promise
    return {
        "id": promise.id,
        "name": promise.name,
        "kind": promise.kind,
        "keep": promise.keep,
        "state": status.state,
        "why": status.why,
        "where": status.where,
        "line": promise.line,
        "last_kept": status.last.isoformat() if status.last else None,
        "next_due": status.due or None,
        "entry": status.entry,
        "evidence": dict(status.evidence),
        "needs": status.why if status.state == "not_yet" else None,
    }
