"""Erasures whose rest has ended: the person is told by a second letter, and what was written down is forgotten.

Law: GDPR 12(3) information on action taken; 17(1).
"""

from __future__ import annotations

from servanda.persons import rests
from servanda.project import Project
from servanda.rights.answer import letters
from servanda.rights.record.requests import Requests


def notify_completed(project: Project) -> int:
    """Tell everybody of whom nothing is left any more. Returns how many were told.

    Somebody whose request is not answered yet is told by that answer first.
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
