"""The product as a user meets it: the `digest` command in a process of its own."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.forking import Forks

FORKS = Forks()
COMMAND = [sys.executable, "-c", "from digest.cli.main import run; run()"]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell in the folder of one site."""

    folder: Path

    def environment(self) -> dict[str, str]:
        """This run's environment without what a test site must not inherit."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DIGEST_", "DJANGO_"))}
        return {**kept, "PYTHONWARNINGS": "ignore", "COLUMNS": "200"}

    def digest(self, *words: str | int | Path, code: int | None = 0) -> Ran:
        """Run `digest --config FOLDER/config.yaml WORDS`; check how it ended and how it spoke."""
        arguments = ["--config", str(self.folder / "config.yaml"), *map(str, words)]
        ran = Ran(*FORKS.run(arguments, self.environment(), self.folder))
        assert "Traceback" not in ran.out + ran.err, ran
        assert code is None or ran.code == code, ran
        return ran

    def json(self, *words: str | int | Path, code: int | None = 0) -> Any:
        """The JSON document of a command."""
        return self.digest(*words, "--json", code=code).document

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A command that runs until it is stopped."""
        return subprocess.Popen(
            [*COMMAND, "--config", str(self.folder / "config.yaml"), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=self.environment(),
            cwd=self.folder,
        )


@cache
def _founded() -> Path:
    """A site as `digest init` makes it, once in a run: its tables take seconds."""
    folder = Path(tempfile.mkdtemp(prefix="digest-founded-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    Shell(folder).digest("init", folder, "--json")
    return folder


@pytest.fixture
def new_site(tmp_path: Path) -> Callable[[str], Shell]:
    """Makes a site as `digest init` does, given the text of its config.yaml."""

    def make(config: str) -> Shell:
        folder = tmp_path / "site"
        shell = Shell(folder)
        if config.startswith(CONFIG) and "database:" not in config:
            shutil.copytree(_founded(), folder)
            (folder / "config.yaml").write_text(config, encoding="utf-8")
        else:
            folder.mkdir()
            (folder / "config.yaml").write_text(config, encoding="utf-8")
            shell.digest("init", folder, "--json")
        return shell

    return make


CONFIG = """
publication: {site_url: "https://digest.example.org"}
sender: {address: digest@example.org, postal_address: "12 Long Lane, Leeds"}
sources:
  - {name: drop, kind: folder, path: incoming, undated: first_seen}
issue: {min_items: 1, first_lookback_days: 3000}
"""
