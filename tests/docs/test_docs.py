"""The documentation is true: its commands are run, its links lead somewhere, its tables are complete."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import click
import pytest
import rfc8785

import documents as docs
import warmed
from servanda.ledger import read_public_key, verify_proof

ROOT = docs.ROOT
ALL = docs.pages()
RUN = [page for page in ALL if docs.parts(page)]
REFERENCE = ROOT / "docs" / "reference"


# -- commands are run, in their order, and print what is shown -----------------------------------


@pytest.mark.parametrize("page", RUN, ids=docs.name)
def test_what_a_page_shows_is_what_happens(
    page: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    commands = tmp_path / "bin"
    commands.mkdir()
    warmed.put_on_path(commands)
    monkeypatch.setenv("PATH", f"{commands}:{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("NO_COLOR", "1")
    for part in docs.parts(page):
        if isinstance(part, docs.Setup):
            _set_up(part.name, folder, request, monkeypatch)
        elif isinstance(part, docs.File):
            (folder / part.name).parent.mkdir(parents=True, exist_ok=True)
            with (folder / part.name).open("a" if part.more else "w", encoding="utf-8") as file:
                file.write(part.text)
        else:
            _run(part, folder, docs.name(page))


def _run(command: Any, folder: Path, page: str) -> None:
    done = subprocess.run(
        ["bash", "-c", command.text],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    printed = "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())
    where = f"{page}:{command.line}: $ {command.text}"
    assert done.returncode == command.exit, f"{where}\nended with {done.returncode}:\n{printed}"
    shown = command.prints
    while shown and not shown[-1].strip():
        shown.pop()
    if shown:
        assert docs.pattern(shown, vary=command.vary).fullmatch(printed.rstrip("\n") + "\n"), (
            f"{where}\nprinted:\n{printed}"
        )


def _set_up(name: str, folder: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the documents and the database of an example into a folder; “exograd on postgres” uses a server."""
    example, _, server = name.partition(" on ")
    for document in ("policy.yaml", "stores.yaml"):
        shutil.copy(ROOT / "examples" / example / document, folder)
    if server:
        url = request.getfixturevalue("fresh_url")(server)
        _build(example, url)
        monkeypatch.setenv(f"{example.upper()}_DATABASE_URL", url)
    else:
        made = request.getfixturevalue("tmp_path_factory").getbasetemp() / f"{example}.db"
        if not made.exists():  # once a session
            _build(example, f"sqlite:///{made}")
        shutil.copy(made, folder)
    generate = importlib.import_module(f"examples.{example}.generate")
    if hasattr(generate, "write_logs"):
        generate.write_logs(folder, date.today())


def _build(example: str, url: str) -> None:
    importlib.import_module(f"examples.{example}.generate").build(url, date.today())


# -- links -------------------------------------------------------------------------------------------


@pytest.mark.unit
@pytest.mark.parametrize("page", ALL, ids=docs.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for link in docs.links(page):
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{docs.name(page)}: {link} leads nowhere"
        if anchor and path.suffix == ".md":
            assert anchor in docs.anchors(path), f"{docs.name(page)}: {link} names no heading"


@pytest.mark.unit
def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        targets = [(page.parent / link.partition("#")[0]).resolve() for link in docs.links(page)]
        for target in targets:
            waiting += sorted(target.glob("*.md")) if target.is_dir() else [target]
    lost = [docs.name(page) for page in ALL if page not in reached]
    assert not lost


# -- the reference is complete -----------------------------------------------------------------------


def _commands() -> Iterator[tuple[str, click.Command]]:
    from servanda.cli import COMMANDS, command

    for name in COMMANDS:
        found = command.get_command(click.Context(command), name)
        assert found is not None
        yield name, found
        if isinstance(found, click.Group):
            for sub in found.list_commands(click.Context(found)):
                inner = found.get_command(click.Context(found), sub)
                assert inner is not None
                yield f"{name} {sub}", inner


def test_every_command_stands_in_the_reference_with_its_options() -> None:
    sections = docs.sections(REFERENCE / "cli.md")
    for name, command in _commands():
        text = sections.get(f"servanda {name}")
        assert text is not None, f"cli.md has no section “servanda {name}”"
        help_ = " ".join(
            command.get_help(click.Context(command, info_name=name, max_content_width=400)).split()
        )
        shown = set(re.findall(r"^\| `(--?[\w-]+)", text, flags=re.MULTILINE))
        real = {option.opts[0] for option in command.params if isinstance(option, click.Option)}
        assert shown == real, f"servanda {name}: {shown ^ real}"
        for option in shown:
            assert option in help_
        for argument in (p for p in command.params if isinstance(p, click.Argument)):
            word = argument.make_metavar(click.Context(command)).strip("[]")
            assert word in text, f"servanda {name}: the argument {word} is not explained"


def test_no_section_of_the_reference_is_about_a_command_that_is_not_there() -> None:
    known = {f"servanda {name}" for name, _ in _commands()}
    shown = {head for head in docs.sections(REFERENCE / "cli.md") if head.startswith("servanda ")}
    assert shown <= known


def _fields(model: Any, seen: set[str] | None = None) -> Iterator[tuple[str, str]]:
    """Every key of a model and of the models inside it, with the name of its model."""
    seen = set() if seen is None else seen
    if model.__name__ in seen:
        return
    seen.add(model.__name__)
    for name, field in model.model_fields.items():
        yield model.__name__, field.alias or name
        for inner in _models(field.annotation):
            yield from _fields(inner, seen)


def _models(annotation: Any) -> Iterator[Any]:
    if hasattr(annotation, "model_fields"):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


@pytest.mark.unit
@pytest.mark.parametrize("document", ["policy", "stores"])
def test_every_key_of_a_document_is_explained(document: str) -> None:
    from servanda.policy.policy import Policy
    from servanda.stores.document.document import StoresDocument

    page = (REFERENCE / f"{document}.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^\| `([\w-]+)`", page, flags=re.MULTILINE))
    keys = {key for _, key in _fields(Policy if document == "policy" else StoresDocument)}
    assert keys - shown == set()


@pytest.mark.unit
def test_every_state_of_a_promise_is_explained() -> None:
    from servanda.policy.promise_status import State

    page = (REFERENCE / "states.md").read_text(encoding="utf-8")
    assert {s for s in get_args(State) if f"`{s}`" not in page} == set()


@pytest.mark.unit
def test_every_dependency_has_a_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(p for ps in project["optional-dependencies"].values() for p in ps)]
    names = {re.split(r"[\[><=~ ]", text)[0] for text in wanted}
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^\| `([\w-]+)`", page, flags=re.MULTILINE))
    assert shown == names


@pytest.mark.unit
def test_the_readme_stays_short() -> None:
    """Without what is folded away."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL).splitlines()) < 150


def test_the_formats_of_the_ledger_are_those_that_are_shown() -> None:
    """ledger.md gives exact bytes: its examples are hashed again here."""
    page = (REFERENCE / "ledger.md").read_text(encoding="utf-8")
    example = json.loads(re.findall(r"```json\n(\{.*?\n\})\n```", page, flags=re.DOTALL)[0])
    salt, says = bytes.fromhex(example["body"]["salt"]), rfc8785.dumps(example["body"]["says"])
    assert hashlib.sha256(salt + says).hexdigest() == example["header"]["body"]
    leaf = hashlib.sha256(b"\x00" + rfc8785.dumps(example["header"])).hexdigest()
    assert f"`{leaf}`" in page
    keys = dict([read_public_key(re.findall(r"^servanda/\S+\+\S+$", page, flags=re.MULTILINE)[0])])
    assert verify_proof(example, keys).note() in page
