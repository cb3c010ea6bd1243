"""The account pages: the data held about a signed-in person, and the fields that they may edit.

    /mine       the data held, with dates, by category; a form with the editable fields
    /enter      signs in with a signed token of the company's own login (POST, field `token`)
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
from servanda.documents.packing.statement import CategoryStatement, Statement, make_statement
from servanda.errors import Refused
from servanda.persons.summary import HeldSummary
from servanda.rights.account.account import Account, InvalidValues, Member, account, change, shown
from servanda.rights.account.login import BadToken, signed_in
from servanda.stores.shape import Column
from servanda.web.centre.fields import Field, field_of
from servanda.web.centre.pages import Centre
from servanda.web.guard import FORM, cookie, form_is_valid
from servanda.web.session import Session

_log = logging.getLogger("servanda.web")
_VALUE, _WAS = "v.", "w."


@dataclass(frozen=True, slots=True)
class Section:
    """A category with data: its description in the policy, the count of rows, the date of the oldest."""

    category: CategoryStatement
    rows: int
    since: date | None


@dataclass(frozen=True, slots=True)
class AccountPages:
    """The pages of a signed-in person."""

    centre: Centre

    def page(self, request: Request) -> Response:
        """The account page of the signed-in person."""
        member = self.centre.member(request)
        if member is None:
            return self.centre.render(request, "message", 410, name="gone")
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
            account_view = account(opened, member)
            fields = list(_fields(account_view, view.language, unfit or {}))
        statement = make_statement(project.policy, view.language, project.today)
        return self.centre.render(
            request, "mine", status, found=account_view, fields=fields,
            sections=list(_sections(account_view, statement)), saved=saved, wrong=bool(unfit),
            copies=statement.words.say, link=member.by == "link",
        )  # fmt: skip

    async def changed(self, request: Request) -> Response:
        """Save the form of editable fields."""
        form = await request.form()
        form_values = {name: str(value) for name, value in form.items() if isinstance(value, str)}
        return await run_in_threadpool(self._changed, request, form_values)

    def _changed(self, request: Request, form_values: Mapping[str, str]) -> Response:
        project = self.centre.project
        if not form_is_valid(project.vault, cookie(request, FORM), form_values.get("form")):
            return self.centre.render(request, "message", 403, name="form")
        member = self.centre.member(request)
        if member is None:
            return self.centre.render(request, "message", 410, name="gone")
        typed = {n.removeprefix(_VALUE): v.strip() for n, v in form_values.items() if n.startswith(_VALUE)}
        changes = {name: value for name, value in typed.items() if value != form_values.get(_WAS + name)}
        try:
            with project.open_stores(write=True, tolerant=True) as opened:
                result = change(opened, member, changes, self.centre.view(request).language)
        except InvalidValues as error:
            return self._page(request, member, 422, unfit={n: changes[n] for n in error.columns})
        except Refused as error:
            _log.warning("a change was refused: %s", error.message)
            return self.centre.render(request, "message", 409, name="shut")
        return RedirectResponse("/mine" if result is None else "/mine?saved", 303)

    # -- sign in and out -------------------------------------------------------------------

    async def enter(self, request: Request) -> Response:
        """Sign in with a token of the company's own login."""
        form = await request.form()
        return await run_in_threadpool(self._enter, request, form.get("token"))

    def _enter(self, request: Request, token: Any) -> Response:
        project = self.centre.project
        login = project.stores_document.login
        if login is None:
            raise HTTPException(404)
        try:
            identity = signed_in(project.database, project.vault, login, project.folder, str(token or ""))
        except BadToken as error:
            _log.warning("%s", error.message)
            return self.centre.render(request, "message", 403, name="enter")
        project.ledger.append("account.entered", {"by": "login"})
        return self.centre.sign_in(
            request, Session(None, Member(identity.subject, "login", login.identifier)), "/mine"
        )

    async def leave(self, request: Request) -> Response:
        """Sign out."""
        form = await request.form()
        if form_is_valid(self.centre.project.vault, cookie(request, FORM), form.get("form")):
            return await run_in_threadpool(self.centre.sign_out, request, "/")
        return RedirectResponse("/", 303)


def _sections(account_view: Account, statement: Statement) -> Iterator[Section]:
    """Yield each category with data, in the order of the policy."""
    by_name: dict[str, list[HeldSummary]] = {}
    for glance in account_view.seen:
        for name in glance.place.data:
            by_name.setdefault(name, []).append(glance)
    for name in [n for n in statement.categories if n in by_name]:
        glances = by_name[name]
        since = min((glance.since for glance in glances if glance.since is not None), default=None)
        yield Section(statement.of(name), sum(glance.rows for glance in glances), since)


def _fields(account_view: Account, language: str, unfit: Mapping[str, str]) -> Iterator[Field]:
    """Yield the editable columns as form fields; `unfit` are rejected values by field name."""
    for glance in account_view.seen:
        for column, value in glance.own.items():
            name = f"{glance.place.name}.{column}"
            shape: Column = glance.place.table.columns[column]
            words = heading(_field_name(glance, column), language)
            previous = shown(value)
            yield field_of(name, words, shape, value, unfit.get(name, previous), previous, name in unfit)


def _field_name(glance: HeldSummary, column: str) -> str:
    """The name of a column's field in the policy, or the name of the column."""
    field_names = (name for name, columns in glance.place.place.fields.items() if column in columns)
    return next(field_names, column)
