"""`GET /decision?person=…&purpose=…`: tells the company's own applications whether data may be used.

    Authorization: Bearer TOKEN      {"allowed": false, "why": "restricted", "article": "GDPR 18(2)"}

The stores stay open between two calls, as opening them takes longer than answering; a lock serialises
the calls.
"""

from __future__ import annotations

import hmac
from contextlib import ExitStack
from threading import Lock

from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel

from servanda.errors import ServandaError
from servanda.project import Project
from servanda.rights.may_use import decide


class Answer(BaseModel):
    """The decision, its reason and the article of law."""

    allowed: bool
    why: str
    article: str


class Decisions:
    """The decision endpoint; keeps the stores open between calls."""

    def __init__(self, token: str, project: Project) -> None:
        self._token, self._project = token, project
        self._stack: ExitStack | None = None
        self._opened: Project | None = None
        self._lock = Lock()

    def serve(self, app: FastAPI) -> None:
        """Add the route to an application."""
        app.add_api_route("/decision", self.answer, methods=["GET"], response_model=Answer)

    def answer(self, person: str, purpose: str, authorization: str = Header("")) -> Answer:
        """Decide for one person and purpose. Answers 401 without the token, and “no” if a store is down."""
        token = authorization.removeprefix("Bearer ").encode()
        if not hmac.compare_digest(token, self._token.encode()):
            raise HTTPException(401)
        with self._lock:
            try:
                opened = self._open()
                now = opened.with_stores(opened.stores, self._project.now)
                decision = decide(now, person[:500], purpose[:200])
            except ServandaError:
                self.close()
                return Answer(allowed=False, why="in doubt: a store does not answer", article="")
        return Answer(allowed=decision.allowed, why=decision.why, article=decision.article)

    def close(self) -> None:
        """Close the stores; the next call opens them again."""
        if self._stack is not None:
            self._stack.close()
        self._stack = self._opened = None

    def _open(self) -> Project:
        if self._opened is None:
            self._stack = ExitStack()
            self._opened = self._stack.enter_context(self._project.open_stores(tolerant=True))
        return self._opened
