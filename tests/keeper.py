"""Ends a server and removes its folder as soon as whoever asked for them has ended, however that came.

    python keeper.py FOLDER SIGNAL USER PID [COMMAND …]

A keeper is a process of its own, so that Ctrl-C, `kill` and `kill -9` of a test run leave
neither servers nor folders behind. It is told what to do by letters: `s` starts the
server, `c` crashes it with the signal, and the keeper answers with the same letter; `e`
ends server, folder and keeper, and so does the end of the process PID. Without a command
there is only a folder to remove. USER is whose the server is, `-` for one's own.
"""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PATIENCE = 20.0  # seconds for a server to end


def end_with_parent() -> None:
    """This process is killed when its parent ends, however that came. Only Linux can do this."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Kept:
    """A folder, and a server in it or none, in the care of a keeper."""

    def __init__(
        self, folder: Path, command: Sequence[str] = (), ending: int = signal.SIGKILL, user: str | None = None
    ) -> None:
        keeper = [
            sys.executable,
            "-IS",
            __file__,
            str(folder),
            str(int(ending)),
            user or "-",
            str(os.getpid()),
        ]
        self._keeper = subprocess.Popen(
            [*keeper, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )

    def start(self) -> None:
        """Start the server; it may take a moment until it answers."""
        self._tell(b"s")

    def crash(self) -> None:
        """End the server at once, without a word to it that it could act on."""
        self._tell(b"c")

    def end(self) -> None:
        """End the server and remove the folder."""
        assert self._keeper.stdin is not None
        with suppress(BrokenPipeError):
            self._keeper.stdin.write(b"e")
            self._keeper.stdin.flush()
        self._keeper.wait(timeout=3 * _PATIENCE)

    def _tell(self, letter: bytes) -> None:
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.write(letter)
        self._keeper.stdin.flush()
        if self._keeper.stdout.read(1) != letter:
            raise RuntimeError("the keeper of a server has ended, and the server with it")


class _Server:
    """The server of a keeper."""

    def __init__(self, folder: Path, ending: int, user: str | None, command: Sequence[str]) -> None:
        self.folder, self.ending, self.user, self.command = folder, ending, user, command
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self.user,
                preexec_fn=end_with_parent,  # noqa: PLW1509 — a keeper has one thread
            )

    def crash(self) -> None:
        if self.running is None or self.running.poll() is not None:
            return
        self.running.send_signal(self.ending)
        try:
            self.running.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.running.kill()
            self.running.wait()


def _remove(folder: Path) -> None:
    """Remove a folder, again and again where somebody is still writing into it."""
    until = time.monotonic() + _PATIENCE
    while folder.exists() and time.monotonic() < until:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.05)


def _obey(server: _Server, asked_by: int) -> None:
    """Do what the letters say, until they say to end or the process that asked has ended."""
    try:
        ended = os.pidfd_open(asked_by)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):  # not on Linux, or not allowed here: the pipe closes with the process
        ended = 0
    while True:
        ready, _, _ = select.select([0, ended], [], [])
        letter = os.read(0, 1) if 0 in ready else b""
        if letter == b"s":
            server.start()
        elif letter == b"c":
            server.crash()
        else:  # `e`, or nobody is there any more
            return
        os.write(1, letter)


def main(folder: str, ending: str, user: str, asked_by: str, *command: str) -> None:
    """Keep a server and its folder."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    server = _Server(Path(folder), int(ending), None if user == "-" else user, command)
    try:
        _obey(server, int(asked_by))
    finally:
        server.crash()
        _remove(server.folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
