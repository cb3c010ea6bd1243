"""Builds the packages of a release and checks them: `make release`, or `python tools/release.py FOLDER`.

An sdist and a wheel are built. The wheel must hold each file of src/servanda that git knows and no other,
and the same wheel must come out of the sdist. It is then installed into an empty environment, with the
packages that requirements.lock pins, and makes its first documents from an SQLite file. Nothing is
published.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NEEDED = (
    "servanda/py.typed",
    "servanda/documents/fonts/*.ttf",
    "servanda/documents/templates/*.html",
    "servanda/law/facts/*.toml",
    "servanda/locale/*/*.po",
    "servanda/web/centre/static/*.css",
    "servanda/web/centre/templates/*.html",
    "servanda-*.dist-info/licenses/LICENSE",
)
"""What a wheel must hold beside Python files; patterns, so that a folder that was moved is noticed."""


def build(out: Path) -> tuple[Path, Path]:
    """Build into an emptied folder; return the sdist and the wheel."""
    shutil.rmtree(out, ignore_errors=True)
    _hatchling(ROOT, out)
    return next(out.glob("*.tar.gz")), next(out.glob("*.whl"))


def _hatchling(source: Path, out: Path, *targets: str) -> None:
    wanted = [part for target in targets for part in ("-t", target)]
    _run(BIN / "hatchling", "build", "-d", out, *wanted, folder=source)


def faults(sdist: Path, wheel: Path) -> Iterator[str]:
    """What is wrong with the packages, a sentence each."""
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        info = next(name for name in held if name.endswith(".dist-info/METADATA"))
        described = Parser().parsestr(archive.read(info).decode())
    tracked = {name.removeprefix("src/") for name in _run("git", "ls-files", "src/servanda").splitlines()}
    inside = {name for name in held if not name.startswith(f"servanda-{PROJECT['version']}.dist-info/")}
    for name in sorted(tracked - inside):
        yield f"the wheel lacks {name}"
    for name in sorted(inside - tracked):
        yield f"the wheel holds {name}, which git does not know"
    for pattern in NEEDED:
        if not any(fnmatch(name, pattern) for name in held):
            yield f"the wheel holds no {pattern}"
    yield from _metadata(described)
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        _hatchling(next(Path(folder).iterdir()), Path(folder) / "again", "wheel")
        again = Path(folder) / "again" / wheel.name
        if not again.is_file() or again.read_bytes() != wheel.read_bytes():
            yield "the sdist makes another wheel"


def _metadata(described: Message) -> Iterator[str]:
    wanted = {
        "Name": "servanda",
        "Version": PROJECT["version"],
        "Summary": PROJECT["description"],
        "Requires-Python": PROJECT["requires-python"],
        "License-Expression": PROJECT["license"],
        "Description-Content-Type": "text/markdown",
    }
    for key, value in wanted.items():
        if described[key] != value:
            yield f"the metadata say {key}: {described[key]}, and pyproject.toml {value}"
    if (ROOT / PROJECT["readme"]).read_text(encoding="utf-8").strip() != str(described.get_payload()).strip():
        yield "the description is not the README"
    required = [text for text in described.get_all("Requires-Dist", []) if "extra ==" not in text]
    if len(required) != len(PROJECT["dependencies"]):
        yield f"the metadata name {len(required)} packages to run, and pyproject.toml {len(PROJECT['dependencies'])}"
    if f"## [{PROJECT['version']}]" not in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"):
        yield f"CHANGELOG.md has no section {PROJECT['version']}"


def try_out(wheel: Path) -> None:
    """Install the wheel into an empty environment and make first documents with it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uv, python, servanda = BIN / "uv", folder / "env/bin/python", folder / "env/bin/servanda"
        _run(uv, "venv", "-q", "--python", sys.executable, folder / "env")
        install = (uv, "pip", "install", "-q", "--python", python)
        _run(*install, "--require-hashes", "-r", ROOT / "requirements.lock")
        _run(*install, "--offline", "--no-deps", wheel)
        _run(uv, "pip", "check", "-q", "--python", python)
        version = _run(servanda, "--version", folder=folder).strip()
        assert version == f"servanda {PROJECT['version']}", version
        with sqlite3.connect(folder / "app.db") as database:
            database.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, closed_at TEXT)")
        database.close()
        _run(servanda, "init", "sqlite:///app.db", folder=folder)
        for document in ("policy.yaml", "stores.yaml"):
            assert (folder / document).is_file(), f"servanda init wrote no {document}"
        assert "no-period" in _run(servanda, "rule", folder=folder)
        assert "adequacy" in _run(servanda, "facts", "--json", folder=folder)


def _run(*command: str | Path, folder: Path = ROOT) -> str:
    """Run a command without anything of this environment in its way; return what it prints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=clean, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\n{command[0]} {command[1]} ended with {done.returncode}")
    return done.stdout


def main(out: Path) -> None:
    """Build, check and try out; end with 1 where something is wrong."""
    sdist, wheel = build(out)
    if found := list(faults(sdist, wheel)):
        sys.exit("\n".join(found))
    try_out(wheel)
    for path in (sdist, wheel):
        print(f"{path}   {path.stat().st_size / 1e6:.1f} MB, checked")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/release.py FOLDER")
    main(Path(sys.argv[1]).resolve())
