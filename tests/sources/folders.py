"""A folder of files, for the tests of the kind `folder`: what is put in, and what is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.sources.files import harvest_folder
from digest.values import Harvest
from tests.sources.samples import ZONE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    return incoming


def put(folder: Path, name: str, content: str | bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def harvest(folder: Path) -> Harvest:
    return harvest_folder(folder, ZONE)
