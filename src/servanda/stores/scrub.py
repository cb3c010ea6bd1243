"""Scrubbing: what was deleted is also written over, or its file replaced, as far as the database itself can.

A database forgets a row by marking it; its bytes stay until something is written over
them. `Store.leaves` says where. A scrub writes the tables anew, so that their files hold
what is there and nothing else. Logs that the database keeps to recover or to replicate,
and backups, are not files of a table: they end by their own periods.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """One table written anew, with the bytes of its files before and after; or why it was not.

    Without bytes before, there was nothing to write anew.
    """

    table: str
    before: int = 0
    after: int = 0
    refused: str = ""
