"""What the checkers need and what is skipped without them, each with the mend in its reason."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.editorial.material import CORPUS
from tests.mail.test_in_chromium import CHROMIUM, FLAGS
from tests.outside.mails import FROM_CORPUS, MADE_UP, Mail, mail

FROM_NPM = Path(__file__).with_name("node_modules")


def program(name: str) -> str:
    """Where a program is; the test that asks is skipped where there is none."""
    return shutil.which(name) or pytest.skip(f"no {name} here: install it")


def from_npm(path: str) -> Path:
    """A file of a package that `make outside` installs."""
    if not (FROM_NPM / path).is_file():
        pytest.skip(f"no {path.partition('/')[0]} here: run `make outside` where npm is")
    return FROM_NPM / path


@pytest.fixture(scope="session")
def mails() -> list[Mail]:
    """Every mail that can be made here: for the checkers that read them all in one go."""
    return [mail(name) for name in (*MADE_UP, *(FROM_CORPUS if CORPUS.exists() else ()))]


# A module's, not the session's: while playwright runs, Django refuses its database in this thread.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium until the end of the block; what needs the database is made before."""
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip("no Chromium here: install it or name it in DIGEST_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
