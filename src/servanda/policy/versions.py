"""Editions of the policy, kept side by side: policies/2022-12-26.yaml beside policy.yaml.

An edition is copied byte for byte under its own number, and never written again: what
people were told on a day must be found later, in the words of that day. A kept edition
with the same meaning stays as it is, whatever its layout; another meaning needs another
number.

Law: GDPR 5(2) and 7(1), one must be able to show what people were told and agreed to.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from servanda.errors import PolicyError, Problem, Refused, ServandaError, Spot
from servanda.policy.policy import Policy, load_policy

CURRENT = "current"
_FOLDER = "policies"
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHORTEST_PREFIX = 4


@dataclass(frozen=True, slots=True)
class Kept:
    """One kept edition: its number, the day it holds from, the digest of its meaning, its file."""

    number: str
    effective_from: str
    digest: str
    path: Path
    policy: Policy


def keep(folder: Path) -> Path:
    """Copy policy.yaml under its edition's number, and return the copy.

    Nothing is written where that edition is kept already with the same meaning. Raises
    Refused where its number is taken by another meaning or cannot name a file, and
    PolicyError where policy.yaml cannot be used or the copy cannot be written.
    """
    policy = load_policy(folder / "policy.yaml")
    number = policy.version.number
    if not _NUMBER.fullmatch(number):
        raise Refused(
            f"the edition's number “{number}” cannot name a file",
            advice="use letters, digits, dots and hyphens, such as 2022-12-26",
        )
    path = folder / _FOLDER / f"{number}.yaml"
    if path.exists():
        if _read(path).digest == policy.digest:
            return path
        raise Refused(
            f"edition {number} is kept already, and says something else",
            advice="give the edition a new number: version: {number: …} in policy.yaml",
        )
    _write(path, policy.source.text.encode("utf-8"))
    return path


def kept(folder: Path) -> list[Kept]:
    """Return the kept editions, the oldest first. Raises PolicyError where one cannot be used."""
    found = []
    for path in sorted((folder / _FOLDER).glob("*.yaml")):
        policy = _read(path)
        version = policy.version
        if version.number != path.stem:
            at = policy.source.spot(("version", "number"))
            message = f"this file is named {path.name} and calls itself edition {version.number}"
            raise PolicyError([Problem(at, message, "a kept edition is never changed: restore it")])
        found.append(Kept(version.number, version.effective_from, policy.digest, path, policy))
    return sorted(found, key=lambda edition: (edition.effective_from, edition.number))


def find(folder: Path, word: str) -> Policy:
    """Return the edition that `word` means: “current”, a number, the start of a digest, or a file.

    Raises ServandaError where nothing, or more than one thing, is meant.
    """
    if word == CURRENT:
        return load_policy(folder / "policy.yaml")
    editions = kept(folder)
    named = [edition for edition in editions if edition.number == word]
    if not named and len(word) >= _SHORTEST_PREFIX:
        named = [edition for edition in editions if edition.digest.startswith(word.lower())]
    if len(named) > 1:
        numbers = ", ".join(edition.number for edition in named)
        raise ServandaError(f"“{word}” begins the digests of {numbers}", advice="give more of the digest")
    if named:
        return named[0].policy
    for path in (folder / word, Path(word)):
        if path.is_file():
            return load_policy(path, word)
    numbers = ", ".join(edition.number for edition in editions) or "none yet: servanda policy keep"
    raise ServandaError(f"there is no edition “{word}”", advice=f"kept: {numbers}")


def _read(path: Path) -> Policy:
    return load_policy(path, f"{_FOLDER}/{path.name}")


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        at = Spot(f"{_FOLDER}/{path.name}")
        raise PolicyError([Problem(at, f"cannot be written: {error.strerror}", "nothing was kept")]) from None
