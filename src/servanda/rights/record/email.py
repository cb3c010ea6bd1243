"""A request that came by e-mail: who wrote, on which day it reached the company, what for.

    Received ▸ the day     From ▸ whom it is about     Subject, text ▸ the right, if words tell it

Answers go to the sender, never to a Reply-To: what a forger writes there must not receive anybody's data. What a
machine sent is no request, and what a list passed on is not acknowledged: letters to either could go round for ever.
Only what the sender wrote tells the right: not what they quote or pass on, nor the subject that they answer to.

The clock runs from the day on which the server took the message in, whoever reads it later. What no word tells
is “unsorted”: recorded, acknowledged, and sorted by a person.

Law: GDPR 12(3); EDPB Guidelines 01/2022, §52 to 57: any channel that the company offers will do, and §158.
Source: RFC 3834 automatic responses; RFC 3464 and 6522 reports; RFC 2919 and 2369 lists; RFC 5322 addresses.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from zoneinfo import ZoneInfo

from servanda.errors import Refused
from servanda.law.rights import UNSORTED, named_in
from servanda.rights.record.requests import Opening
from servanda.stores.addresses import comparable

LARGEST = 10 * 1024 * 1024
"""Bytes of a message."""
_WORDS = 20_000
_FRENCH = re.compile(r"\b(bonjour|je|mes|vous|merci|madame|monsieur|donnees|demande)\b")
_ADDRESS = re.compile(r"[^@\s<>\"(),:;\[\]\\\x00-\x1f\x7f]{1,64}@[^@\s<>\"(),;\\\x00-\x1f\x7f]{1,255}")
_MACHINES = re.compile(
    r"(mailer-?daemon|postmaster|(no|do-?not)-?_?reply|bounces?)([+._-].*)?", re.IGNORECASE
)
_AUTOMATIC = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-Failed-Recipients")
_LISTS = ("List-Id", "List-Post", "List-Unsubscribe", "Mailing-List", "X-Loop")
_BULK = frozenset({"bulk", "list", "junk"})
_ANSWERED = re.compile(r"\s*(re|aw|sv|vs|antw|réf|ref|fw|fwd|tr|wg|rv|vb)\s*(\[\d+\])?\s*:", re.IGNORECASE)
_QUOTE_BEGINS = re.compile(
    r"^\s*("
    r"-{2,}\s*(original|forwarded|message d.origine|message transf|ursprüngliche|weitergeleitete|urspr|mensaje|begin)"
    r"|_{10,}\s*$"
    r"|(begin forwarded message|début du message)"
    r"|---\s*below this line"
    r"|(on|le|am|el|il|op)\b.{3,200}\b(wrote|a écrit|schrieb|escribió|ha scritto|schreef)\s*:\s*$"
    r"|(from|de|von|van|da)\s*:.*@"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED_HTML = re.compile(
    r"<(blockquote|style|script|head)\b.*?(</\1\s*>|\Z)"
    r"|<div[^>]*(gmail_quote|divRplyFwdMsg|yahoo_quoted|moz-cite-prefix|OLK_SRC_BODY_SECTION).*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Mail:
    """A request in a message. `acknowledged` is false where a letter could go round; `mark` tells the message."""

    opening: Opening
    acknowledged: bool
    mark: bytes


def read(content: bytes, zone: str, today: date, right: str | None = None, own: Collection[str] = ()) -> Mail:
    """The request in a message (RFC 5322); `own` are the company's addresses.

    Raises Refused for what a machine, the company or nobody sent.
    """
    if len(content) > LARGEST:
        raise Refused(f"the message has {len(content)} bytes; a request has {LARGEST // 1024**2} MB at most")
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    address = _sender(message)
    if _by_machine(message, address):
        raise Refused("a machine sent this message: it is no request (RFC 3834)")
    if comparable(address) in {comparable(one) for one in own}:
        raise Refused("the company itself sent this message: it is no request")
    subject, text = _header(message, "Subject"), _text(message)
    own_words = _own_words(text)
    wording = plain(own_words if _ANSWERED.match(subject) else f"{subject}\n{own_words}")
    opening = Opening(
        right=right or right_asked_for(wording),
        about=address,
        contact=address,
        received=min(_day(message, zone) or today, today),
        channel="email",
        language="fr" if len(_FRENCH.findall(plain(f"{subject}\n{own_words}"))) > 1 else "en",
        says=f"{subject}\n\n{text}".strip()[:_WORDS],
    )
    return Mail(opening, not _from_list(message), _mark(message, address, f"{subject}\n{text}"))


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


def _header(message: EmailMessage, name: str) -> str:
    """A header as text without line breaks; empty where it is missing or cannot be read."""
    try:
        return " ".join(str(message.get(name) or "").split())
    except (
        ValueError,
        LookupError,
        IndexError,
        AttributeError,
    ):  # the parser of the standard library on odd headers
        return ""


def _sender(message: EmailMessage) -> str:
    """The one address that wrote. Raises Refused where there is none, or where it cannot be written to."""
    try:
        raw = str(message.get("From") or "")
    except (ValueError, LookupError, IndexError, AttributeError):
        raw = ""
    addresses = [address for _, address in getaddresses([raw]) if address]
    if len(addresses) != 1 or not _ADDRESS.fullmatch(addresses[0]):
        raise Refused(
            "the message names no sender to whom one can write",
            advice="is it a message as a mail server passes it on? Else write the request down: servanda request open",
        )
    return addresses[0]


def _by_machine(message: EmailMessage, address: str) -> bool:
    """Whether a machine sent a message: an answer that nobody wrote, a report, a bounce."""
    submitted = _header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no"):
        return True
    if (
        _header(message, "Return-Path") == "<>"
    ):  # the envelope sender of what must not be answered (RFC 5321, 4.5.5)
        return True
    kinds = {part.get_content_type() for part in message.walk()}
    if message.get_content_type() == "multipart/report" or kinds & _REPORTS:
        return True
    if any(message.get(name) is not None for name in _AUTOMATIC):
        return True
    precedence = _header(message, "Precedence").lower().replace("-", "_")
    return precedence == "auto_reply" or _MACHINES.fullmatch(address.rpartition("@")[0]) is not None


_REPORTS = frozenset(
    {"message/delivery-status", "message/disposition-notification", "message/feedback-report"}
)


def _from_list(message: EmailMessage) -> bool:
    """Whether a message came over a list, or asks for no automatic answer."""
    quiet = _header(message, "X-Auto-Response-Suppress").lower()
    return (
        any(message.get(name) is not None for name in _LISTS)
        or _header(message, "Precedence").lower() in _BULK
        or any(word.strip() in ("all", "oof", "autoreply") for word in quiet.split(","))
    )


def _mark(message: EmailMessage, address: str, words: str) -> bytes:
    """What two copies of one message have in common, however often servers pass it on."""
    parts = (_header(message, "Message-ID"), _header(message, "Date"), comparable(address), words)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).digest()


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        text = str(part.get_content())
    except (LookupError, ValueError):
        return ""
    if part.get_content_subtype() != "html":
        return text
    return re.sub(r"<[^>]*>", " ", _QUOTED_HTML.sub(" ", text))


def _own_words(text: str) -> str:
    """What the sender wrote: without lines that quote, and without what follows the head of a quoted message."""
    begins = _QUOTE_BEGINS.search(text)
    own = text[: begins.start()] if begins is not None else text
    return "\n".join(line for line in own.splitlines() if not line.lstrip().startswith((">", "|", "»")))


def _day(message: EmailMessage, zone: str) -> date | None:
    """The company's local day on which its own server took the message in: the newest Received line."""
    for header in (*message.get_all("Received", [])[:1], message.get("Date", "")):
        stamp = str(header).rpartition(";")[2].strip()
        try:
            at: datetime = parsedate_to_datetime(stamp)
            return at.astimezone(ZoneInfo(zone)).date()
        except (TypeError, ValueError, OverflowError, IndexError):
            continue
    return None
