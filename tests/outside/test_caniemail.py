"""caniemail.com's figures on seven mail clients: what they drop is known, and does no harm.

Each reason says what a reader of that client gets in its place.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.editorial.material import needs_corpus
from tests.outside.conftest import from_npm, program
from tests.outside.mails import FROM_CORPUS, MADE_UP, Mail

MOST = 6  # features that one client or another does not support, all seven together
# Every variant of a client counts for it, but for Gmail on a phone's browser: it keeps no style
# sheet at all, like the mail with every <style> removed that test_in_chromium.py looks at.
CLIENTS = {
    "Gmail": ["gmail.desktop-webmail", "gmail.ios", "gmail.android"],
    "Outlook on Windows": ["outlook.windows"],
    "Outlook.com": ["outlook.outlook-com"],
    "Apple Mail on macOS": ["apple-mail.macos"],
    "Apple Mail on iOS": ["apple-mail.ios"],
    "Yahoo": ["yahoo.desktop-webmail", "yahoo.ios", "yahoo.android"],
    "Samsung": ["samsung-email.android"],
}
KNOWN = {
    "@media": "Outlook has no phone to fit; its light colours stand in each element",
    "Attribute selector": "only [data-ogsc] and [data-ogsb], which are for Outlook.com alone",
    "overflow": "only helps to hide the preheader, which Outlook hides by mso-hide",
    "<body> element": "Yahoo's apps put a div in its place; our own div has its colour and words",
    "word-break": "only keeps a word longer than a phone's line from widening the page",
    "aria-label attribute": "only names the whole, which title and h1 name as well",
}
BROKEN = """<!DOCTYPE html><html><head><style>
@media (min-width:1px){p{position:fixed}}
</style></head><body><form><video src="x.mp4"></video></form>
<div style="display:flex;line-height:2;clip-path:none">Text</div></body></html>"""

Support = dict[str, dict[str, dict[str, str]]]  # mail → client → feature → "none" or "partial"


@pytest.fixture(scope="module")
def support(mails: list[Mail]) -> Support:
    """One start of node for all."""
    node = program("node")
    from_npm("caniemail/dist/index.js")
    asked = {
        "clients": CLIENTS,
        "mails": {one.name: one.html for one in mails} | {"broken": BROKEN},
    }
    done = subprocess.run(
        [node, str(Path(__file__).with_name("caniemail.mjs"))],
        input=json.dumps(asked),
        check=True,
        capture_output=True,
        text=True,
    )
    found: Support = json.loads(done.stdout)
    return found


def dropped(support: Support, mail: str, client: str) -> set[str]:
    """The features of a mail that a client does not know at all."""
    return {feature for feature, how in support[mail][client].items() if how == "none"}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "name", [*MADE_UP, *(pytest.param(name, marks=needs_corpus) for name in FROM_CORPUS)]
)
def test_a_client_drops_little_and_nothing_that_matters(
    support: Support, name: str, client: str
) -> None:
    found = dropped(support, name, client)
    assert found - set(KNOWN) == set()


def test_no_reason_is_kept_that_nothing_needs(support: Support) -> None:
    needed = {
        one for name in MADE_UP for client in CLIENTS for one in dropped(support, name, client)
    }
    assert needed == set(KNOWN)
    assert len(needed) <= MOST


def test_every_client_is_one_that_is_known(support: Support) -> None:
    """What every client supports in part shows that each was asked."""
    assert all("position" in support["broken"][client] for client in CLIENTS)


def test_a_broken_mail_is_found_out(support: Support) -> None:
    found = dropped(support, "broken", "Outlook on Windows")
    assert found >= {"<video> element", "display:flex", "position", "clip-path"}
    assert not any("height" in feature for feature in support["broken"]["Yahoo"])
