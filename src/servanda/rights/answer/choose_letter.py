"""The letters of a request: which are due when something happens, with the values that their texts need.

What they say, in which language and look, is the business of `documents`. Values are dates as ISO text,
words of people, and numbers; they are sealed with the letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from servanda.law.answer_deadline import Answer
from servanda.post.outbox import Letter
from servanda.rights.record.request import GROUNDS, Request
from servanda.rights.record.requests import Secret


def acknowledged(request: Request, secret: Secret, answer: Answer) -> Letter:
    """It arrived, on this day, and will be answered by that one (GDPR 12(3))."""
    return _letter("receipt-acknowledged", request, secret, due=answer.due)


def asked(request: Request, secret: Secret, answer: Answer, doubt: str, wanted: str) -> Letter:
    """Why there is a doubt who asks, or what is missing, and what would settle it (GDPR 12(6))."""
    return _letter("identity-asked", request, secret, due=answer.due, doubt=doubt, wanted=wanted)


def extended(request: Request, secret: Secret, answer: Answer, reasons: str) -> Letter:
    """More time is taken, until this day, for these reasons (GDPR 12(3))."""
    return _letter("extended", request, secret, due=answer.due, reasons=reasons)


def refused(request: Request, secret: Secret, ground: str, reasons: str) -> Letter:
    """Why nothing is done, and where to complain (GDPR 12(4))."""
    return _letter("refused", request, secret, ground=ground, article=GROUNDS[ground], reasons=reasons)


def forwarded(request: Request, secret: Secret, controller: str) -> Letter:
    """Somebody else decides about these data; the request was passed on to them (GDPR 28(3)(e))."""
    return _letter("forwarded-to-controller", request, secret, controller=controller)


def unproved(request: Request, secret: Secret, answer: Answer) -> Letter:
    """Nobody proved who asks, so that nothing is done; it goes on as soon as somebody does (GDPR 12(2), (4))."""
    return _letter("unproved", request, secret, due=answer.due_strict)


def answered(request: Request, secret: Secret, values: Mapping[str, Any]) -> Letter:
    """What was done, what was kept, why and until when."""
    return _letter(f"answered-{request.right}", request, secret, **values)


def completed(request: Request, secret: Secret, day: date) -> Letter:
    """What had to be kept of them for a time has ended, too, on this day (GDPR 17(1))."""
    return _letter("erasure-completed", request, secret, done=day)


def nobody(request: Request, secret: Secret, *, undecided: bool = False) -> Letter:
    """Nothing is held about them: an answer of its own (GDPR 15(1), “whether or not”).

    `undecided`: their address stands where the answer does not reach.
    """
    more = {"undecided": True} if undecided else {}
    return _letter("no-such-person", request, secret, **more)


def erased_before(request: Request, secret: Secret, day: date) -> Letter:
    """Their data were erased before, on this day."""
    return _letter("already-erased", request, secret, erased=day)


def recipient(request: Request, language: str, to: str) -> Letter:
    """To somebody who has the data from us: to do the same, and to confirm it (GDPR 19)."""
    values = {"right": request.right, "received": request.received.isoformat(), "number": request.number}
    return Letter("recipients-told", language, to, values, request.number)


def lifting(request: Request, secret: Secret, ends: date, reasons: str) -> Letter:
    """A restriction will end, on this day, for these reasons; told before it does (GDPR 18(3))."""
    return _letter("restriction-lifting", request, secret, ends=ends, reasons=reasons)


def _letter(kind: str, request: Request, secret: Secret, **values: Any) -> Letter:
    said = {"right": request.right, "received": request.received, "number": request.number, **values}
    plain = {k: v.isoformat() if isinstance(v, date) else v for k, v in said.items()}
    return Letter(kind, request.language, secret.contact, plain, request.number)
