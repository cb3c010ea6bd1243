"""`servanda` in a process of its own for each command, forked from one that has imported everything.

A command imports for a second what it needs, and then works for some hundredths of one; tests run hundreds
of commands. Here one process a worker of the tests imports once and forks for each command: streams, exit
code, folder, environment, signals and death are those of any process. How a command starts cold is tested
where that matters: the demo, the copies of the package, what ends a process in an odd way.

    python warmed.py serve SOCKET                 the process that forks; it ends with its standard input
    python -IS warmed.py ask SOCKET [ARGUMENT …]  one command; a file `servanda` on the PATH does this
"""

from __future__ import annotations

import atexit
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache

# -- who asks: nothing but the standard library is imported, not even `site` ----------------------


def ask(path: str, arguments: list[str], folder: str, environment: dict[str, str], streams: list[int]) -> int:
    """Run a command with these streams and return its exit code; negative: the signal that ended it."""
    with socket.socket(socket.AF_UNIX) as to:
        to.connect(path)
        body = json.dumps([arguments, folder, environment]).encode("ascii")
        socket.send_fds(to, [len(body).to_bytes(4, "big")], streams)
        to.sendall(body)
        answer = to.recv(4)
    if len(answer) != 4:
        raise RuntimeError("the process that forks the commands of the tests has ended")
    return int.from_bytes(answer, "big", signed=True)


# -- who forks ------------------------------------------------------------------------------------


def _serve(path: str) -> None:
    _import_all()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{path}.new")
    listener.listen(16)
    os.rename(f"{path}.new", path)  # noqa: PTH104 — who waits for the file may connect as soon as it is there
    if not os.fork():
        os.read(0, 1)  # whoever started us has ended
        os.killpg(0, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    while True:
        asked, _ = listener.accept()
        if not os.fork():
            listener.close()
            _wait(asked)
        asked.close()


def _import_all() -> None:
    """Import what commands import while they run, so that no fork has to."""
    import importlib
    import pkgutil

    import psycopg  # noqa: F401
    import pymysql  # noqa: F401

    import servanda

    for module in pkgutil.walk_packages(servanda.__path__, "servanda."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _wait(asked: socket.socket) -> None:
    """Fork the command that is asked for, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, streams, _, _ = socket.recv_fds(asked, 4, 3)
    body, size = b"", int.from_bytes(head, "big")
    while len(body) < size:
        body += asked.recv(size - len(body))
    pid = os.fork()
    if not pid:
        asked.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        _become(*json.loads(body))
    for stream in streams:
        os.close(stream)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with suppress(OSError):  # nobody wants to know any more
        asked.sendall(code.to_bytes(4, "big", signed=True))
    os._exit(0)


def _become(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """Be the command, in its folder and environment, with streams as a new process has them."""
    code: object = 1
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["servanda", *arguments]
    line_by_line = os.isatty(1)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False, buffering=1 if line_by_line else -1)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1, errors="backslashreplace")  # noqa: SIM115
    try:
        from servanda.cli import main

        main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # as the interpreter does
        sys.excepthook(*sys.exc_info())
    status = code if isinstance(code, int) else int(code is not None)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        status = 120
    os._exit(status)


# -- what tests use -------------------------------------------------------------------------------


@cache
def _started() -> str:
    """The socket of the process that forks, which is started with the first command of a worker."""
    folder = tempfile.mkdtemp(prefix="servanda-warm-")
    path = os.path.join(folder, "commands")  # noqa: PTH118 — who asks imports no more than it must
    command = [sys.executable, __file__, "serve", path]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    while not os.path.exists(path):  # noqa: PTH110
        if process.poll() is not None:
            raise RuntimeError("the process that forks the commands of the tests did not start")
        time.sleep(0.01)
    assert process.stdin is not None
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.stdin.close)
    return path


def servanda(
    *arguments: str, folder: object = ".", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command with no input, in a folder; what it printed and its exit code."""
    out, err, nothing = os.memfd_create("out"), os.memfd_create("err"), os.open(os.devnull, os.O_RDONLY)
    try:
        env = dict(os.environ) if environment is None else environment
        where = os.path.abspath(str(folder))  # noqa: PTH100
        code = ask(_started(), list(arguments), where, env, [nothing, out, err])
        said = [os.pread(one, os.fstat(one).st_size, 0).decode() for one in (out, err)]
    finally:
        for one in (out, err, nothing):
            os.close(one)
    return subprocess.CompletedProcess(["servanda", *arguments], code, *said)


def put_on_path(folder: object) -> None:
    """Write a file `servanda` into a folder that is on the PATH of a shell."""
    words = [sys.executable, "-IS", __file__, "ask", _started()]
    file = os.path.join(str(folder), "servanda")  # noqa: PTH118
    with open(file, "w", encoding="utf-8") as script:  # noqa: PTH123
        script.write(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    os.chmod(file, 0o700)  # noqa: PTH101


def main(what: str, path: str, *arguments: str) -> None:
    """Fork commands, or ask for one."""
    if what == "serve":
        _serve(path)
    code = ask(path, list(arguments), os.getcwd(), dict(os.environ), [0, 1, 2])  # noqa: PTH109
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
