"""`servanda policy`: compare, keep and list editions of the policy; print the JSON Schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from servanda.cli.view import columns, count, note, print_json, quoted_digest
from servanda.project import Project

if TYPE_CHECKING:
    from servanda.policy.compare import Change
    from servanda.policy.policy import Policy

_JSON = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
_WIDEST = 40


@click.group("policy", short_help="Compare, keep and list editions of the policy; print the JSON Schema")
def command() -> None:
    """Compare, keep and list editions of the policy, and print the JSON Schema for editors.

    An edition is named by its number, by the start of its digest, by a file, or as “current”.
    """


@command.command("diff", short_help="Say what changed, and what people must be told")
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--exit-code", is_flag=True, help="Exit with 1 when a change binds people.")
@_JSON
@click.pass_obj
def diff(project: Project, old: str | None, new: str | None, exit_code: bool, as_json: bool) -> int:
    """Say what changed from OLD to NEW, and which changes people must be told of.

    OLD is the last kept edition, NEW is policy.yaml, where they are not given.
    """
    from servanda.policy.compare import compare
    from servanda.policy.versions import CURRENT, find

    before = find(project.folder, old) if old else _last(project)
    after = find(project.folder, new or CURRENT)
    changes = compare(before, after)
    binding = [change for change in changes if change.binds]
    if as_json:
        print_json(
            {
                "format": 1,
                "old": _edition(before),
                "new": _edition(after),
                "binding": len(binding),
                "changes": [_as_json(change) for change in changes],
            }
        )
    else:
        for line in text(before, after, changes):
            click.echo(line)
    return 1 if exit_code and binding else 0


def _last(project: Project) -> Policy:
    from servanda.errors import ServandaError
    from servanda.policy.versions import kept

    editions = kept(project.folder)
    if not editions:
        raise ServandaError("no edition is kept yet", advice="keep this one first: servanda policy keep")
    return editions[-1].policy


def text(old: Policy, new: Policy, changes: list[Change]) -> list[str]:
    """Render the changes as text, those that bind people first."""
    binding = [change for change in changes if change.binds]
    silent = [change for change in changes if not change.binds]
    lines = [f"From {_title(old)} to {_title(new)}", ""]
    for title, part in (("Binds people: tell them before it holds", binding), ("Binds nobody", silent)):
        if part:
            lines += [title, *columns([_row(change) for change in part]), ""]
    if not changes:
        return [*lines, "Nothing changed in meaning."]
    verb = "binds" if len(binding) == 1 else "bind"
    return [*lines, f"{count(len(changes), 'change')}, {len(binding)} of which {verb} people."]


def _title(policy: Policy) -> str:
    return f"{policy.version.number} ({quoted_digest(policy.digest)})"


def _row(change: Change) -> list[str]:
    return [change.what, change.where, _values(change), change.why]


def _values(change: Change) -> str:
    """Render the two values of a change; empty if one is a mapping or longer than `_WIDEST`."""
    sides = [change.before, change.after] if change.what == "changed" else [change.after or change.before]
    texts = [str(side) for side in sides]
    if any(isinstance(side, dict) or len(word) > _WIDEST for side, word in zip(sides, texts, strict=True)):
        return ""
    return " → ".join(texts)


def _edition(policy: Policy) -> dict[str, str]:
    version = policy.version
    return {"number": version.number, "effective_from": version.effective_from, "digest": policy.digest}


def _as_json(change: Change) -> dict[str, Any]:
    return {
        "what": change.what,
        "where": change.where,
        "before": change.before,
        "after": change.after,
        "binds": change.binds,
        "why": change.why,
    }


@command.command("keep", short_help="Copy policy.yaml to policies/ under its number")
@_JSON
@click.pass_obj
def keep(project: Project, as_json: bool) -> None:
    """Copy policy.yaml, byte for byte, to policies/<its number>.yaml.

    An edition that is kept already is not written again. Refused (3) where its number
    belongs to an edition that says something else.
    """
    from servanda.policy.versions import find
    from servanda.policy.versions import keep as keep_edition

    path = keep_edition(project.folder)
    if as_json:
        print_json({"format": 1, **_edition(find(project.folder, path.stem)), "file": str(path)})
        return
    click.echo(path.relative_to(project.folder))
    note("Kept. It is never written again; a change of meaning needs a new number.")


@command.command("list", short_help="List the kept editions")
@_JSON
@click.pass_obj
def list_(project: Project, as_json: bool) -> None:
    """List the kept editions, the oldest first, and say which one policy.yaml is."""
    from servanda.policy.versions import kept

    editions = kept(project.folder)
    current = project.policy
    if as_json:
        editions_json = [{**_edition(e.policy), "current": e.digest == current.digest} for e in editions]
        print_json({"format": 1, "current": _edition(current), "kept": editions_json})
        return
    rows = [
        [e.number, e.effective_from, quoted_digest(e.digest), "current" if e.digest == current.digest else ""]
        for e in editions
    ]
    for line in columns([["edition", "holds from", "digest", ""], *rows] if rows else []):
        click.echo(line)
    if current.digest not in {e.digest for e in editions}:
        note(f"policy.yaml ({_title(current)}) is not kept yet: servanda policy keep")


@command.command("schema", short_help="Print the JSON Schema for editors")
@click.argument("document", type=click.Choice(["policy", "stores"]), default="policy")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file.")
@click.option("--json", "as_json", is_flag=True, help="Changes nothing: a schema is JSON.")
def schema(document: str, out: Path | None, as_json: bool) -> None:
    """Print the JSON Schema of policy.yaml or stores.yaml, for editors that complete and check."""
    del as_json
    import json

    from servanda.errors import ServandaError

    content = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_model(document).model_json_schema(),
    }
    if out is None:
        print_json(content)
        return
    try:
        out.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise ServandaError(f"{out} cannot be written: {error.strerror}") from None
    note(f"Written. In the first line of {document}.yaml:  # yaml-language-server: $schema={out}")


def _model(document: str) -> Any:
    if document == "stores":
        from servanda.stores.document.document import StoresDocument

        return StoresDocument
    from servanda.policy.policy import Policy

    return Policy
