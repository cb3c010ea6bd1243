"""`servanda promises`: each promise, how it is kept, where, last and next, with its proof."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from servanda.cli.view import columns, count, say_json
from servanda.project import Project

if TYPE_CHECKING:
    from servanda.policy.status import PromiseStatus

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
    from servanda.policy.status import MARKS
    from servanda.promises import statuses

    with project.open_stores(tolerant=True) as opened:
        listed = statuses(opened)
    broken = any(s.state == "broken" for s in listed)
    if word is not None:
        chosen = [
            s for s in listed if word.casefold() in (s.promise.id.casefold(), s.promise.name.casefold())
        ]
        if not chosen:
            raise click.UsageError(f"there is no promise “{word}”; see: servanda promises --all")
    else:
        chosen = [s for s in listed if not states or s.state in states]
    if as_json:
        say_json({"format": 1, "promises": [_json(s) for s in chosen]})
        return int(broken)
    language = lang or project.policy.languages[0]
    if word is not None:
        for line in _full(chosen[0], language):
            click.echo(line)
        return int(broken)
    shown = (
        chosen if all_ or states else [s for s in chosen if s.state != "not_yet" or s.promise.kind in _SWEPT]
    )
    rows = [["", "promise", "says", "kept by", "where", "last kept", "next due", "proof"]]
    zone = ZoneInfo(project.policy.timezone)
    rows += [_row(s, language, MARKS[s.state], zone) for s in shown]
    if sys.stdout.isatty() and shutil.get_terminal_size().columns < 120:
        rows = [[*row[:2], *row[4:]] for row in rows]  # what a promise says, and who keeps it, ask for width
    for line in columns(rows, indent=0) if shown else ["No promise is in this state."]:
        click.echo(line)
    archived = dict.fromkeys(said for s in shown for said in s.evidence.get("archived", ()))
    for said in ["Archived", *(f"  {said}" for said in archived)] if archived else ():
        click.echo(said)
    click.echo(_sum(listed, len(chosen) - len(shown)))
    return int(broken)


_WIDTH = 110
_SWEPT = ("retention", "archive", "anonymise", "hold")


def _row(standing: PromiseStatus, language: str, mark: str, zone: ZoneInfo) -> list[str]:
    promise = standing.promise
    where = standing.where
    return [
        click.style(mark, fg=_COLOURS.get(standing.state), bold=True),
        promise.name,
        _cut(promise.says.say(language), 44),
        promise.keep,
        _cut(where, 30) or "–",
        standing.last.astimezone(zone).strftime("%Y-%m-%d %H:%M") if standing.last else "never",
        standing.due or "–",
        _proof(standing),
    ]


def _proof(standing: PromiseStatus) -> str:
    if standing.state == "kept":
        return f"entry {standing.entry}" + (f", {standing.why}" if standing.why else "")
    said = f"{standing.state.replace('_', ' ')}: {_cut(standing.why, _WIDTH)}"
    return click.style(said, fg=_COLOURS.get(standing.state))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _full(standing: PromiseStatus, language: str) -> list[str]:
    promise = standing.promise
    rows = [
        ["id", promise.id],
        ["name", promise.name],
        ["says", promise.says.say(language)],
        ["published", f"line {promise.line} of the text"],
        ["kept by", promise.keep],
        ["state", click.style(standing.state.replace("_", " "), fg=_COLOURS.get(standing.state))],
        ["because", standing.why or "–"],
        ["where", standing.where or "–"],
        *(["archived", said] for said in standing.evidence.get("archived", ())),
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
    if standing.entry is not None:
        rows.append(["proof", f"entry {standing.entry}; servanda ledger prove {standing.entry}"])
    for key, value in standing.evidence.items():
        said = value if isinstance(value, list) else [value]
        if key != "archived":
            rows += [[f"  {key.replace('_', ' ')}", str(one)] for one in said]
    return columns(rows)


def _sum(listed: list[PromiseStatus], hidden: int) -> str:
    counts = {state: sum(s.state == state for s in listed) for state in _STATES}
    said = ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in counts.items() if n)
    more = (
        f"   {count(hidden, 'promise')} not yet kept, and what each needs: servanda promises --all"
        if hidden
        else ""
    )
    return f"\n{count(len(listed), 'promise')}: {said}.{more}"


def _json(standing: PromiseStatus) -> dict[str, Any]:
    promise = standing.promise
    return {
        "id": promise.id,
        "name": promise.name,
        "kind": promise.kind,
        "keep": promise.keep,
        "state": standing.state,
        "why": standing.why,
        "where": standing.where,
        "line": promise.line,
        "last_kept": standing.last.isoformat() if standing.last else None,
        "next_due": standing.due or None,
        "entry": standing.entry,
        "evidence": dict(standing.evidence),
        "needs": standing.why if standing.state == "not_yet" else None,
    }
