"""`servanda post`: lists, shows and sends the letters in the outbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from servanda.cli.view import columns, count, print_json
from servanda.project import Project

_json = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@click.group("post", short_help="List, read and send the letters that wait")
def command() -> None:
    """List, read and send the letters to persons that wait in the outbox.

    The nightly timer and `servanda serve` send them, too. Without a mail server in stores.yaml,
    they are written as files into the folder outbox.
    """


def _rows(project: Project, waiting: bool) -> list[Any]:
    import sqlalchemy as sa

    from servanda.database import tables

    outbox = tables.outbox
    where = outbox.c.handed_at.is_(None) if waiting else sa.true()
    with project.database.read() as connection:
        return list(connection.execute(sa.select(outbox).where(where).order_by(outbox.c.id)))


@command.command("list", short_help="List the letters that wait")
@click.option("--all", "sent", is_flag=True, help="Those that were sent, too.")
@_json
@click.pass_obj
def list_(project: Project, sent: bool, as_json: bool) -> None:
    """List letters by number and kind; the recipients are sealed."""
    rows = _rows(project, not sent)
    if as_json:
        print_json(
            {
                "format": 1,
                "letters": [
                    {
                        "id": row.id,
                        "kind": row.kind,
                        "language": row.language,
                        "request": row.request,
                        "made_at": row.made_at,
                        "handed_at": row.handed_at,
                        "tries": row.tries,
                        "digest": row.digest,
                    }
                    for row in rows
                ],
            }
        )
        return
    lines = [[str(row.id), row.kind, _about(row), row.made_at[:10], _state(row)] for row in rows]
    for line in columns(lines) or ["No letter waits."]:
        click.echo(line)


def _about(row: Any) -> str:
    return f"request {row.request}" if row.request else ""


def _state(row: Any) -> str:
    if row.handed_at:
        state = ("sent" if row.delivered else "written to outbox/") if row.digest else "refused"
        return f"{state} {row.handed_at[:10]}"
    return f"waits, {count(row.tries, 'attempt')}" if row.tries else "waits"


@command.command("show", short_help="Show what a letter that waits says")
@click.argument("number", type=click.IntRange(1))
@click.option(
    "--as",
    "form",
    type=click.Choice(["text", "html", "pdf"]),
    default="text",
    show_default=True,
    help="The form to show it in.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file.")
@click.pass_obj
def show(project: Project, number: int, form: str, out: Path | None) -> None:
    """Render a letter as it will be sent. The reading is recorded in the ledger."""
    from servanda.errors import ServandaError
    from servanda.post.outbox import open_letter
    from servanda.worker.send_letters import paper_of, render_paper

    if form == "pdf" and out is None:
        raise click.UsageError("a PDF cannot be printed; name a file with --out")
    row = next((r for r in _rows(project, False) if r.id == number), None)
    if row is None or row.sealed is None:
        why = "does not exist" if row is None else "was sent, and its text is no longer stored"
        raise ServandaError(f"letter {number} {why}", advice="list letters with: servanda post list --all")
    paper = paper_of(project, open_letter(project.vault, row), row.made_at)
    project.ledger.append("letter.read", {"letter": number})
    content = render_paper(paper, form, row.made_at)
    if out is None:
        click.echo(content.decode(), nl=False)
        return
    try:
        out.touch(mode=0o600)
        out.write_bytes(content)
    except OSError as error:
        raise ServandaError(f"{out} cannot be written: {error.strerror}") from None
    click.echo(f"Wrote {out}, {count(len(content), 'byte')}.")


@command.command("send", short_help="Send the letters that wait")
@_json
@click.pass_obj
def send(project: Project, as_json: bool) -> int:
    """Send every letter that waits, by mail server or to the folder outbox. Exits with 1 if one fails."""
    from servanda.worker.send_letters import send_waiting

    results = list(send_waiting(project))
    if as_json:
        handed = [
            {"id": h.id, "kind": h.kind, "sent": h.sent and not h.written, "written": h.written, "why": h.why}
            for h in results
        ]
        print_json({"format": 1, "letters": handed})
    else:
        for result in results:
            state = ("written to outbox/" if result.written else "sent") if result.sent else result.why
            click.echo(f"{result.id} {result.kind}: {state}")
        written = sum(h.written for h in results)
        sent = sum(h.sent for h in results) - written
        waiting = len(results) - sent - written
        if written:
            click.echo(f"{count(written, 'letter')} written to outbox/, for you to send; {waiting} not.")
            click.echo("Name a mail server in stores.yaml to have letters sent: mail: {url: smtp://…}")
        else:
            click.echo(f"{count(sent, 'letter')} sent, {count(waiting, 'letter')} not.")
    return 0 if all(h.sent for h in results) else 1
