"""Runs `digest` in processes of their own, forked from one that has loaded the libraries.

A journey gives hundreds of commands, and half a second of each is the loading of libraries from
outside. They are loaded once here; nothing of this product that reads a setting is. Each command
has its own environment, folder, standard output and exit code, as if a shell had started it.

One request a line on stdin, a JSON object of `words`, `environment`, `folder`, `out` and `err`
(files to write); the answer on stdout is the exit code.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from tempfile import TemporaryDirectory
from typing import Any

LOADED = (
    "cryptography.hazmat.primitives.ciphers.aead", "cryptography.hazmat.primitives.kdf.hkdf",
    "digest.cli.main", "digest.config", "django.core.management", "django.db.backends.sqlite3.base",
    "django.db.migrations.executor", "django.db.models.sql.compiler", "django.forms", "django.http",
    "django.middleware.csrf", "django.views.decorators.debug", "feedparser", "httpx", "jinja2",
    "multiprocessing.reduction", "premailer", "rich.progress", "rich.table", "selectolax.lexbor",
    "structlog",
)  # fmt: skip
LONGEST = 120  # seconds that a command may take


class Forks:
    """The process that forks; started with the first command, and gone with its caller."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None

    def run(
        self, words: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of `digest WORDS`, run in `folder`."""
        with TemporaryDirectory() as spoken:
            out, err = Path(spoken, "out"), Path(spoken, "err")
            request = {
                "words": list(words), "environment": dict(environment), "folder": str(folder),
                "out": str(out), "err": str(err),
            }  # fmt: skip
            code = self._asked(json.dumps(request), environment)
            return code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")

    def _asked(self, request: str, environment: Mapping[str, str]) -> int:
        server = self._server
        if server is None or server.poll() is not None:
            server = self._server = subprocess.Popen(
                [sys.executable, "-m", "tests.journeys.forking"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                bufsize=1,
                cwd=Path(__file__).resolve().parents[2],
                env=dict(environment),  # a console measures its columns when it is loaded
            )
            atexit.register(_ended, server)
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(request + "\n")
        with DefaultSelector() as selector:
            selector.register(server.stdout, EVENT_READ)
            if not selector.select(LONGEST):
                server.kill()
                raise subprocess.TimeoutExpired("digest", LONGEST)
        return int(server.stdout.readline())


def _ended(server: subprocess.Popen[str]) -> None:
    """Its input ends, and so does it."""
    server.communicate()


def serve() -> None:
    """Answer one request after the other until stdin ends."""
    for name in LOADED:
        import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _be_digest(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _be_digest(request: dict[str, Any]) -> None:
    """In the child: never returns."""
    code = 70
    try:
        for stream, name in ((0, os.devnull), (1, request["out"]), (2, request["err"])):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT, 0o600), stream)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        sys.argv = ["digest", *request["words"]]
        code = _run()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run() -> int:
    from digest.cli.main import run

    try:
        run()
        return 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        atexit._run_exitfuncs()


if __name__ == "__main__":
    serve()
