"""`servanda init`: reads the schema of a database and writes a first policy.yaml and stores.yaml."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from servanda.cli.view import count, print_json
from servanda.project import Project

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from servanda.stores.shape import Shape, Table
    from servanda.stores.sql.store import SqlStore

_VARIABLE = "APP_DATABASE_URL"


@click.command(
    "init", short_help="Write a policy.yaml and a stores.yaml to begin with, from one database URL"
)
@click.argument("url")
@click.option(
    "--dir", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write them to this folder."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@click.pass_obj
def command(project: Project, url: str, folder: Path | None, as_json: bool) -> None:
    """Read the tables of a database and write two commented documents to begin with.

    URL is such as sqlite:///app.db, postgresql://user:password@host/database or
    mariadb://user:password@host/database. Only names of tables and columns are read, no row.
    A password is never written: the document names a variable to export. Documents that are
    there already are never overwritten.
    """
    from servanda.errors import Refused
    from servanda.stores.store import open_store
    from servanda.stores.verbs import Settings

    _validate_url(url)
    folder = (project.folder / folder if folder is not None else project.folder).resolve()
    existing = [name for name in ("policy.yaml", "stores.yaml") if (folder / name).exists()]
    if existing:
        raise Refused(
            f"{' and '.join(existing)} of {folder.name} would be overwritten",
            advice="init writes to a folder that has neither; choose one with --dir",
        )
    store = cast("SqlStore", open_store("app", _absolute(url), Settings("UTC", "UTC")))
    try:
        shape = store.shape
    finally:
        store.close()
    written, export = _url(store.url, url, folder)
    tables = [table for table in shape.tables.values() if not table.view]
    _write(folder, _stores(shape, tables, written))
    if as_json:
        paths = [str(folder / name) for name in ("policy.yaml", "stores.yaml")]
        print_json({"format": 1, "written": paths, "tables": [t.name for t in tables], "export": export})
        return
    for line in _after(folder, tables, export):
        click.echo(line)


def _after(folder: Path, tables: list[Table], export: str) -> Iterator[str]:
    where = "" if folder == Path.cwd() else f" -C {folder}"
    yield f"Wrote policy.yaml and stores.yaml in {folder}; {count(len(tables), 'table')}, all undecided yet."
    if export:
        yield f"The password was not written. Before each command:   {export}"
    yield f"Make the keys that sign the evidence:                servanda{where} keys init"
    yield f"Fill in the documents, and see what is missing:      servanda{where} check"


def _write(folder: Path, stores: str) -> None:
    """Write both documents. Raises Refused for an existing file, ServandaError when writing fails."""
    from servanda.errors import Refused, ServandaError

    policy = files("servanda.cli").joinpath("init_policy.yaml").read_text(encoding="utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("policy.yaml", policy), ("stores.yaml", stores)):
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
    except FileExistsError:
        raise Refused(f"{folder.name} has such a document already", advice="choose another --dir") from None
    except OSError as error:
        raise ServandaError(f"{folder} cannot be written: {error.strerror}") from None


# -- the URL, without a password --------------------------------------------------------------


def _validate_url(url: str) -> None:
    """Validate a database URL. Raises ServandaError; its message never quotes the URL, which may hold a password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    from servanda.errors import ServandaError

    if "://" not in url:
        raise ServandaError(
            "this is not the URL of a database",
            advice="a file of SQLite is sqlite:///app.db; a server is postgresql://user:password@host/database",
        )
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        raise ServandaError(
            "the URL cannot be read",
            advice="in a password, write @ as %40, : as %3A, / as %2F, ? as %3F and % as %25",
        ) from None
    if parts.get_backend_name() != "sqlite":
        return
    if not parts.database or parts.host:
        raise ServandaError(
            "the URL of a SQLite file has three slashes, or four before an absolute path",
            advice="such as sqlite:///app.db or sqlite:////srv/app.db",
        )
    if not Path(parts.database).exists():
        raise ServandaError(
            f"there is no file {parts.database}", advice="init reads a database that is there"
        )


def _absolute(url: str) -> str:
    """Resolve a relative SQLite path against the current directory."""
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        return f"sqlite:///{Path(url.removeprefix('sqlite:///')).resolve()}"
    return url


def _url(opened: URL, url_text: str, folder: Path) -> tuple[str, str]:
    """Return the URL for stores.yaml, and the export line if the URL contains a password."""
    if opened.get_backend_name() == "sqlite":
        path = Path(str(opened.database))
        near = path.relative_to(folder) if path.is_relative_to(folder) else path
        return f"${{{_VARIABLE}:-sqlite:///{near}}}", ""
    from sqlalchemy.engine import make_url

    url = make_url(url_text)
    hidden = {key: "PASSWORD" for key in url.query if "pass" in key.lower()}
    plain = url.render_as_string(hide_password=False)
    if not url.password and not hidden and "}" not in plain:
        return f"${{{_VARIABLE}:-{plain}}}", ""
    example = (
        url.update_query_dict(hidden).render_as_string(hide_password=True).replace(":***@", ":PASSWORD@")
    )
    return f"${{{_VARIABLE}}}", f"export {_VARIABLE}='{example}'"


# -- stores.yaml ------------------------------------------------------------------------------

_TIMES = (
    "at",
    "on",
    "le",
    "date",
    "time",
    "last_",
    "lastlog",
    "lastseen",
    "dernier_",
    "since",
    "until",
    "expir",
)
_PERSONS = (
    "mail",
    "courriel",
    "name",
    "nom",
    "phone",
    "tel",
    "address",
    "adresse",
    "birth",
    "naissance",
    "ip",
    "iban",
    "siret",
)
_PEOPLE = (
    "user",
    "account",
    "customer",
    "client",
    "member",
    "person",
    "contact",
    "compte",
    "utilisateur",
    "membre",
)
_CLOSED = (
    "fin",
    "clos",
    "delet",
    "cancel",
    "terminat",
    "ended",
    "resili",
    "ferm",
    "clotur",
    "supprim",
    "archiv",
)


def _stores(shape: Shape, tables: list[Table], url: str) -> str:
    lines = [
        "# Where the data are. Private: it names tables, never passwords.",
        "# Each table becomes a place with a promise that ends its data, or is named under",
        "# not_personal: with the reason. `servanda check` says what is missing.",
        "servanda: 1",
        "",
        "stores:",
        "  app:",
        f"    url: {_quoted(url)}",
        "    # The zone of times that do not say theirs.",
        "    timezone: UTC",
        "",
        *_example(shape, tables),
        "",
        "    # Tables that hold nothing about persons, each with the reason:",
        "    # not_personal:",
        "    #   countries: a list of countries",
        "",
        "    # Tables about which nobody has decided yet, with the columns that look like times or persons.",
    ]
    if not tables:
        return "\n".join([*lines, "    undecided: []", ""])
    names = [_quoted(table.name) for table in tables]
    width = max(map(len, names))
    lines.append("    undecided:")
    for table, name in zip(tables, names, strict=True):
        comment = _column_comment(table)
        lines.append(f"      - {name:<{width}}  # {comment}".rstrip() if comment else f"      - {name}")
    views = sorted(name for name, table in shape.tables.items() if table.view)
    if views:
        lines.append(f"    # Views show rows of other tables, and are left out: {_plain(', '.join(views))}")
    return "\n".join([*lines, ""])


def _column_comment(table: Table) -> str:
    times, persons = _like_times(table), _like_persons(table)
    parts = [f"times: {', '.join(times)}"] if times else []
    parts += [f"persons: {', '.join(persons)}"] if persons else []
    return _plain("; ".join(parts))


def _like_times(table: Table) -> list[str]:
    """The columns with a time type, and text or untyped columns with the name of a time."""
    by_name = (n for n, c in table.columns.items() if c.time in ("", "text") and _has(n, _TIMES))
    by_type = {n for n, c in table.columns.items() if c.time not in ("", "text")}
    time_columns = by_type | set(by_name)
    return [name for name in table.columns if name in time_columns]


def _like_persons(table: Table) -> list[str]:
    candidates = [name for name in table.columns if _has(name, _PERSONS)]
    times = set(_like_times(table))
    return [name for name in candidates if name not in times and not _has(name, ("type", "descri", "zip"))]


def _has(name: str, parts: tuple[str, ...]) -> bool:
    folded = name.lower()
    words = folded.replace("-", "_").split("_")
    return any(part in words if len(part) <= 2 else part in folded for part in parts)


def _example(shape: Shape, tables: list[Table]) -> Iterator[str]:
    """Yield a commented-out place for the table that most likely holds persons."""
    best = max(tables, key=lambda table: _score(shape, table), default=None)
    if best is None:
        yield "    places: {}"
        return
    mail = next((c for c in best.columns if _has(c, ("mail", "courriel"))), "")
    yield "    # A place says which data a table holds, whose they are, and from when their period counts."
    yield f"    # {_plain(best.name)} looks most like a table of persons. To begin with it, write this, and take it"
    yield "    # out of undecided:"
    yield "    places: {}"
    yield "    # places:"
    yield f"    #   {_quoted(best.name)}:"
    yield "    #     data: account"
    yield "    #     person: self"
    if mail:
        yield f"    #     identifiers: {{email: {_quoted(mail)}}}"
    yield "    #     triggers:"
    yield f"    #       account_closure: {_trigger(best)}"


def _trigger(table: Table) -> str:
    times = _like_times(table)
    closed = next((name for name in times if _has(name, _CLOSED)), "")
    name = closed or next(iter(times), "")
    if not name:
        return "{event: account_closure}   # recorded with: servanda event"
    column = table.columns[name]
    kind = ", as: epoch" if column.number else "" if column.time else ", as: text"
    still = ", open: null" if column.nullable else ", open: 0" if column.number else ""
    still = still if closed else ""
    hint = "" if closed else "   # or the column that says when an account was closed"
    return f"{{column: {_quoted(name)}{kind}{still}}}{hint}"


def _score(shape: Shape, table: Table) -> tuple[int, int]:
    mail = any(_has(name, ("mail", "courriel")) for name in table.columns)
    people = _has(table.name, _PEOPLE) or any(part in table.name.lower() for part in _PEOPLE)
    referencing = len({source.name for source, _ in shape.pointing_at(table.name)})
    return (3 * mail + 3 * people + len(_like_persons(table)) + min(referencing, 5), -len(table.name))


def _quoted(text: str) -> str:
    """Render a YAML scalar, quoted where necessary."""
    import json
    import re

    plain = re.fullmatch(r"[A-Za-z_][\w.-]*", text) and text.lower() not in ("null", "true", "false")
    url = re.fullmatch(r"\$\{[A-Z_]+(:-[^\s#'\"}]*)?\}", text)
    return text if plain or url else json.dumps(text, ensure_ascii=False)


def _plain(text: str) -> str:
    """Render text for a YAML comment: on one line, at most 150 characters."""
    return textwrap.shorten(" ".join(text.split()), 150, placeholder=" …")
