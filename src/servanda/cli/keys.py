"""`servanda keys`: creates, shows and rotates keys, with the damage if one is lost or stolen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from servanda.cli.view import columns, print_json

if TYPE_CHECKING:
    from servanda.project import Project
    from servanda.vault import Vault

_BACKUP = (
    "Copy this folder to a safe place now, apart from backups of the database: whoever has both\ncan read "
    "what is sealed, and whoever loses the folder loses what is listed above."
)


@click.group("keys", short_help="Make, show and rotate keys")
def command() -> None:
    """Make, show and rotate the keys of this project.

    They lie outside its folder, in $SERVANDA_VAULT or in your data folder, readable by
    you alone.
    """


@command.command("init")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def init(project: Project, as_json: bool) -> None:
    """Make the first keys, and sign an empty ledger that names the public one."""
    from servanda.ledger import Ledger
    from servanda.vault import Vault

    vault = Vault.create(project.database)
    Ledger(project.database, vault).checkpoint()
    content = _content(project, vault)
    if as_json:
        print_json(content)
        return
    _print(content)
    click.echo(f"\n{_BACKUP}\nSee them again: servanda keys show")


@command.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print the keys as JSON; secrets are never printed.")
@click.pass_obj
def show(project: Project, as_json: bool) -> None:
    """Show which keys there are, where, and what is lost with each; never a secret."""
    content = _content(project, project.vault)
    if as_json:
        print_json(content)
        return
    _print(content)
    click.echo(
        "\nGive the public key to whoever checks your proofs.   Make a new key: servanda keys rotate NAME"
    )


@command.command("rotate")
@click.argument("name", default="signing")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def rotate(project: Project, name: str, as_json: bool) -> None:
    """Make the next key of NAME (signing, identifiers, pseudonym or seal) and use it from now on.

    Old keys stay, so that old checkpoints verify and persons are still recognised. Only an
    old seal is destroyed, when every record's key is wrapped in the new one.
    """
    from servanda.ledger import Ledger

    vault = project.vault
    ledger = Ledger(project.database, vault)
    key = vault.rotate(name)
    ledger.append("key.rotated", {"key": str(key)})
    ledger.checkpoint()
    if as_json:
        print_json({**_content(project, vault), "made": str(key)})
        return
    fate = "the old seal is destroyed" if name == "seal" else "the older ones stay, for what they made"
    click.echo(f"{key} is used from now on; {fate}.")
    click.echo(f"Copy the vault to its safe place again: {vault.folder}")


def _content(project: Project, vault: Vault) -> dict[str, Any]:
    """The keys as JSON: public half, dates, and the damage if one is lost or stolen. Never a secret."""
    from servanda.ledger import Ledger, public_key_text
    from servanda.vault.key import LOSS, WHEN_STOLEN

    origin = Ledger(project.database).origin
    public = {key_id: public_key_text(origin, key) for key_id, key in vault.public_keys().items()}
    keys = [
        {
            "key": str(key),
            "made_at": key.made_at.isoformat(timespec="seconds"),
            "current": key.current,
            "lost": LOSS[key.name],
            "stolen": WHEN_STOLEN[key.name],
            "public": public.get(str(key)),
        }
        for key in vault.all_keys()
    ]
    return {"format": 1, "folder": str(vault.folder), "keys": keys}


def _print(content: dict[str, Any]) -> None:
    click.echo(f"Keys in {content['folder']}\n")
    rows = []
    for key in content["keys"]:
        state = "in use" if key["current"] else "old, kept for what it made"
        rows.append([key["key"], f"{state}, made on {key['made_at'][:10]}"])
        if key["current"]:
            rows += [["", f"if lost: {key['lost']}"], ["", f"if stolen: {key['stolen']}"]]
    for line in columns(rows):
        click.echo(line)
    click.echo("\nPublic key, to check proofs and checkpoints with:")
    for key in content["keys"]:
        if key["public"]:
            click.echo(f"  {key['public']}")
