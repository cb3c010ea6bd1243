"""The pages of the privacy centre.

    /                       the promises, and links to the rights
    /rights                 all rights
    /ask/RIGHT              a request form; a link is then sent by mail
    /confirm/TOKEN          the link: a button proves identity, as mail programs open links
    /request                the state of the request, for an hour after confirmation
    /download/TOKEN         the copy, for a week

The answer and its timing do not reveal whether an address is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from servanda.project import Project
from servanda.rights.account import account
from servanda.rights.account.account import Member
from servanda.rights.answer import choose_letter as letters
from servanda.rights.record import links
from servanda.rights.record.requests import Opening, Requests, Secret
from servanda.rights.right import Right, listed, load
from servanda.web import session
from servanda.web.centre.view import View, languages
from servanda.web.guard import FORM, cookie, cookie_name, form_is_valid, form_token, new_cookie

LANGUAGE = "servanda-language"
_EMAIL = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]+\.[^@\s.<>\"]{2,63}")
_LONGEST = 4_000
_KNOWN = "known@example.org"  # stands for the address of a signed-in person, who enters none


@dataclass(frozen=True, slots=True)
class Centre:
    """The pages of one project."""

    project: Project

    def view(self, request: Request) -> View:
        """A view in the visitor's language: from the query, the cookie, or Accept-Language."""
        available = languages(self.project)
        preferred = [request.query_params.get("lang"), cookie(request, LANGUAGE)]
        preferred += _accepted(request.headers.get("accept-language", ""))
        return View(self.project, next((w for w in preferred if w in available), available[0]))

    def render(self, request: Request, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
        """Render a page and set its cookies."""
        view = self.view(request)
        form = cookie(request, FORM) or new_cookie()
        token = form_token(self.project.vault, form)
        member = self.member(request)
        page = view.page(template, form=token, path=request.url.path, member=member, **context)
        response = HTMLResponse(page, status, headers={"Content-Language": view.language})
        if cookie(request, FORM) != form:
            _remember(request, response, FORM, form)
        if request.query_params.get("lang") == view.language:
            _remember(request, response, LANGUAGE, view.language)
        return response

    def member(self, request: Request) -> Member | None:
        """The signed-in person, or None."""
        visitor = self._visitor(request)
        return None if visitor is None else visitor.member

    def request_of(self, request: Request) -> int | None:
        """The number of the request that this session has proved, or None."""
        visitor = self._visitor(request)
        return None if visitor is None else visitor.request

    def _visitor(self, request: Request) -> session.Session | None:
        project = self.project
        return session.read(project.database, project.vault, cookie(request, session.COOKIE), project.now)

    def sign_out(self, request: Request, to: str) -> Response:
        """End the session and remove its cookie."""
        project, response = self.project, RedirectResponse(to, 303)
        session.end(project.database, project.vault, cookie(request, session.COOKIE), project.now)
        secure = request.url.scheme == "https"
        name = cookie_name(request, session.COOKIE)
        response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")
        return response

    def sign_in(self, request: Request, visitor: session.Session, to: str) -> Response:
        """Set the session cookie for an hour and redirect to a page."""
        response = RedirectResponse(to, 303)
        value = session.make(self.project.vault, visitor, self.project.now)
        _remember(request, response, session.COOKIE, value, hours=1)
        return response

    # -- reading ---------------------------------------------------------------------------

    def home(self, request: Request) -> Response:
        """The front page."""
        return self.render(request, "home")

    def rights(self, request: Request) -> Response:
        """The list of rights, each a link to its form."""
        return self.render(request, "rights", rights=[right.name for right in listed()])

    def policy(self, request: Request) -> Response:
        """The promises of the policy."""
        return self.render(request, "policy")

    # -- asking ----------------------------------------------------------------------------

    def ask(self, request: Request, right: str) -> Response:
        """The request form for a right."""
        right_entry = _right(right)
        return self.render(request, "ask", right=right_entry, wants=right_entry.form, given={}, errors={})

    async def asked(self, request: Request, right: str) -> Response:
        """Handle a submitted request form."""
        from starlette.concurrency import run_in_threadpool

        form = await request.form()
        form_values = {name: str(value) for name, value in form.items() if isinstance(value, str)}
        return await run_in_threadpool(self._asked, request, _right(right), form_values)

    def _asked(self, request: Request, right: Right, form_values: Mapping[str, str]) -> Response:
        if not form_is_valid(self.project.vault, cookie(request, FORM), form_values.get("form")):
            return self.render(request, "message", 403, name="form")
        wants, member = right.form, self.member(request)
        if member is not None:
            form_values = {**form_values, "email": _KNOWN}
        errors = _errors(form_values, wants)
        if errors:
            entered = {name: form_values.get(name, "") for name in ("email", "words", "wish", "executor")}
            return self.render(request, "ask", 422, right=right, wants=wants, given=entered, errors=errors)
        if not self._allowed(request, form_values["email"] if member is None else member.about):
            return self.render(request, "message", 429, name="busy")
        if member is not None:
            return self._ask(request, member, right, form_values)
        due = self._open(self.view(request).language, right, form_values)
        return self.render(request, "sent", address=form_values["email"].strip(), due=due)

    def _ask(
        self, request: Request, member: Member, right: Right, form_values: Mapping[str, str]
    ) -> Response:
        """Open a request of a signed-in person; no further proof of identity is needed."""
        words, language = form_values.get("words", "").strip(), self.view(request).language
        with self.project.open_stores(write=True, tolerant=True) as opened:
            opened_request = account.ask(
                opened, member, right, language, words, _right_fields(right, form_values)
            )
        return self.sign_in(request, session.Session(opened_request.number, member), "/request")

    def _allowed(self, request: Request, address: str) -> bool:
        source = request.client.host if request.client else ""
        with self.project.database.begin() as connection:
            return links.allowed(connection, self.project.vault, address, source, self.project.now)

    def _open(self, language: str, right: Right, form_values: Mapping[str, str]) -> Any:
        """Open a request, send its link, and return the last day for the answer."""
        project = self.project
        address, words = form_values["email"].strip(), form_values.get("words", "").strip()
        fields = _right_fields(right, form_values)
        opening = Opening(
            right.name, address, address, project.today, "person", "centre", language, words, fields
        )
        requests = Requests(project)
        opened_request = requests.open(opening)
        answer = opened_request.answer_by(requests.calendar)
        secret = Secret(address, address, words, fields)
        letter = letters.acknowledged(opened_request, secret, answer)
        requests.record(opened_request.number, "acknowledged", letters=[letter])
        requests.send_link(opened_request.number, project.now)
        return answer.due

    # -- proving ---------------------------------------------------------------------------

    def confirm(self, request: Request, token: str) -> Response:
        """The page of a confirmation link; opening it does not use the link."""
        project = self.project
        with project.database.begin() as connection:
            link = links.look(connection, project.vault, "identity", token, project.now)
        if link is None:
            return self.render(request, "message", 410, name="gone")
        requests = Requests(project)
        right, contact = requests.find(link.request).right, requests.answered_elsewhere(link.request)
        return self.render(request, "confirm", right=right, contact=contact, token=token)

    async def confirmed(self, request: Request, token: str) -> Response:
        """Use a confirmation link."""
        from starlette.concurrency import run_in_threadpool

        form = await request.form()
        return await run_in_threadpool(self._confirmed, request, token, form.get("form"))

    def _confirmed(self, request: Request, token: str, form: Any) -> Response:
        project = self.project
        if not form_is_valid(project.vault, cookie(request, FORM), form):
            return self.render(request, "message", 403, name="form")
        confirmed_request = Requests(project).follow_link(token, project.now)
        if confirmed_request is None:
            return self.render(request, "message", 410, name="gone")
        member = None
        if confirmed_request.asker == "person":
            member = Member(
                Requests(project).secret(confirmed_request.number, "they followed their link").about, "link"
            )
        return self.sign_in(request, session.Session(confirmed_request.number, member), "/request")

    def state(self, request: Request) -> Response:
        """The state of the request that this session has proved."""
        project = self.project
        number = self.request_of(request)
        if number is None:
            return self.render(request, "message", 410, name="gone")
        with project.database.begin() as connection:
            copy = number in links.opening(connection, "download", project.now)
        return self.render(request, "state", asked=Requests(project).find(number), copy=copy)

    def healthy(self) -> Response:
        """Health check: reads one setting of the database and answers “ok”."""
        self.project.database.setting("schema")
        return Response("ok\n", media_type="text/plain")


def _right(name: str) -> Right:
    right = load().get(name)
    if right is None or not right.listed:
        raise HTTPException(404)
    return right


def _right_fields(right: Right, form_values: Mapping[str, str]) -> dict[str, str]:
    """The optional fields of the right in a form, each at most 300 characters."""
    return {
        name: form_values[name].strip()[:300] for name in right.may_ask if form_values.get(name, "").strip()
    }


def _errors(form_values: Mapping[str, str], wants: str) -> dict[str, str]:
    """Validate a form; catalogue keys of error messages by field."""
    errors: dict[str, str] = {}
    email, words = form_values.get("email", "").strip(), form_values.get("words", "").strip()
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        errors["email"] = "ask.error.email"
    if len(words) > _LONGEST or (wants == "what" and not words):
        errors["words"] = "ask.error.words"
    return errors


def _accepted(header: str) -> list[str]:
    """Parse Accept-Language: two-letter codes by descending weight."""
    weighted: list[tuple[float, str]] = []
    for part in header[:400].split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), name[:2].lower()))
        except ValueError:
            continue
    return [name for _, name in sorted(weighted, key=lambda pair: pair[0])]


def _remember(request: Request, response: Response, name: str, value: str, hours: int = 12) -> None:
    """Set a cookie: HttpOnly, SameSite=Lax; over HTTPS Secure, and for this host alone."""
    secure = request.url.scheme == "https"
    response.set_cookie(
        cookie_name(request, name),
        value,
        max_age=hours * 3600,
        httponly=True,
        secure=secure,
        samesite="lax",
        path="/",
    )
