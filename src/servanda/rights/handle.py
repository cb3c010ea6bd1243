"""Handles a request: identifies the person, plans, carries out, and answers.

    identify the person ─▶ plan ─▶ “planned”, sealed with their rows ─▶ act ─▶ “done” ─▶ “answered”

1. No person is looked up before the identity is proved, except for rights that need no proof.
2. The plan is recorded before the first change. A retry after a crash handles the same rows and is idempotent, and
   the answer covers both runs.
3. If a store does not answer, the others are done; the request stays open and its deadline keeps running.
4. No answer is sent while a store contains erased rows (a restored backup).

Law: GDPR 12(3) and (4); 15 to 22.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from servanda.apply.tombstones import refuse_if_restored
from servanda.errors import Refused
from servanda.persons import remaining_rows as rests
from servanda.persons.remaining_rows import Unfinished
from servanda.persons.undecided import identifiers_of, undecided_with
from servanda.project import Project
from servanda.rights.answer import archived
from servanda.rights.answer import choose_letter as letters
from servanda.rights.answer.outcome import Outcome
from servanda.rights.answer.values import recipients_of, values_of
from servanda.rights.case import Case, as_text, distinct, from_text, look_for, named_in, several
from servanda.rights.record.request import Request
from servanda.rights.record.requests import Requests
from servanda.rights.right import Right, right_of

if TYPE_CHECKING:
    from servanda.persons.person import Person
    from servanda.post.outbox import Letter
    from servanda.rights.record.requests import Secret

_READY = frozenset({"proved", "planned"})


def plan(project: Project, number: int) -> Outcome:
    """Plan a request; changes nothing but a ledger entry that it was read."""
    case, outcome = _prepare(project, number)
    planned = _right(case).plan(case) if case is not None else outcome
    return replace(planned, undecided=_undecided(project, number, case))


def apply(project: Project, number: int) -> Outcome:
    """Carry out a request. Returns the outcome; `stopped` names the stores that failed.

    Raises Refused, with nothing changed, if it would fail half way or needs a decision first.
    """
    refuse_if_restored(project.database)
    case, outcome = _prepare(project, number)
    requests = Requests(project)
    if case is None:
        if outcome.kind == "several":
            raise Refused(
                f"request {number}: several persons bear what it names",
                advice=f"tell them apart: servanda request identify {number} --row PLACE=KEY",
            )
        undecided = _refuse_undecided(project, number, case)
        outcome = replace(outcome, undecided=undecided)
        requests.record(number, "done", facts=outcome.facts())
        return outcome
    undecided = _refuse_undecided(project, number, case)
    right = _right(case)
    outcome = right.plan(case)
    if outcome.kind == "refused":
        raise Refused(
            f"request {number} cannot be carried out: {outcome.refused[0]}", advice=_further_reasons(outcome)
        )
    facts = outcome.facts() | {"reference": case.reference}
    requests.record(
        number, "planned", facts=facts, words=as_text(case.human, case.named if right.ends else ())
    )
    done = replace(right.act(case), undecided=undecided)
    if project.stores.down:
        waits = tuple((name, "it does not answer") for name in sorted(project.stores.down))
        done = replace(done, stopped=(*done.stopped, *waits))
    if done.stopped:
        return done
    if right.passes_on:
        done = replace(done, more={**(done.more or {}), "tell": _recipients_to_notify(project, done)})
    requests.record(number, "done", facts=done.facts())
    return done


def leave(project: Project, number: int, tables: Sequence[str]) -> None:
    """Record that a request is carried out without some tables that nobody decided about, as STORE.TABLE.

    Or although the address still stands in a column of rows that stay, as PLACE.COLUMN.
    """
    Requests(project).record(number, "left", facts={"tables": sorted(tables)})


def _undecided(project: Project, number: int, case: Case | None) -> tuple[str, ...]:
    """The undecided tables in which the person's address stands, for a right that says that all is copied or erased."""
    request = Requests(project).find(number)
    right = right_of(request.right)
    if not right.rows or not (right.copy or right.ends):
        return ()
    if case is None:
        about = Requests(project).secret(number, "to look for it in tables that nobody decided about").about
        return undecided_with(project.stores, [about])
    return undecided_with(project.stores, case.named)


def _refuse_undecided(project: Project, number: int, case: Case | None) -> tuple[str, ...]:
    """The undecided tables with the person's address that somebody said to leave. Raises Refused for any other."""
    undecided = _undecided(project, number, case)
    left = _left(Requests(project), number)
    open_ = [table for table in undecided if table not in left]
    if open_:
        raise Refused(
            f"request {number}: the address stands in {', '.join(open_)}, and nobody has decided about that",
            advice="make it a place of stores.yaml; or carry the request out without it: servanda request apply "
            f"{number} {' '.join(f'--leave {table}' for table in open_)}",
        )
    return undecided


def _left(requests: Requests, number: int) -> frozenset[str]:
    """The tables and columns that somebody said to leave."""
    happenings = [h for h in requests.find(number).happenings if h.kind == "left"]
    return frozenset(at for happening in happenings for at in happening.facts.get("tables", ()))


def _standing(requests: Requests, number: int, outcome: Outcome) -> list[str]:
    """The columns in which the person is still named after an erasure, but for those that somebody said to leave."""
    left = _left(requests, number) if outcome.residue_in else frozenset()
    return [at for at in outcome.residue_in if at not in left]


def answer(project: Project, number: int, language: str | None = None) -> Request:
    """Answer a request with a letter: what was done, what stays and why. Raises Refused if it is not done."""
    refuse_if_restored(project.database)
    requests = Requests(project)
    request = requests.find(number)
    found = request.last("done")
    if found is None or request.state != "done":
        raise Refused(
            f"request {number} is {request.state}: there is nothing yet to answer",
            advice=f"carry it out first: servanda request apply {number}",
        )
    outcome, right = Outcome.of(found.facts), right_of(request.right)
    if standing := _standing(requests, number, outcome):
        raise Refused(
            f"request {number}: {', '.join(standing)} still names the person",
            advice=f"empty it there, and look again: servanda request apply {number}; or leave it: servanda request "
            f"apply {number} {' '.join(f'--leave {at}' for at in standing)}",
        )
    secret = requests.secret(number, "to answer")
    translated = replace(request, language=language or request.language)
    letter = _letter(project, translated, secret, outcome)
    link = bool(right.copy) and outcome.kind == "ready"
    return requests.answer(number, letter, project.now, link=link)


def carry_out(project: Project, number: int) -> Request:
    """Carry out and answer a request, unless a store failed, or something still names the person."""
    done, requests = apply(project, number), Requests(project)
    waits = done.stopped or _standing(requests, number, done)
    return requests.find(number) if waits else answer(project, number)


# -- whom it is about ------------------------------------------------------------------------


def _prepare(project: Project, number: int) -> tuple[Case | None, Outcome]:
    """The case of a request; or None and the outcome, if no person or several persons match. Raises Refused."""
    requests = Requests(project)
    request = requests.find(number)
    right = right_of(request.right)
    if not right.proof and request.state in ("received", "asked"):
        request = requests.record(number, "proved", facts={"by": "none needed"})
    found = request.last("done")
    again = request.state == "done" and found is not None and bool(Outcome.of(found.facts).residue_in)
    if request.state not in _READY and not again:
        raise Refused(
            f"request {number} is {request.state}: {_WHY.get(request.state, 'it has ended')}",
            advice=f"see what happened: servanda request show {number}",
        )
    _refuse_if_hidden(project, right)
    secret = requests.secret(number, "to carry it out")
    human, reference = _identify(project, requests, request, secret)
    before = _unfinished_erasures(project, requests, request)
    rows = tuple(row for one in before for row in one.rows)
    if before:
        human = distinct((*human, *(person for one in before for person in one.human)))
        human = human if right.ends else distinct((*human, *rows))
        reference = reference if request.last("planned") else before[0].reference
    if right.rows and not human:
        left = archived.known(project, (), secret.about)
        if not left:
            return None, _nothing_held(requests, request)
        if not right.archives:
            why = "nothing but archived rows is left of them: see servanda archive read"
            raise Refused(f"request {number}: {why}", advice="answer it by hand: servanda request refuse")
    if several(project.stores, human) and request.last("chosen") is None:
        return None, Outcome("several")
    key_id = requests.key_of(number)
    named = {secret.about, *_named_before(requests, request)}
    if right.copy or right.ends:
        named |= set(identifiers_of(project.stores, human))
    return Case(
        request, project, key_id, reference, secret, human, rows, bool(before), frozenset(named)
    ), Outcome()


def _refuse_if_hidden(project: Project, right: Right) -> None:
    """Raise Refused where row-level security hides rows from us: nobody knows whose they are."""
    hidden = sorted({p.name for p in project.stores.binding.places.values() if p.table.hidden})
    if right.rows and hidden:
        raise Refused(
            f"row-level security hides rows of {', '.join(hidden)} from us, and nobody can tell whose",
            advice="let our role see them; how, says servanda check --select SV448",
        )


def _identify(
    project: Project, requests: Requests, request: Request, secret: Secret
) -> tuple[tuple[Person, ...], str]:
    """The rows of the person, and the reference of the work; the recorded ones if the request was begun before."""
    begun = [(i, h) for i, h in enumerate(request.happenings, 1) if h.kind in ("planned", "chosen")]
    known: tuple[Person, ...] = ()
    reference = secrets.token_hex(16)
    for position, happening in begun:
        known = from_text(requests.words(request.number, position))
        reference = happening.facts.get("reference", reference)
    if begun and begun[-1][1].kind == "chosen":
        return known, reference
    return distinct((*known, *look_for(project.stores, secret.about))), reference


def _named_before(requests: Requests, request: Request) -> frozenset[str]:
    """What the person was known by when the request was begun; by now it may be erased."""
    begun = [i for i, h in enumerate(request.happenings, 1) if h.kind == "planned"]
    return frozenset().union(*(named_in(requests.words(request.number, position)) for position in begun))


def _unfinished_erasures(project: Project, requests: Requests, request: Request) -> list[Unfinished]:
    """The unfinished erasures of the same person."""
    references = [
        str(happening.facts["reference"])
        for other in requests.of(request.person or "")
        for happening in other.happenings
        if happening.kind == "planned" and "reference" in happening.facts
    ]
    return rests.of_references(project.database, project.vault, references) if references else []


def _nothing_held(requests: Requests, request: Request) -> Outcome:
    """The outcome if no row was found: “erased” with the day of an earlier erasure, else “nobody”."""
    earlier = [
        happening.day
        for other in requests.of(request.person or "")
        if other.number != request.number and right_of(other.right).ends
        for happening in other.happenings
        if happening.kind == "done" and happening.facts.get("outcome") == "ready"
    ]
    return Outcome("erased", erased_on=max(earlier)) if earlier else Outcome("nobody")


def _right(case: Case) -> Right:
    return right_of(case.request.right)


_WHY = {
    "received": "it is not proved who asks",
    "asked": "it waits for the person’s answer",
    "done": "it was carried out, and waits for its answer",
}


def _further_reasons(outcome: Outcome) -> str:
    rest = outcome.refused[1:]
    return "; ".join(rest) if rest else "nothing was changed"


# -- answering -------------------------------------------------------------------------------


def _letter(project: Project, request: Request, secret: Secret, outcome: Outcome) -> Letter:
    if outcome.kind == "nobody":
        return letters.nobody(request, secret, undecided=bool(outcome.undecided))
    if outcome.kind == "erased" and outcome.erased_on is not None:
        return letters.erased_before(request, secret, outcome.erased_on)
    done = request.last("done")
    values = values_of(project.stores.binding, outcome, request.language, done.day if done else project.today)
    earlier = _answered_before(Requests(project), request)
    if earlier is not None and (outcome.kept or outcome.held):
        values["earlier"] = earlier.isoformat()
    return letters.answered(request, secret, values)


def _answered_before(requests: Requests, request: Request) -> date | None:
    """When an earlier request of the same person for the same right was answered."""
    others = (r for r in requests.of(request.person or "") if r.number < request.number)
    days = [h.day for r in others if r.right == request.right for h in r.happenings if h.kind == "answered"]
    return max(days, default=None)


def _recipients_to_notify(project: Project, done: Outcome) -> list[str]:
    """The recipients that have the data that something was done with (GDPR 19)."""
    return recipients_of(project.stores.binding, done)
