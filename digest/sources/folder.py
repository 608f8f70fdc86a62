"""The kind `folder`: a folder of files on this machine."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from digest.sources.kind import Kind, SourceSettings, Visit
from digest.values import Harvest


class FolderSource(SourceSettings):
    """`path` is relative to config.yaml."""

    kind: Literal["folder"]
    path: str = Field(min_length=1)


def harvest(source: FolderSource, visit: Visit) -> Harvest:
    """Everything that the folder's files hold. Raises SourceError when it cannot be read."""
    from digest.sources.files import harvest_folder  # see kind: parsers are imported late

    return harvest_folder(visit.path(source.path), visit.zone)


KIND = Kind("folder", FolderSource, harvest)
