"""A request that came by e-mail: who wrote, on which day it reached the company, what for.

    Received ▸ the day     From ▸ whom it is about     Subject, text ▸ the right, if words tell it

Answers go to the sender, never to a Reply-To: what a forger writes there must not receive anybody's data.

The clock runs from the day on which the server took the message in, whoever reads it later. What no word tells
is “unsorted”: recorded, acknowledged, and sorted by a person.

Law: GDPR 12(3); EDPB Guidelines 01/2022, §52 to 57: any channel that the company offers will do, and §158.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from zoneinfo import ZoneInfo

from servanda.errors import Refused
from servanda.law.rights import UNSORTED, named_in
from servanda.rights.record.requests import Opening

LARGEST = 10 * 1024 * 1024
"""Bytes of a message."""
_WORDS = 20_000
_FRENCH = re.compile(r"\b(bonjour|je|mes|vous|merci|madame|monsieur|donnees|demande)\b")


def read(content: bytes, zone: str, today: date, right: str | None = None) -> Opening:
    """The request in a message (RFC 5322). Raises Refused for what a machine sent, or nobody did."""
    if len(content) > LARGEST:
        raise Refused(f"the message has {len(content)} bytes; a request has {LARGEST // 1024**2} MB at most")
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    _, address = parseaddr(str(message.get("From") or ""))
    if "@" not in address:
        raise Refused("the message names no sender; is it a message as a mail server passes it on?")
    if str(message.get("Auto-Submitted", "no")).lower() != "no":
        raise Refused("a machine sent this message: it is no request (RFC 3834)")
    text = _text(message)
    wording = plain(f"{message.get('Subject', '')}\n{text}")
    return Opening(
        right=right or right_asked_for(wording),
        about=address,
        contact=address,
        received=min(_day(message, zone) or today, today),
        channel="email",
        language="fr" if len(_FRENCH.findall(wording)) > 1 else "en",
        says=f"{message.get('Subject', '')}\n\n{text}".strip()[:_WORDS],
    )


def right_asked_for(wording: str) -> str:
    """The right that words in plain small letters ask for; “unsorted” where they tell none, or several."""
    rights = list(named_in(wording))
    if len(rights) > 1:
        rights = [right for right in rights if not right.vague]  # “my data” stands in every request
    return rights[0].name if len(rights) == 1 else UNSORTED


def plain(text: str) -> str:
    """A text in small letters without accents."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in folded if not unicodedata.combining(c))


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        text = str(part.get_content())
    except (LookupError, ValueError):
        return ""
    return re.sub(r"<[^>]*>", " ", text) if part.get_content_subtype() == "html" else text


def _day(message: EmailMessage, zone: str) -> date | None:
    """The company's local day on which its own server took the message in: the newest Received line."""
    for header in (*message.get_all("Received", [])[:1], message.get("Date", "")):
        stamp = str(header).rpartition(";")[2].strip()
        try:
            at: datetime = parsedate_to_datetime(stamp)
        except (TypeError, ValueError):
            continue
        return at.astimezone(ZoneInfo(zone)).date()
    return None
