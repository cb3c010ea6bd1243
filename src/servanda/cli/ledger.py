"""`servanda ledger`: verifies, signs, exports and shows the ledger, and makes and checks proofs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from servanda.cli.view import columns, count, note, number, print_json, quoted_digest, sign

if TYPE_CHECKING:
    from servanda.ledger import Checkpoint, Entry, Ledger, Report
    from servanda.project import Project

_FAULTS = 20
_OUT = click.Path(dir_okay=False, path_type=Path)
_IN = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("ledger", short_help="Verify, export and prove the evidence")
def command() -> None:
    """Verify, export and prove the evidence of what was done."""


@command.command("verify")
@click.option("--against", metavar="FILE", type=_IN, help="A checkpoint that was kept elsewhere.")
@click.option("--stamp", metavar="FILE", type=_IN, help="The time stamp of that checkpoint.")
@click.option("--authority", metavar="PEM", type=_IN, help="The root certificate of who stamped it.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def verify(
    project: Project, against: Path | None, stamp: Path | None, authority: Path | None, as_json: bool
) -> int:
    """Check every entry, body, hash and signature. Exits with 1 if anything does not fit, or nothing is signed.

    Only a checkpoint that was kept elsewhere shows that the newest entries were cut off
    together with the checkpoints that lie here.
    """
    if (stamp is None) != (authority is None) or (stamp is not None and against is None):
        raise click.UsageError("a time stamp is verified with --against, --stamp and --authority together")
    reference = _kept(against)
    stamped = None
    if stamp is not None and authority is not None and reference is not None:
        from servanda.ledger.timestamp import verify_stamp

        stamped = verify_stamp(stamp.read_bytes(), reference.note(), authority.read_bytes())
    report = _ledger(project).verify(reference)
    if as_json:
        print_json(
            {
                "format": 1,
                "verifies": report.ok,
                "size": report.size,
                "root": report.root.hex(),
                "signed": report.signed,
                "unsigned": report.unsigned,
                "signed_at": report.signed_at.isoformat() if report.signed_at else None,
                "stamped_at": stamped.isoformat() if stamped else None,
                "ended": report.ended,
                "faults": [{"entry": fault.number, "says": fault.says} for fault in report.faults],
            }
        )
    else:
        for line in _report(report, reference, against):
            click.echo(line)
        if stamped is not None:
            click.echo(f"{sign('✓')} {against} was stamped at {stamped:%Y-%m-%d %H:%M:%S}Z by the authority.")
    return 0 if report.ok and (report.signed or reference is not None or not report.size) else 1


@command.command("checkpoint")
@click.option("--out", metavar="FILE", type=_OUT, help="Write it to this file.")
@click.option(
    "--timestamp", metavar="URL", help="Have it stamped by this authority (RFC 3161), into FILE.tsr."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def checkpoint(project: Project, out: Path | None, timestamp: str | None, as_json: bool) -> None:
    """Sign the ledger as it is now; keep the result where nobody who can change the ledger can."""
    if timestamp is not None and out is None:
        raise click.UsageError("a time stamp is a file: name one with --out")
    signed = project.ledger.checkpoint()
    if out is not None:
        _write(out, [signed.note()])
    if timestamp is not None and out is not None:
        from servanda.ledger.timestamp import request_stamp

        stamp = out.with_name(f"{out.name}.tsr")
        stamp.write_bytes(request_stamp(timestamp, signed.note()))
        note(f"Stamped: {stamp}. Keep it with the checkpoint.")
    if as_json:
        print_json(
            {
                "format": 1,
                "size": signed.size,
                "root": signed.root.hex(),
                "key": signed.key_id,
                "note": signed.note(),
            }
        )
    elif out is None:
        click.echo(signed.note(), nl=False)
    else:
        click.echo(f"{count(signed.size, 'entry', 'entries')} signed with {signed.key_id}, in {out}.")
        click.echo(f"Keep it elsewhere.   Hold the ledger against it: servanda ledger verify --against {out}")


@command.command("export")
@click.option("--out", metavar="FILE", type=_OUT, help="Write to this file instead of standard output.")
@click.option("--json", "as_json", is_flag=True, help="Accepted on every command; an export always is JSON.")
@click.pass_obj
def export(project: Project, out: Path | None, as_json: bool) -> None:
    """Write the whole ledger as JSON lines: the entries, then the newest checkpoint."""
    from servanda.ledger.entry import canonical

    del as_json
    ledger = _ledger(project)
    lines = (canonical(line).decode() + "\n" for line in _lines(ledger))
    if out is None:
        for line in lines:
            click.echo(line, nl=False)
        return
    size = _write(out, lines) - 2
    click.echo(
        f"{count(size, 'entry', 'entries')} in {out}.   Check the ledger itself: servanda ledger verify"
    )


@command.command("prove")
@click.argument("entry", metavar="NUMBER", type=click.IntRange(min=1), required=False)
@click.option("--out", metavar="FILE", type=_OUT, help="Write the proof to this file.")
@click.option(
    "--cose", metavar="FILE", type=_OUT, help="Write a receipt of RFC 9942 (COSE) to this file, too."
)
@click.option("--check", metavar="FILE", type=_IN, help="Check a proof instead of making one.")
@click.option(
    "--key", metavar="KEY", help="The public key to check with; by default those that this ledger names."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def prove(
    project: Project,
    entry: int | None,
    out: Path | None,
    cose: Path | None,
    check: Path | None,
    key: str | None,
    as_json: bool,
) -> int:
    """Prove that entry NUMBER is in the ledger, or check such a proof.

    A proof can be checked by anybody with the public key and without a database. Exits
    with 1 if a proof that is checked does not hold.
    """
    if (entry is None) == (check is None):
        raise click.UsageError("say which entry to prove, or which file to --check")
    if check is not None:
        return _check(project, check, key, as_json)
    assert entry is not None
    proof = _ledger(project).prove(entry)
    text = json.dumps(proof.to_json(), indent=1, ensure_ascii=False) + "\n"
    if cose is not None:
        from servanda.ledger.receipt import make_receipt

        cose.write_bytes(make_receipt(proof, project.vault))
        note(f"Receipt: {cose}. Its leaf is the canonical header of the proof.")
    if out is None:
        click.echo(text, nl=False)
        return 0
    _write(out, [text])
    if as_json:
        print_json({"format": 1, "entry": entry, "size": proof.size, "file": str(out)})
    else:
        click.echo(f"Entry {entry} of {number(proof.size)} is proved in {out}.")
        click.echo(f"Check it anywhere: servanda ledger prove --check {out} --key PUBLIC-KEY")
    return 0


@command.command("accept", short_help="Go on after Servanda's own database was restored")
@click.option("--reason", required=True, help="Why signed entries are lost.")
@click.option(
    "--second", required=True, metavar="NAME", help="Who else looked at it; the ledger has the name."
)
@click.option("--lose-archived", is_flag=True, help="Remove archived rows that this state does not know.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def accept(project: Project, reason: str, second: str, lose_archived: bool, as_json: bool) -> None:
    """Go on from an older state of Servanda's own database, although newer entries were signed.

    For the case that it was restored from a backup and no newer copy exists. The ledger records
    what is lost, the reason and the name of the second person. Requests and erasures of the time
    in between are not known any more: look at the letters that went out.
    """
    from servanda.apply.restore import accept_ledger

    entry, files = accept_ledger(project, reason, second, lose_archived=lose_archived)
    if as_json:
        print_json({"format": 1, "entry": entry.number, "removed": files})
        return
    click.echo(f"Noted in entry {entry.number}, and signed.")
    if files:
        click.echo(f"Archived rows without a record were removed from: {', '.join(files)}")
    click.echo("Next: servanda restore check, then servanda plan")


@command.command("verifier", short_help="Write the page with which anybody checks an export")
@click.option("--out", metavar="FILE", type=_OUT, required=True, help="Write the page to this file.")
@click.pass_obj
def verifier(project: Project, out: Path) -> None:
    """Write one page that checks an export without Servanda: in a browser, offline.

    It shares no code with this program. Who checks drops the export there, with a checkpoint that
    was kept elsewhere and the public key.
    """
    del project
    from servanda.ledger.verifier import page

    _write(out, [page()])
    click.echo(f"Wrote {out}.   Give with it: servanda ledger export --out FILE, and the line of keys show")


@command.command("show")
@click.argument("entry", metavar="NUMBER", type=click.IntRange(min=1), required=False)
@click.option("--kind", help="Only entries of this kind.")
@click.option(
    "--last", default=20, show_default=True, type=click.IntRange(min=1), help="How many, the newest."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def show(project: Project, entry: int | None, kind: str | None, last: int, as_json: bool) -> None:
    """Show one entry, or the newest ones."""
    ledger = _ledger(project)
    if entry is not None:
        record = ledger.get(entry)
        if as_json:
            print_json(_line(record))
        else:
            _print_entry(record)
        return
    entries = ledger.newest(last, kind)
    if as_json:
        print_json({"format": 1, "entries": [_line(item) for item in entries]})
        return
    if not entries:
        click.echo("The ledger is empty." if kind is None else f"There is no entry of kind {kind}.")
        return
    rows = [[number(e.number), _when(e), e.kind, _short(e)] for e in entries]
    for line in columns(rows, right=frozenset({0})):
        click.echo(line)
    click.echo("\nOne in full: servanda ledger show NUMBER   Prove it: servanda ledger prove NUMBER")


def _ledger(project: Project) -> Ledger:
    """Return the ledger; without keys, a read-only one."""
    from servanda.errors import VaultError
    from servanda.ledger import Ledger

    try:
        return project.ledger
    except VaultError as error:
        note(f"Without the keys: {error.message}.")
        return Ledger(project.database)


def _kept(file: Path | None) -> Checkpoint | None:
    from servanda.ledger.checkpoint import parse_checkpoint

    return None if file is None else parse_checkpoint(_read(file))


def _report(report: Report, reference: Checkpoint | None, against: Path | None) -> Iterator[str]:
    """Render the report of a verification, with the next command."""
    yield f"{count(report.size, 'entry', 'entries')} · root {quoted_digest(report.root.hex())}"
    if report.signed:
        at = f"{report.signed_at:%Y-%m-%d %H:%M:%S}Z" if report.signed_at else ""
        yield f"  signed up to entry {number(report.signed)}, of {at}"
    if report.ended:
        yield f"  {count(report.ended, 'body', 'bodies')} ended, each with the entry that says so"
    if report.ok:
        if reference is not None:
            yield f"  agrees with {against}, which saw {count(reference.size, 'entry', 'entries')}"
        yield ""
        covered = max(report.signed, reference.size if reference is not None else 0)
        if covered:
            upto = "" if covered >= report.size else f" up to entry {number(covered)}"
            yield f"{click.style('✓', fg='green', bold=True)} The ledger verifies{upto}.   " + (
                "Prove an entry: servanda ledger prove NUMBER"
                if reference is not None
                else "Keep a checkpoint elsewhere: servanda ledger checkpoint --out FILE"
            )
        if report.size > covered:
            newer = report.size - covered
            entries = "entry fits, but is" if newer == 1 else "entries fit, but are"
            yield f"{sign('·')} {number(newer)} newer {entries} not signed: servanda ledger checkpoint"
        return
    yield ""
    for fault in report.faults[:_FAULTS]:
        yield f"  {click.style('✗', fg='red', bold=True)} {fault.says}"
    if len(report.faults) > _FAULTS:
        yield f"  … and {number(len(report.faults) - _FAULTS)} more, all of them with --json"
    yield ""
    yield (
        f"The ledger does not verify: {count(len(report.faults), 'thing does', 'things do')} not fit. "
        "Nothing is applied until it does.\nKeep this database as it is, find out who changed it, and restore "
        "servanda.db from a backup that verifies."
    )


def _check(project: Project, file: Path, key: str | None, as_json: bool) -> int:
    """Check a proof file and return the exit code: 0 if it is valid, else 1."""
    from servanda.errors import LedgerError
    from servanda.ledger import read_public_key, verify_proof
    from servanda.ledger.proof import read_proof

    if key is None:
        keys: Mapping[str, bytes] = _ledger(project).public_keys()
    else:
        keys = {"the given key": read_public_key(_read(Path(key)) if Path(key).is_file() else key)[1]}
    try:
        proof = read_proof(_read(file))
        signed = verify_proof(proof, keys)
    except LedgerError as error:
        if as_json:
            print_json({"format": 1, "file": str(file), "holds": False, "says": error.message})
        else:
            click.echo(f"{click.style('✗', fg='red', bold=True)} {error.message}")
            click.echo(
                "  " + (error.advice or "Ask for a new proof: servanda ledger prove NUMBER --out FILE")
            )
        return 1
    if as_json:
        print_json(
            {"format": 1, "entry": proof.number, "holds": True, "size": signed.size, "key": signed.key_id}
        )
        return 0
    ended = proof.ended.body.says if proof.ended and proof.ended.body else None
    text = (
        json.dumps(proof.body.says, ensure_ascii=False)
        if proof.body
        else f"body ended on {(ended or {})['on']}"
    )
    click.echo(f"{click.style('✓', fg='green', bold=True)} Entry {proof.number}, {proof.header.kind}: {text}")
    click.echo(f"  one of {number(signed.size)} entries signed with {signed.key_id}")
    click.echo("Hold the ledger itself against a kept checkpoint: servanda ledger verify --against FILE")
    return 0


def _lines(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Yield the lines of an export: origin and keys, each entry, the newest checkpoint."""
    from servanda.ledger import public_key_text

    yield {
        "format": 1,
        "origin": ledger.origin,
        "keys": [public_key_text(ledger.origin, key) for key in ledger.public_keys().values()],
    }
    for entry in ledger.entries():
        yield _line(entry)
    signed = ledger.last_checkpoint()
    yield {"checkpoint": signed.note() if signed else None}


def _line(entry: Entry) -> dict[str, Any]:
    return {
        "header": json.loads(entry.header),
        "leaf": entry.leaf,
        "salt": entry.salt,
        "body": entry.body,
        "ended_on": entry.ended_on.isoformat() if entry.ended_on else None,
    }


def _print_entry(entry: Entry) -> None:
    click.echo(f"Entry {entry.number} · {entry.kind} · {_when(entry)}\n")
    if entry.body is None:
        click.echo(f"  body ended on {entry.ended_on}")
    else:
        for line in json.dumps(entry.body, indent=1, ensure_ascii=False).splitlines():
            click.echo(f"  {line}")
    click.echo(
        f"\n  leaf   {entry.leaf}\n  after  {entry.prev}\n\nProve it: servanda ledger prove {entry.number}"
    )


def _when(entry: Entry) -> str:
    return f"{entry.at:%Y-%m-%d %H:%M:%S}Z"


def _short(entry: Entry) -> str:
    if entry.body is None:
        return f"body ended on {entry.ended_on}"
    text = " ".join(f"{name}={_plain(value)}" for name, value in entry.body.items())
    return text if len(text) <= 70 else text[:69] + "…"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{file} cannot be read as text") from error


def _write(file: Path, lines: Iterable[str]) -> int:
    """Write a file atomically and return its number of lines. Raises BadParameter when writing fails."""
    part = file.with_name(f".{file.name}.part")
    written = 0
    try:
        with part.open("w", encoding="utf-8") as open_file:
            for line in lines:
                open_file.write(line)
                written += 1
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise click.BadParameter(f"{file} cannot be written: {error.strerror}") from error
    return written
