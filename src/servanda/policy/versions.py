"""Stored editions of the policy: policies/2022-12-26.yaml beside policy.yaml.

An edition is copied byte for byte under its number and never overwritten: the text of
any day must be available later. Keeping the same meaning again changes nothing; another
meaning needs another number.

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
    """A stored edition: number, first day, digest of its meaning, and file."""

    number: str
    effective_from: str
    digest: str
    path: Path
    policy: Policy


def keep(folder: Path) -> Path:
    """Copy policy.yaml under its edition's number, and return the copy.

    Nothing is written if the edition is already stored with the same meaning. Raises
    Refused if its number is taken by another meaning or cannot be a file name, and
    PolicyError if policy.yaml is invalid or the copy cannot be written.
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
    """Return the stored editions, oldest first. Raises PolicyError if one is invalid."""
    editions = []
    for path in sorted((folder / _FOLDER).glob("*.yaml")):
        policy = _read(path)
        version = policy.version
        if version.number != path.stem:
            at = policy.source.spot(("version", "number"))
            message = f"this file is named {path.name} and calls itself edition {version.number}"
            raise PolicyError([Problem(at, message, "a kept edition is never changed: restore it")])
        editions.append(Kept(version.number, version.effective_from, policy.digest, path, policy))
    return sorted(editions, key=lambda edition: (edition.effective_from, edition.number))


def find(folder: Path, word: str) -> Policy:
    """Look up an edition by “current”, its number, a prefix of its digest, or a file.

    Raises ServandaError if nothing, or more than one edition, matches.
    """
    if word == CURRENT:
        return load_policy(folder / "policy.yaml")
    editions = kept(folder)
    matches = [edition for edition in editions if edition.number == word]
    if not matches and len(word) >= _SHORTEST_PREFIX:
        matches = [edition for edition in editions if edition.digest.startswith(word.lower())]
    if len(matches) > 1:
        numbers = ", ".join(edition.number for edition in matches)
        raise ServandaError(f"“{word}” begins the digests of {numbers}", advice="give more of the digest")
    if matches:
        return matches[0].policy
    for path in (folder / word, Path(word)):
        if path.is_file():
            return load_policy(path, word)
    numbers = ", ".join(edition.number for edition in editions) or "none yet: servanda policy keep"
    raise ServandaError(f"there is no edition “{word}”", advice=f"kept: {numbers}")


def _read(path: Path) -> Policy:
    return load_policy(path, f"{_FOLDER}/{path.name}")


def _write(path: Path, content: bytes) -> None:
    """Write a file atomically. Raises PolicyError."""
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
