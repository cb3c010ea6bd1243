"""Completed erasures: when the remaining rows are erased, a second letter notifies the person.

Law: GDPR 12(3) information on action taken; 17(1).
"""

from __future__ import annotations

from servanda.persons import remaining_rows as rests
from servanda.project import Project
from servanda.rights.answer import choose_letter as letters
from servanda.rights.record.requests import Requests


def notify_completed(project: Project) -> int:
    """Notify every person whose erasure is completed, and delete its record. Returns the number of letters.

    If the request is not answered yet, its answer comes first.
    """
    notified, requests = 0, Requests(project)
    for reference, number in rests.completed_erasures(project.database):
        request = requests.find(number)
        if request.state not in ("answered", "done"):
            continue
        if request.state == "done":
            continue
        if request.last("completed") is None:
            secret = requests.secret(number, "to tell that the rest was erased")
            letter = letters.completed(request, secret, project.today)
            requests.record(number, "completed", letters=[letter])
            notified += 1
        with project.database.begin() as connection:
            rests.forget(connection, reference)
    return notified
