"""The pages of somebody who is signed in: what is held of them, and what is theirs to change.

    /mine       what is held and since when, category by category; forms for what they may change
    /enter      a signed token of the company's own login: signs in (POST, field `token`)
    /leave      signs out

Law: GDPR 12(2) facilitating; 15(1); 16; EDPB Guidelines 01/2022, §73.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from servanda.documents.packing.shown import heading
from servanda.documents.packing.statement import Statement, Told, state
from servanda.errors import Refused
from servanda.persons.glance import Seen
from servanda.rights.account.account import Account, Member, Unfit, account, change, shown
from servanda.rights.account.login import BadToken, signed_in
from servanda.stores.shape import Column
from servanda.web import session
from servanda.web.centre.fields import Field, field_of
from servanda.web.centre.pages import Centre
from servanda.web.guard import FORM, is_ours
from servanda.web.session import Session

_log = logging.getLogger("servanda.web")
_VALUE, _WAS = "v.", "w."


@dataclass(frozen=True, slots=True)
class Section:
    """A category of which something is held: what the policy says of it, how many rows, since when."""

    told: Told
    rows: int
    since: date | None


@dataclass(frozen=True, slots=True)
class Mine:
    """The pages of a member."""

    centre: Centre

    def page(self, request: Request) -> Response:
        """What is held of whoever is signed in."""
        member = self.centre.member(request)
        if member is None:
            return self.centre.shown(request, "message", 410, name="gone")
        return self._page(request, member, saved="saved" in request.query_params)

    def _page(
        self,
        request: Request,
        member: Member,
        status: int = 200,
        *,
        saved: bool = False,
        unfit: Mapping[str, str] | None = None,
    ) -> Response:
        project, view = self.centre.project, self.centre.view(request)
        with project.open_stores(write=True, tolerant=True) as opened:
            found = account(opened, member)
            fields = list(_fields(found, view.language, unfit or {}))
        statement = state(project.policy, view.language, project.today)
        return self.centre.shown(
            request, "mine", status, found=found, sections=list(_sections(found, statement)), fields=fields,
            saved=saved, wrong=bool(unfit), copies=statement.words.say, link=member.by == "link",
        )  # fmt: skip

    async def changed(self, request: Request) -> Response:
        """The form of what they may change was sent."""
        form = await request.form()
        said = {name: str(value) for name, value in form.items() if isinstance(value, str)}
        return await run_in_threadpool(self._changed, request, said)

    def _changed(self, request: Request, said: Mapping[str, str]) -> Response:
        project = self.centre.project
        if not is_ours(project.vault, request.cookies.get(FORM), said.get("form")):
            return self.centre.shown(request, "message", 403, name="form")
        member = self.centre.member(request)
        if member is None:
            return self.centre.shown(request, "message", 410, name="gone")
        typed = {n.removeprefix(_VALUE): v.strip() for n, v in said.items() if n.startswith(_VALUE)}
        wanted = {name: value for name, value in typed.items() if value != said.get(_WAS + name)}
        try:
            with project.open_stores(write=True, tolerant=True) as opened:
                done = change(opened, member, wanted, self.centre.view(request).language)
        except Unfit as error:
            return self._page(request, member, 422, unfit={n: wanted[n] for n in error.columns})
        except Refused as error:
            _log.warning("a change was refused: %s", error.message)
            return self.centre.shown(request, "message", 409, name="shut")
        return RedirectResponse("/mine" if done is None else "/mine?saved", 303)

    # -- in and out ------------------------------------------------------------------------

    async def enter(self, request: Request) -> Response:
        """A token of the company's own login was sent."""
        form = await request.form()
        return await run_in_threadpool(self._enter, request, form.get("token"))

    def _enter(self, request: Request, token: Any) -> Response:
        project = self.centre.project
        login = project.stores_document.login
        if login is None:
            raise HTTPException(404)
        try:
            who = signed_in(project.database, project.vault, login, project.folder, str(token or ""))
        except BadToken as error:
            _log.warning("%s", error.message)
            return self.centre.shown(request, "message", 403, name="enter")
        project.ledger.append("account.entered", {"by": "login"})
        return self.centre.let_in(
            request, Session(None, Member(who.subject, "login", login.identifier)), "/mine"
        )

    async def leave(self, request: Request) -> Response:
        """Whoever is signed in wants to leave."""
        form = await request.form()
        response: Response = RedirectResponse("/", 303)
        if is_ours(self.centre.project.vault, request.cookies.get(FORM), form.get("form")):
            response.delete_cookie(session.COOKIE, path="/")
        return response


def _sections(found: Account, statement: Statement) -> Iterator[Section]:
    """Every category of which something is held, in the order of the policy."""
    by_name: dict[str, list[Seen]] = {}
    for seen in found.seen:
        for name in seen.place.data:
            by_name.setdefault(name, []).append(seen)
    for name in [n for n in statement.categories if n in by_name]:
        mine = by_name[name]
        since = min((seen.since for seen in mine if seen.since is not None), default=None)
        yield Section(statement.of(name), sum(seen.rows for seen in mine), since)


def _fields(found: Account, language: str, unfit: Mapping[str, str]) -> Iterator[Field]:
    """What they may change, as fields of a form; `unfit` are values that did not fit."""
    for seen in found.seen:
        for column, value in seen.own.items():
            name = f"{seen.place.name}.{column}"
            shape: Column = seen.place.table.columns[column]
            words = heading(_field_name(seen, column), language)
            was = shown(value)
            yield field_of(name, words, shape, value, unfit.get(name, was), was, name in unfit)


def _field_name(seen: Seen, column: str) -> str:
    """What the policy calls a column, else its own name."""
    named = (name for name, own in seen.place.place.fields.items() if column in own)
    return next(named, column)
