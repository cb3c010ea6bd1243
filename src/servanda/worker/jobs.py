"""The parts of a worker round: automatic requests, deadline alarms, expiry of records.

    proved ──▶ carried out and answered, if stores.yaml allows it and nothing is in doubt
          └──▶ “waits”, recorded once: a person has to decide

`servanda serve` runs a round every few seconds, the nightly timer one per night.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from servanda.apply import clock, tombstones
from servanda.apply.tombstones import refuse_if_restored
from servanda.database import moment
from servanda.errors import Refused, ServandaError
from servanda.post.outbox import Letter
from servanda.post.server import Folder
from servanda.project import Project
from servanda.rights.completed import notify_completed
from servanda.rights.each import restriction
from servanda.rights.handle import carry_out
from servanda.rights.record import links
from servanda.rights.record.copies import Copies
from servanda.rights.record.identity_documents import IdentityDocuments
from servanda.rights.record.request import Request
from servanda.rights.record.requests import Requests
from servanda.rights.right import right_of

ALARMS = (10, 5, 2, 0)
"""Days before a deadline on which the data protection officer is notified."""
LETTERS_LIE = timedelta(days=30)
"""How long a letter lies in clear in the folder outbox, for a project without a mail server."""


@dataclass(frozen=True, slots=True)
class Round:
    """The result of a round: numbers of answered requests, and of those that wait for a person."""

    answered: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()


def ready(requests: Requests, by_itself: Collection[str]) -> list[int]:
    """The numbers of requests that can be carried out automatically, oldest first."""
    return [r.number for r in requests.all(ended=False) if _ready(r, by_itself)]


def _ready(request: Request, by_itself: Collection[str]) -> bool:
    if request.right not in by_itself or request.asker != "person" or request.last("waits") is not None:
        return False
    return request.state in ("proved", "planned", "done")


def carry_out_all(project: Project) -> Round:
    """Carry out the automatic requests; stores are opened only if there are any."""
    requests = Requests(project)
    numbers = ready(requests, project.stores_document.requests.by_itself)
    if not numbers:
        return Round()
    answered: list[int] = []
    waiting: list[int] = []
    with project.open_stores(write=True, tolerant=True) as opened:
        refuse_if_restored(project.database)
        clock.require(opened)
        for number in numbers:
            try:
                request = carry_out(opened, number)
            except Refused as error:
                requests.record(number, "waits", facts={"why": _reason(error)})
                waiting.append(number)
            except ServandaError:
                continue  # a store went down: the next round continues
            else:
                (waiting if request.open else answered).append(number)
    return Round(tuple(answered), tuple(waiting))


def _reason(error: ServandaError) -> str:
    """The reason why a request waits, at most 300 characters; messages contain no values of rows."""
    return error.message[:300]


# -- alarms ----------------------------------------------------------------------------------


def alarm(project: Project, officer: str) -> int:
    """Notify the data protection officer of requests near their deadline. Returns the number of letters."""
    requests, today, language = Requests(project), project.today, project.policy.languages[0]
    letters_count, calendar = 0, requests.calendar
    for request in requests.all(ended=False):
        days_left = request.days_left(calendar, today)
        level = next((n for n in reversed(ALARMS) if days_left <= n), None)
        last = request.last("alarmed")
        if level is None or (last is not None and last.facts.get("at") == level):
            continue
        due = request.answer_by(calendar).due
        values = {
            "right": request.right, "received": request.received.isoformat(), "due": due.isoformat(),
            "number": request.number, "left": days_left, "state": request.state,
        }  # fmt: skip
        letter = Letter("deadline-alarm", language, officer, values, request.number)
        requests.record(request.number, "alarmed", facts={"at": level}, letters=[letter])
        letters_count += 1
    return letters_count


# -- expiry ----------------------------------------------------------------------------------


def expire(project: Project) -> None:
    """Expire links, copies, identity documents, restriction flags, records of requests, letters, tombstones."""
    requests = Requests(project)
    with project.database.begin() as connection:
        links.sweep(connection, project.now)
        opening = links.opening(connection, "download", project.now)
    for request in requests.all():
        if (
            request.state == "answered"
            and request.number not in opening
            and not right_of(request.right).keeps_copy
        ):
            Copies(project).remove(request.number)
    IdentityDocuments(project).sweep(requests)
    restriction.clear_ended_flags(project)
    notify_completed(project)
    requests.forget()
    Folder(project.folder / "outbox").sweep((project.now - LETTERS_LIE).timestamp())
    tombstones.delete_expired_tombstones(project.database, project.today)
    project.database.set("tidied-at", moment(project.now))
