"""`servanda request identify`: proves who asks, and selects the persons that a request is about."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from servanda.cli.requests.view import print_state, requests_of
from servanda.project import Project

if TYPE_CHECKING:
    from servanda.persons.person import Person
    from servanda.rights.record.request import Request
    from servanda.rights.record.requests import Requests

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("identify", short_help="Ask who asks, or write down how that was proved")
@click.argument("number", type=click.IntRange(1))
@click.option("--link", is_flag=True, help="Send a one-time link to the address on record.")
@click.option(
    "--method", metavar="WORDS", help="It is proved, by this: a call back, data only the person knows."
)
@click.option("--ask", "wanted", metavar="WORDS", help="Ask for this; takes a --doubt.")
@click.option("--doubt", metavar="WORDS", help="Why there is a reasonable doubt about who asks (GDPR 12(6)).")
@click.option(
    "--row", "rows", multiple=True, metavar="PLACE=KEY", help="Whose data are meant: app.accounts=42."
)
@click.option(
    "--document", type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Seal a document that was sent on a doubt, until it was looked at.",
)  # fmt: skip
@click.option("--look", is_flag=True, help="Write the sealed document to standard output.")
@click.option("--on", "day", type=_DAY, default=None, metavar="DAY", help="The day; today by default.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def identify(
    project: Project,
    /,
    number: int,
    link: bool,
    method: str | None,
    wanted: str | None,
    doubt: str | None,
    rows: tuple[str, ...],
    document: Path | None,
    day: datetime | None,
    **more: bool,
) -> None:
    """Send a link, ask for something on a doubt that is written down, or note how identity was proved.

    No copy of an identity document is asked for by default; one that was sent on a doubt is sealed, and
    destroyed once identity is proved. A question stops the clock until its answer, where it is asked
    without delay (EDPB Guidelines 01/2022, §159).
    """
    if sum(map(bool, (link, method, wanted, rows, document, more["look"]))) != 1:
        raise click.UsageError(
            "say one of --link, --method WORDS, --ask WORDS, --row PLACE=KEY, --document FILE"
        )
    if bool(wanted) != bool(doubt):
        raise click.UsageError("a question takes a doubt, and a doubt a question: --ask WORDS --doubt WORDS")
    requests = requests_of(project)
    on = day.date() if day else None
    if more["look"]:
        _look(project, requests, number)
        return
    if link:
        request = requests.send_link(number, project.now)
    elif method:
        request = _proved(project, requests, number, method, on)
    elif rows:
        request = _chosen(project, requests, number, rows)
    elif document:
        from servanda.rights.record.identity_documents import IdentityDocuments

        request = IdentityDocuments(project).keep(requests, number, document.read_bytes())
    else:
        request = _asked(requests, number, str(wanted), str(doubt), on)
    print_state(project, requests, request, more["as_json"])


def _proved(project: Project, requests: Requests, number: int, method: str, on: date | None) -> Request:
    from servanda.rights.record.identity_documents import IdentityDocuments

    request = requests.find(number)
    if request.state == "unproved":
        requests.record(number, "reopened", on)
    documents = any(h.kind == "document" for h in request.happenings)
    facts: dict[str, object] = {"by": "document" if documents else "operator"}
    proved = requests.record(number, "proved", on, facts=facts, words=method)
    IdentityDocuments(project).destroy(proved)
    return proved


def _chosen(project: Project, requests: Requests, number: int, rows: tuple[str, ...]) -> Request:
    from servanda.apply.corrections import keys_fit
    from servanda.persons.person import Person
    from servanda.rights.case import as_text

    chosen: list[Person] = []
    with project.open_stores(tolerant=True) as opened:
        stores = opened.stores
        for row in rows:
            place, _, key = row.partition("=")
            chosen.append(keys_fit(stores, Person(place, tuple(key.split(",")))))
    return requests.record(number, "chosen", facts={"rows": len(chosen)}, words=as_text(chosen))


def _asked(requests: Requests, number: int, question: str, doubt: str, on: date | None) -> Request:
    from servanda.rights.answer import choose_letter as letters

    request = requests.find(number)
    secret = requests.secret(number, "to ask who asks")
    letter = letters.asked(request, secret, request.answer_by(requests.calendar), doubt, question)
    facts = {"doubt": True, "about": "identity"}
    return requests.record(number, "asked", on, facts=facts, words=doubt, letters=[letter])


def _look(project: Project, requests: Requests, number: int) -> None:
    from servanda.rights.record.identity_documents import IdentityDocuments

    content = IdentityDocuments(project).look(requests.find(number))
    project.ledger.append("request.document-read", {"request": number})
    sys.stdout.buffer.write(content)
