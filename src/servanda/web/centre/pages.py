"""The pages of the centre and where they are.

    /                       what is promised, and what one may ask
    /rights                 every right
    /ask/RIGHT              a form; then a link by mail
    /confirm/TOKEN          the link: proves who asks, with a button, since mail programs open links
    /request                the state of one's request, for an hour after that
    /download/TOKEN         the copy, for a week

The same page, in the same time, answers whether or not an address is known.
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
from servanda.rights.answer import letters
from servanda.rights.record import links
from servanda.rights.record.requests import Opening, Requests, Secret
from servanda.rights.right import Right, listed, load
from servanda.web import session
from servanda.web.centre.view import View, languages
from servanda.web.guard import FORM, form_token, is_ours, new_cookie

LANGUAGE = "servanda-language"
_EMAIL = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]+\.[^@\s.<>\"]{2,63}")
_LONGEST = 4_000
_KNOWN = "known@example.org"  # whoever is signed in types no address


@dataclass(frozen=True, slots=True)
class Centre:
    """The pages of one project."""

    project: Project

    def view(self, request: Request) -> View:
        """The language of a visitor: chosen, remembered, or that of the browser."""
        known = languages(self.project)
        wanted = [request.query_params.get("lang"), request.cookies.get(LANGUAGE)]
        wanted += _accepted(request.headers.get("accept-language", ""))
        return View(self.project, next((w for w in wanted if w in known), known[0]))

    def shown(self, request: Request, template: str, status: int = 200, /, **more: Any) -> HTMLResponse:
        """A page, with the cookies that it needs."""
        view = self.view(request)
        cookie = request.cookies.get(FORM) or new_cookie()
        token = form_token(self.project.vault, cookie)
        member = self.member(request)
        page = view.page(template, form=token, path=request.url.path, member=member, **more)
        response = HTMLResponse(page, status, headers={"Content-Language": view.language})
        if request.cookies.get(FORM) != cookie:
            _remember(request, response, FORM, cookie)
        if request.query_params.get("lang") == view.language:
            _remember(request, response, LANGUAGE, view.language)
        return response

    def member(self, request: Request) -> Member | None:
        """Who is signed in, None where nobody is."""
        found = session.read(self.project.vault, request.cookies.get(session.COOKIE), self.project.now)
        return None if found is None else found.member

    def request_of(self, request: Request) -> int | None:
        """The request that a visitor proved to be theirs."""
        found = session.read(self.project.vault, request.cookies.get(session.COOKIE), self.project.now)
        return None if found is None else found.request

    def let_in(self, request: Request, who: session.Session, to: str) -> Response:
        """Sign somebody in for an hour, and lead them to a page."""
        response = RedirectResponse(to, 303)
        made = session.make(self.project.vault, who, self.project.now)
        _remember(request, response, session.COOKIE, made, hours=1)
        return response

    # -- reading ---------------------------------------------------------------------------

    def home(self, request: Request) -> Response:
        """The front page."""
        return self.shown(request, "home")

    def rights(self, request: Request) -> Response:
        """Every right, each a link to its form."""
        return self.shown(request, "rights", rights=[found.name for found in listed()])

    def policy(self, request: Request) -> Response:
        """The promises of the policy, in its own words."""
        return self.shown(request, "policy")

    # -- asking ----------------------------------------------------------------------------

    def ask(self, request: Request, right: str) -> Response:
        """The form for a right."""
        found = _right(right)
        return self.shown(request, "ask", right=found, wants=found.form, given={}, errors={})

    async def asked(self, request: Request, right: str) -> Response:
        """A form that was sent."""
        from starlette.concurrency import run_in_threadpool

        form = await request.form()
        said = {name: str(value) for name, value in form.items() if isinstance(value, str)}
        return await run_in_threadpool(self._asked, request, _right(right), said)

    def _asked(self, request: Request, right: Right, said: Mapping[str, str]) -> Response:
        if not is_ours(self.project.vault, request.cookies.get(FORM), said.get("form")):
            return self.shown(request, "message", 403, name="form")
        wants, member = right.form, self.member(request)
        if member is not None:
            said = {**said, "email": _KNOWN}
        errors = _errors(said, wants)
        if errors:
            given = {name: said.get(name, "") for name in ("email", "words", "wish", "executor")}
            return self.shown(request, "ask", 422, right=right, wants=wants, given=given, errors=errors)
        if not self._allowed(request, said["email"] if member is None else member.about):
            return self.shown(request, "message", 429, name="busy")
        if member is not None:
            return self._ask(request, member, right, said)
        due = self._open(self.view(request).language, right, said)
        return self.shown(request, "sent", address=said["email"].strip(), due=due)

    def _ask(self, request: Request, member: Member, right: Right, said: Mapping[str, str]) -> Response:
        """Whoever is signed in need prove nothing more."""
        words, language = said.get("words", "").strip(), self.view(request).language
        with self.project.open_stores(write=True, tolerant=True) as opened:
            found = account.ask(opened, member, right, language, words, _given(right, said))
        return self.let_in(request, session.Session(found.number, member), "/request")

    def _allowed(self, request: Request, address: str) -> bool:
        source = request.client.host if request.client else ""
        with self.project.database.begin() as connection:
            return links.allowed(connection, self.project.vault, address, source, self.project.now)

    def _open(self, language: str, right: Right, said: Mapping[str, str]) -> Any:
        """Write the request down and send the link; the day until which it is answered."""
        project = self.project
        address, words = said["email"].strip(), said.get("words", "").strip()
        fields = _given(right, said)
        opening = Opening(
            right.name, address, address, project.today, "person", "centre", language, words, fields
        )
        requests = Requests(project)
        found = requests.open(opening)
        answer = found.answer_by(requests.calendar)
        secret = Secret(address, address, words, fields)
        letter = letters.acknowledged(found, secret, answer)
        requests.record(found.number, "acknowledged", letters=[letter])
        requests.send_link(found.number, project.now)
        return answer.due

    # -- proving ---------------------------------------------------------------------------

    def confirm(self, request: Request, token: str) -> Response:
        """What a link would confirm; opening it uses nothing up."""
        project = self.project
        with project.database.begin() as connection:
            found = links.look(connection, project.vault, "identity", token, project.now)
        if found is None:
            return self.shown(request, "message", 410, name="gone")
        return self.shown(request, "confirm", right=Requests(project).find(found.request).right, token=token)

    async def confirmed(self, request: Request, token: str) -> Response:
        """The button of a link was pressed."""
        from starlette.concurrency import run_in_threadpool

        form = await request.form()
        return await run_in_threadpool(self._confirmed, request, token, form.get("form"))

    def _confirmed(self, request: Request, token: str, form: Any) -> Response:
        project = self.project
        if not is_ours(project.vault, request.cookies.get(FORM), form):
            return self.shown(request, "message", 403, name="form")
        found = Requests(project).follow_link(token, project.now)
        if found is None:
            return self.shown(request, "message", 410, name="gone")
        member = None
        if found.asker == "person":
            member = Member(Requests(project).secret(found.number, "they followed their link").about, "link")
        return self.let_in(request, session.Session(found.number, member), "/request")

    def state(self, request: Request) -> Response:
        """The state of one's request, for whoever proved that it is theirs."""
        project = self.project
        number = self.request_of(request)
        if number is None:
            return self.shown(request, "message", 410, name="gone")
        with project.database.begin() as connection:
            copy = number in links.opening(connection, "download", project.now)
        return self.shown(request, "state", asked=Requests(project).find(number), copy=copy)

    def healthy(self) -> Response:
        """For whoever watches whether the centre answers."""
        self.project.database.setting("schema")
        return Response("ok\n", media_type="text/plain")


def _right(name: str) -> Right:
    found = load().get(name)
    if found is None or not found.listed:
        raise HTTPException(404)
    return found


def _given(right: Right, said: Mapping[str, str]) -> dict[str, str]:
    """What else was said that the right may take."""
    return {name: said[name].strip()[:300] for name in right.may_ask if said.get(name, "").strip()}


def _errors(said: Mapping[str, str], wants: str) -> dict[str, str]:
    """What is wrong with a form: the sentence for each field."""
    found: dict[str, str] = {}
    email, words = said.get("email", "").strip(), said.get("words", "").strip()
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        found["email"] = "ask.error.email"
    if len(words) > _LONGEST or (wants == "what" and not words):
        found["words"] = "ask.error.words"
    return found


def _accepted(header: str) -> list[str]:
    """The languages that a browser asks for, the dearest first."""
    weighed: list[tuple[float, str]] = []
    for part in header[:400].split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), name[:2].lower()))
        except ValueError:
            continue
    return [name for _, name in sorted(weighed, key=lambda pair: pair[0])]


def _remember(request: Request, response: Response, name: str, value: str, hours: int = 12) -> None:
    """Set a cookie that no script reads and no other site sends."""
    secure = request.url.scheme == "https"
    response.set_cookie(
        name, value, max_age=hours * 3600, httponly=True, secure=secure, samesite="lax", path="/"
    )
