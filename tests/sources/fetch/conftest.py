"""What the tests of the fetcher share: sites that close when the test is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sources.fetch.sites import Opener, opened


@pytest.fixture
def open_site() -> Iterator[Opener]:
    with opened() as opener:
        yield opener
