"""`servanda hold`: place, list, show and lift holds."""

from __future__ import annotations

import getpass
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from servanda.cli.view import columns, count, print_json
from servanda.project import Project

if TYPE_CHECKING:
    from servanda.persons.holds import HeldPerson, HeldRows, Hold

_DATE = click.DateTime(["%Y-%m-%d"])
_CONDITION = re.compile(r"([\w-]+\.[\w-]+)\.(\w+)\s*(<=|>=|=|<|>)\s*(.+)")


@click.group("hold", short_help="Place, list, show and lift holds")
def command() -> None:
    """Hold data that must not end: a dispute, an authority's order, a restriction (GDPR 17(3), 18)."""


@command.command("place")
@click.option("--kind", type=click.Choice(["litigation", "order", "restriction"]), required=True)
@click.option(
    "--person", "persons", multiple=True, metavar="PLACE=KEY", help="Everything of a person: app.accounts=42."
)
@click.option(
    "--where", "conditions", multiple=True, metavar="PLACE.COLUMN=VALUE", help="The rows of a place."
)
@click.option("--case", required=True, help="The reference of the case or order.")
@click.option("--reason", required=True, help="Why these data must stay.")
@click.option("--author", default=None, help="Who places it; you, by default.")
@click.option("--review", type=_DATE, metavar="DATE", required=True, help="When somebody looks at it again.")
@click.option(
    "--until", type=_DATE, metavar="DATE", default=None, help="The last day of an authority's order."
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def place(
    project: Project,
    kind: Any,
    persons: tuple[str, ...],
    conditions: tuple[str, ...],
    case: str,
    reason: str,
    author: str | None,
    review: datetime,
    until: datetime | None,
    as_json: bool,
) -> None:
    """Place a hold. It protects its rows from every page that starts after this command has returned."""
    for option, text in (("--case", case), ("--reason", reason)):
        if not text.strip():
            raise click.BadParameter("the text is empty", param_hint=option)
    with project.open_stores() as opened:
        stores = opened.stores
        scope = [_person(stores, word) for word in persons] + [_rows(stores, word) for word in conditions]
    if not scope:
        raise click.UsageError(
            "say what is held: --person app.accounts=42, or --where app.invoices.account_id=42"
        )
    _ = project.vault  # raises VaultError for a missing key before anything is written
    hold = project.holds.place(
        kind,
        tuple(scope),
        case=case,
        reason=reason,
        author=author or getpass.getuser(),
        review_on=review.date(),
        ends_on=until.date() if until else None,
    )
    if as_json:
        print_json(_json(hold))
    else:
        click.echo(
            f"Hold {hold.id} is placed, to be reviewed on {hold.review_on}.   See what it covers: servanda plan"
        )


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def list_(project: Project, as_json: bool) -> None:
    """List the holds, without what is sealed in them."""
    holds = project.holds.all()
    if as_json:
        print_json([_json(h) for h in holds])
        return
    today = project.today
    rows = [[str(h.id), h.kind, h.placed_at[:10], f"review {h.review_on}", _state(h, today)] for h in holds]
    for line in columns(rows) or ["No hold was ever placed."]:
        click.echo(line)


@command.command("show")
@click.argument("number", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def show(project: Project, number: int, as_json: bool) -> None:
    """Show one hold: its case, reason and author, which are sealed, and what it covers."""
    hold = project.holds.find(number)
    if hold is None:
        raise click.UsageError(f"there is no hold {number}; see: servanda hold list")
    project.ledger.append("hold.read", {"hold": number})
    if as_json:
        print_json(_json(hold) | {"case": hold.case, "reason": hold.reason, "author": hold.author})
        return
    state = _state(hold, project.today)
    rows = [["kind", hold.kind], ["state", state], ["case", hold.case], ["reason", hold.reason]]
    rows += [["author", hold.author], ["placed", hold.placed_at[:10]], ["review", str(hold.review_on)]]
    rows += [["until", str(hold.ends_on)]] if hold.ends_on else []
    rows += [["covers", f"{count(len(hold.scope), 'person or condition', 'persons or conditions')}"]]
    rows += [["", f"{s.place}"] for s in hold.scope]
    for line in columns(rows):
        click.echo(line)


@command.command("lift")
@click.argument("number", type=int)
@click.pass_obj
def lift(project: Project, number: int) -> None:
    """Lift a hold: what became overdue under it is due from the next plan on."""
    hold = project.holds.lift(number)
    click.echo(f"Hold {hold.id} is lifted.   See what is due now: servanda plan")


def _person(stores: Any, word: str) -> HeldPerson:
    """Parse a person, given by key or by identifier, such as app.accounts.email=…; one person must match."""
    from servanda.persons.holds import HeldPerson

    name, _, value = word.partition("=")
    parts = name.split(".")
    place = stores.binding.places.get(".".join(parts[:2]))
    if place is None or not value:
        places = ", ".join(n for n, p in stores.binding.places.items() if p.place.person == "self")
        raise click.BadParameter(
            f"this names no place of persons; write {places or 'app.accounts'}=KEY", param_hint="--person"
        )
    if place.place.person != "self":
        raise click.BadParameter(f"the rows of {place.name} are not persons", param_hint="--person")
    session = stores.session_of(place)
    column = place.place.identifiers.get(parts[2], parts[2]) if len(parts) > 2 else place.table.key[0]
    if column not in place.table.columns:
        raise click.BadParameter(f"{place.name} has no column {column}", param_hint="--person")
    typed = _typed(place, column, value)
    keys = session.find(place.table.name, column, typed)
    if len(keys) != 1:
        matches = "no person" if not keys else f"{len(keys)} persons"
        raise click.BadParameter(f"{matches} in {place.name} with this {column}", param_hint="--person")
    return HeldPerson(place.name, tuple(keys[0]))


def _rows(stores: Any, word: str) -> HeldRows:
    from servanda.persons.holds import HeldRows

    match = _CONDITION.fullmatch(word)
    place = stores.binding.places.get(match[1]) if match else None
    if match is None:
        raise click.BadParameter("write it as app.invoices.account_id=42", param_hint="--where")
    if place is None:
        raise click.BadParameter(f"there is no place {match[1]}; see: servanda stores", param_hint="--where")
    if match[2] not in place.table.columns:
        raise click.BadParameter(f"{place.name} has no column {match[2]}", param_hint="--where")
    operator: Any = match[3]
    return HeldRows(place.name, match[2], operator, _typed(place, match[2], match[4]))


def _typed(place: Any, column: str, value: str) -> str | int:
    number = place.table.columns[column].number
    if number and not re.fullmatch(r"-?\d+", value):
        raise click.BadParameter(f"{place.name}.{column} holds numbers")
    if number and not -(2**63) <= int(value) < 2**63:
        raise click.BadParameter(f"the number is out of range for {place.name}.{column}")
    return int(value) if number else value


def _state(hold: Hold, today: Any) -> str:
    if hold.lifted_at is not None:
        return f"lifted {hold.lifted_at[:10]}"
    if not hold.runs(today):
        return f"ended {hold.ends_on}"
    return click.style("review overdue", fg="red") if hold.unreviewed(today) else "runs"


def _json(hold: Hold) -> dict[str, Any]:
    return {
        "id": hold.id,
        "kind": hold.kind,
        "placed_at": hold.placed_at,
        "review_on": str(hold.review_on),
        "ends_on": str(hold.ends_on) if hold.ends_on else None,
        "lifted_at": hold.lifted_at,
        "epoch": hold.epoch,
        "places": sorted({s.place for s in hold.scope}),
    }
