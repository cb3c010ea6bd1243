"""Where the data are: the typed stores document (stores.yaml), which stays private.

    stores      a database or a tool, by URL; secrets come from the environment or a file
      places    where a category of data lives in it: a table, its columns
        person  the route by which a row reaches a person
        triggers  what each trigger of the policy means here: a column, the greatest of
                some, the latest of child rows, a parent's column, a recorded event
        at_end  how a column is emptied when its data have ended but the row stays

Nothing is guessed: a trigger that is not bound here is an error of `check`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, field_validator, model_validator

from servanda.errors import PolicyError, Problem, VaultError
from servanda.policy import yamlfile
from servanda.policy.base import Strict, digest, load
from servanda.policy.policy import Zone
from servanda.policy.values import Names
from servanda.policy.yamlfile import Source
from servanda.stores.document.archiving import ArchiveEntry, PlaceArchive
from servanda.stores.document.assertion import Assertion, Never
from servanda.stores.document.change import Changed, Scalar
from servanda.stores.document.change import Shorter as _Shorter
from servanda.stores.document.company import Handling, Login, Mail, Waiver
from servanda.stores.document.flags import Flag, FlagName
from servanda.stores.document.log_files import LogFiles
from servanda.stores.document.reference import Reference
from servanda.stores.document.triggers import AtGreatest, AtLatest, AtParent, AtParentTrigger, Trigger

_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}")
_PASSWORD = re.compile(r"://[^/@:\s]*:(?!\$\{)[^/@\s]+@")


def _data(value: Any) -> Any:
    if isinstance(value, str):
        return {value: "all"}
    return dict.fromkeys(value, "all") if isinstance(value, list) else value


class Place(LogFiles, PlaceArchive):
    """Where categories live in a store: a table or files, which columns hold which category, whose they are.

    `data` maps categories to their columns, or to `all`. `person` is `self` where a row is a
    person, a reference that leads to one, or `none`. `skeleton` allows that a row whose
    children must stay is emptied by `at_end` and ended with its last child. `erase` says what
    becomes of a person's row when they are erased (GDPR 17), `shared` what of a row that is also another
    person's: it goes with its `last` owner, with `any`, or loses `mine`. `rows_per_person` says whether
    two rows of one address are two persons, or may be one person's, as in a contact form. `secrets` are
    columns that access leaves out, such as password hashes. `fields` says which column holds a declared field of a
    category, where the names do not tell. `flags` are columns that tell the application of a right in
    force. `editable` are columns that persons change themselves, signed in at the privacy centre.
    `assert_` is what must be so of its rows (SV443).
    """

    table: str = ""
    key: Names | None = None
    data: Annotated[
        dict[str, Literal["all"] | list[str]],
        BeforeValidator(_data),
        _Shorter("string", "array"),
        Field(min_length=1),
    ]
    where: dict[str, Scalar] = Field(default_factory=dict)
    person: Literal["self", "none"] | str | Reference | None = None
    identifiers: dict[str, str] = Field(default_factory=dict)
    references: dict[str, Reference] = Field(default_factory=dict)
    triggers: dict[str, Trigger] = Field(default_factory=dict)
    at_end: dict[str, Changed] = Field(default_factory=dict)
    erase: Literal["delete", "anonymise", "keep", "refuse"] = "delete"
    shared: Literal["last", "any", "mine"] = "last"
    rows_per_person: Literal["one", "several"] = "one"
    secrets: list[str] = Field(default_factory=list)
    skeleton: bool = False
    fields: dict[str, Names] = Field(default_factory=dict)
    flags: dict[FlagName, Flag] = Field(default_factory=dict)
    editable: list[str] = Field(default_factory=list)
    assert_: list[Assertion] = Field(default_factory=list, alias="assert")

    def lives_in(self, name: str) -> str:
        """The table of a place with this name; of files, their pattern."""
        return self.files or self.table or name

    def links(self) -> dict[str, Reference]:
        """Every declared reference of the place, the one to its person under “person”."""
        own = {"person": self.person} if isinstance(self.person, Reference) else {}
        return {**own, **self.references}


class StoreEntry(Strict):
    """A store: its URL, the zone of its naive times, its places, and what in it is not personal.

    `url` reads (check, plan); `apply_url`, where given, is the role that writes. `allow`
    pre-authorises how many rows `apply --due` may end at a place.
    """

    url: str | None = None
    url_file: str | None = None
    apply_url: str | None = None
    timezone: Zone = "UTC"
    db_schema: str | None = Field(default=None, alias="schema")
    page: int | None = Field(default=None, ge=100, le=100_000)
    pace: Literal["gentle", "full"] | Annotated[int, Field(ge=1)] = "gentle"
    hours: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")
    replicas: list[str] = Field(default_factory=list)
    lag: int = Field(default=10, ge=1, le=3600)
    busy_timeout: float | None = Field(default=None, ge=0, le=600)
    lock_timeout: int = Field(default=5, ge=1, le=600)
    places: dict[str, Place] = Field(default_factory=dict)
    not_personal: dict[str, str] = Field(default_factory=dict)
    undecided: list[str] = Field(default_factory=list)
    allow: dict[str, int] = Field(default_factory=dict)
    assert_: list[Never] = Field(default_factory=list, alias="assert")

    @field_validator("url", "apply_url", "replicas")
    @classmethod
    def _no_secret(cls, value: Any) -> Any:
        if any(_PASSWORD.search(text) for text in ([value] if isinstance(value, str) else value or [])):
            raise ValueError(
                "a password stands in this document | write ${APP_URL} and set it, or use url_file"
            )
        return value

    @model_validator(mode="after")
    def _one(self) -> StoreEntry:
        if bool(self.url) == bool(self.url_file):
            raise ValueError("a store has exactly one of url and url_file")
        return self

    @model_validator(mode="after")
    def _same_lines(self) -> StoreEntry:
        said = {(p.files, p.line, p.time) for p in self.places.values() if p.files}
        twice = {files for files, _, _ in said if sum(files == other for other, _, _ in said) > 1}
        if twice:
            raise ValueError(
                f"{min(map(str, twice))} reads in two ways | give its places the same line and time"
            )
        return self

    def address(self, folder: Path, *, write: bool = False) -> str:
        """The URL with its variables filled in. Raises VaultError where one is not set."""
        raw = (write and self.apply_url) or self.url
        if raw is None:
            raw = _read_secret(folder / str(self.url_file))
        filled = _VARIABLE.sub(_variable, raw)
        if filled.startswith("sqlite:///") and not filled.startswith("sqlite:////"):
            filled = f"sqlite:///{folder / filled.removeprefix('sqlite:///')}"
        if filled.startswith("files:"):
            filled = f"files://{folder.resolve() / filled.removeprefix('files:').removeprefix('//')}"
        return filled

    def replica_addresses(self) -> list[str]:
        """The URLs of the replicas with their variables filled in."""
        return [_VARIABLE.sub(_variable, raw) for raw in self.replicas]


def _variable(match: re.Match[str]) -> str:
    value = os.environ.get(match[1], match[2])
    if value is None:
        raise VaultError(f"the variable {match[1]} of stores.yaml is not set", advice=f"export {match[1]}=…")
    return value


def _read_secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise VaultError(
            f"the file {path.name} with a store's URL cannot be read: {error.strerror}"
        ) from None


class Own(Strict):
    """Servanda's own database: SQLite in the folder by default."""

    url: str = "sqlite:///servanda.db"


class StoresDocument(Strict):
    """The whole stores document. `nowhere` names categories that no store holds, each with the reason.

    `login` is the company's own, where its tokens prove who asks; `mail` is how letters leave it;
    `requests` says which of them need nobody.
    """

    servanda: Literal[1]
    database: Own = Own()
    nowhere: dict[str, str] = Field(default_factory=dict)
    archives: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")], ArchiveEntry] = Field(
        default_factory=dict
    )
    stores: dict[str, StoreEntry] = Field(min_length=1)
    waivers: list[Waiver] = Field(default_factory=list)
    login: Login | None = None
    mail: Mail | None = None
    requests: Handling = Handling()

    _source: Source = PrivateAttr(default_factory=lambda: Source("stores.yaml", ""))

    @property
    def source(self) -> Source:
        """The file that this document was read from."""
        return self._source

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of what the document means for plans; URLs stand in it with variables unfilled."""
        plain: dict[str, Any] = {"waivers": [], "login": None, "mail": None, "requests": Handling()}
        return digest(self.model_copy(update=plain))

    def own_address(self) -> str | None:
        """The URL of Servanda's own database with its variables filled in; None: SQLite in the folder."""
        return None if self.database == Own() else _VARIABLE.sub(_variable, self.database.url)

    def mail_address(self) -> str | None:
        """The URL of the mail server with its variables filled in, None where there is none."""
        return _VARIABLE.sub(_variable, self.mail.url) if self.mail and self.mail.url else None

    def places(self) -> dict[str, tuple[StoreEntry, Place]]:
        """Every place by its full name, such as app.visits."""
        return {
            f"{s}.{p}": (entry, place)
            for s, entry in self.stores.items()
            for p, place in entry.places.items()
        }


def load_stores(path: Path, name: str = "") -> StoresDocument:
    """Read a stores document. Raises PolicyError with every problem at its line and column."""
    source = yamlfile.read(path, name)
    stores = load(StoresDocument, source)
    stores._source = source
    problems = [p for s, entry in stores.stores.items() for p in _names(stores, s, entry)]
    if problems:
        raise PolicyError(problems)
    return stores


def _names(document: StoresDocument, store: str, entry: StoreEntry) -> list[Problem]:
    """References, routes and children that name no place or reference of the store."""
    found: list[Problem] = []
    for name, place in entry.places.items():
        path = ("stores", store, "places", name)
        for label, link in place.links().items():
            inside = ("person", "to") if label == "person" else ("references", label, "to")
            if link.to not in entry.places:
                found.append(_unknown(document, (*path, *inside), link.to, "place", list(entry.places)))
        if isinstance(place.person, str) and place.person not in ("self", "none", *place.references):
            known = ["self", "none", *place.references]
            found.append(
                _unknown(document, (*path, "person"), place.person, "reference of this place", known)
            )
        if isinstance(place.archive, str) and place.archive not in document.archives:
            found.append(
                _unknown(document, (*path, "archive"), place.archive, "archive", list(document.archives))
            )
        for label, note in place.notes.items():
            if note.ended not in place.data:
                found.append(
                    _unknown(document, (*path, "notes", label), note.ended, "category here", list(place.data))
                )
        for label, trigger in place.triggers.items():
            found += _trigger_names(document, (*path, "triggers", label), place, entry, trigger)
    return found


def _trigger_names(
    document: StoresDocument, path: tuple[str, ...], place: Place, entry: StoreEntry, trigger: Any
) -> list[Problem]:
    parts = trigger.greatest if isinstance(trigger, AtGreatest) else [trigger]
    found = []
    for part in parts:
        if isinstance(part, AtLatest) and part.latest.split(".")[0] not in entry.places:
            found.append(
                _unknown(document, (*path, "latest"), part.latest.split(".")[0], "place", list(entry.places))
            )
        if isinstance(part, AtParent | AtParentTrigger) and part.of[0] not in place.links():
            known = list(place.links())
            found.append(_unknown(document, (*path, "of"), part.of[0], "reference of this place", known))
    return found


def _unknown(
    document: StoresDocument, path: tuple[str, ...], name: str, kind: str, known: list[str]
) -> Problem:
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    advice = f"did you mean “{near[0]}”?" if near else f"known: {', '.join(known) or 'none'}"
    return Problem(document.source.spot(path), f"“{name}” is no {kind}", advice)
