"""`servanda facts`: the dated facts of law that rules judge with, and since when they hold."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from servanda.cli.view import columns, count, print_json
from servanda.project import Project

_TITLES = {
    "eea": "Members of the European Economic Area",
    "adequacy": "Decisions of adequacy",
    "tools": "Tools for transfers",
    "authorities": "Supervisory authorities",
    "ages": "Ages of consent",
    "phone": "Calls to consumers",
    "periods": "Minima and maxima of retention",
}


def _day(_ctx: click.Context, _option: click.Parameter, value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise click.BadParameter(f"“{value}” is not a date; write it as 2020-08-01") from None


@click.command("facts", short_help="Show the dated facts of law that rules judge with")
@click.argument("table", required=False, type=click.Choice(list(_TITLES)))
@click.option(
    "--as-of", "as_of", callback=_day, metavar="DATE", help="What held on this day; today by default."
)
@click.option("--all", "all_", is_flag=True, help="Also what no longer holds, or not yet.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def command(project: Project, table: str | None, as_of: date | None, all_: bool, as_json: bool) -> None:
    """Print each fact with its days and its source; TABLE names one table of them."""
    from servanda.law.facts import every

    day = as_of or project.now.date()
    facts = [
        (name, kind, row)
        for name, kind, row in every()
        if table in (None, name) and (all_ or _holds(row, day))
    ]
    if as_json:
        print_json(
            {"format": 1, "as_of": day, "facts": [{"table": t, "kind": k, **row} for t, k, row in facts]}
        )
        return
    for name, title in _TITLES.items():
        rows = [row for table_name, _, row in facts if table_name == name]
        if rows:
            click.echo(click.style(title, bold=True))
            for line in columns(_cells(row) for row in rows):
                click.echo(line)
            click.echo()
    click.echo(f"{count(len(facts), 'fact')} as of {day}.   Judge with them: servanda check --as-of {day}")


def _holds(row: dict[str, Any], day: date) -> bool:
    return row["valid_from"] <= day and (row.get("valid_to") is None or day <= row["valid_to"])


def _cells(row: dict[str, Any]) -> list[str]:
    """One table row of a fact: subject, content, dates, source."""
    subject = " ".join(row.get("countries", [])) or row.get("id") or row["country"]
    if "tag" in row:
        subject = f"{row['country']} {row['tag']}"
    content = ", ".join(
        str(row[key]).replace("_", " ")
        for key in ("name", "kind", "years", "period", "from", "when", "regime", "only", "postal", "phone")
        if row.get(key)
    )
    if "id" in row and "country" in row:
        subject = f"{row['country']} {row['id']}"
    days = f"since {row['valid_from']}" + (f" until {row['valid_to']}" if row.get("valid_to") else "")
    return [subject, content, days, str(row["source"])]
