"""Where the mails go: Postfix's smtp-sink, a fast one of our own, and a mock of the SendGrid API.

Each runs in a process of its own on 127.0.0.1 while it is needed, and keeps nothing.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.deliver.runs import Failed, finished, serving

HERE = Path(__file__).parent
SBIN = "/usr/sbin:/usr/local/sbin:/usr/libexec/postfix"  # not on everybody's path
PATIENCE = 10.0  # seconds until a server listens


@dataclass(frozen=True, slots=True)
class Sink:
    """A server that takes everything. `counts`: VRFY tells how many mails it took."""

    name: str
    port: int
    counts: bool = False

    def taken(self) -> int:
        """How many mails it took so far."""
        with socket.create_connection(("127.0.0.1", self.port)) as wire:
            wire.sendall(b"VRFY\r\nQUIT\r\n")
            said = wire.makefile("rb").read()
        return next(int(line[4:]) for line in said.splitlines() if line.startswith(b"252 "))


def postfix(tool: str) -> str | None:
    """Where smtp-sink or smtp-source lies; None where Postfix is not installed."""
    return shutil.which(tool, path=f"{os.environ.get('PATH', '')}:{SBIN}")


@contextmanager
def smtp_sink() -> Iterator[Sink | None]:
    """Postfix's; None where it is not installed."""
    program = postfix("smtp-sink")
    if program is None:
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = ["-u", "nobody"] if getpass.getuser() == "root" else []
    # smtp-sink says nothing: the shell's line takes the place of the port that others write.
    command = ["sh", "-c", 'echo; exec "$@"', "sh", program, *user, f"127.0.0.1:{port}", "256"]
    with serving(command):
        _wait_for(port)
        yield Sink("Postfix's smtp-sink", port)


@contextmanager
def fast_sink(folder: Path, compiler: str | None = None) -> Iterator[Sink]:
    """In C where a compiler is, else in Python; both tell how many mails they took."""
    compiler = shutil.which("cc") if compiler is None else compiler
    if compiler:
        program = folder / "fast_sink"
        finished([compiler, "-O2", "-o", str(program), str(HERE / "fast_sink.c")])
        name, command = "a fast sink (C, epoll)", [str(program)]
    else:
        command = [sys.executable, "-m", "bench.deliver.fast_sink"]
        name = "a fast sink (Python: no C compiler here)"
    with serving(command) as port:
        yield Sink(name, int(port), counts=True)


@contextmanager
def sendgrid_mock() -> Iterator[int]:
    """The port of an API that accepts every request."""
    with serving([sys.executable, "-m", "bench.deliver.sendgrid_mock"]) as port:
        yield int(port)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port)):
                return
        except OSError:
            time.sleep(0.05)
    raise Failed("smtp-sink does not listen")
