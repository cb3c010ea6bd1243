"""`servanda restore`: after a database was restored from a backup."""

from __future__ import annotations

import sys

import click

from servanda.cli.view import count, print_json
from servanda.project import Project

_json = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@click.group("restore", short_help="Erase again what a restored backup brought back")
def command() -> None:
    """After a restore: see who is back that was erased, and erase them again (GDPR 17)."""


@command.command("check", short_help="Look whether a database is older than the ledger")
@_json
@click.pass_obj
def check(project: Project, as_json: bool) -> None:
    """Look whether rows that were erased are back, or the latest rows are gone. Ends with 1 where that is so."""
    from servanda.apply.restore import check as looked
    from servanda.persons.remaining_rows import of_requests

    with project.open_stores() as opened:
        verdict = looked(opened)
    if as_json:
        print_json({"format": 1, "restored": verdict.restored, **verdict.facts()})
    elif verdict.certain:
        click.echo(
            f"{count(verdict.rows, 'row')} of persons who were erased are back: {', '.join(verdict.places)}"
        )
        click.echo("Next: erase them again with servanda restore replay")
        click.echo("If nothing was restored: servanda restore accept --reason WORDS --second NAME")
    elif verdict.behind:
        click.echo(f"The latest rows are gone: {', '.join(verdict.behind)}")
        click.echo("Next: servanda restore replay")
        click.echo("If nothing was restored: servanda restore accept --reason WORDS --second NAME")
    else:
        click.echo("Nothing that was erased is back.")
    kept_rows = sum(rest.rows for rests in of_requests(project.database).values() for rest in rests)
    if not as_json and kept_rows:
        click.echo(
            f"{count(kept_rows, 'row')} of persons who were erased in part stayed, and are not back: servanda plan"
        )
    if not as_json and verdict.doubtful:
        rows = count(verdict.doubtful, "row")
        click.echo(f"{rows} with the key of somebody who was erased, and nothing else of them: left alone.")
    if verdict.restored:
        sys.exit(1)


@command.command("replay", short_help="Erase again who is back, and let the sweeps begin anew")
@_json
@click.pass_obj
def replay(project: Project, as_json: bool) -> None:
    """Erase again who is back, object again for who objected, and let the sweeps begin anew. It can be run again."""
    from servanda.apply.restore import replay as replayed
    from servanda.rights.reapply_flags import reapply_flags

    with project.open_stores(write=True) as opened:
        verdict = replayed(opened)
        flags = reapply_flags(opened)
    if as_json:
        print_json({"format": 1, "flags": flags, **verdict.facts()})
    elif verdict.certain:
        click.echo(f"{count(verdict.rows, 'row')} are still there: a hold or a law keeps them now.")
    else:
        click.echo(f"Nothing that was erased is back; {count(flags, 'flag')} of objections set again.")
        click.echo("Next: servanda apply")
    if verdict.certain:
        sys.exit(1)


@command.command("accept", short_help="Say, with a second person, that nothing was restored")
@click.option("--reason", required=True, help="Why it looked as if a backup was restored.")
@click.option(
    "--second", required=True, metavar="NAME", help="Who else looked at it; the ledger has the name."
)
@click.pass_obj
def accept(project: Project, reason: str, second: str) -> None:
    """End a wrong alarm: no backup was restored, and the rows that looked like erased ones are others.

    The ledger records the reason and the name of the second person.
    """
    from servanda.apply.restore import accept as accepted

    with project.open_stores() as opened:
        rows = accepted(opened, reason, second)
    click.echo(f"Noted; {count(rows, 'row')} will not be looked for again. Next: servanda apply")
