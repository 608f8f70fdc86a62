"""Debian's SpamAssassin reads the bytes that go over the wire; nothing is asked of the network."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.editorial.material import needs_corpus
from tests.outside.conftest import program
from tests.outside.mails import FROM_CORPUS, MADE_UP, Mail, mail

MOST = 0.5
VERDICT = re.compile(
    r"^X-Spam-Status: \w+, score=(?P<score>-?[\d.]+).*?tests=(?P<tests>.*?) autolearn="
    r".*?^Message-ID: <(?P<name>[\w-]+)@",
    re.DOTALL | re.MULTILINE,
)
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n"

Scores = dict[str, tuple[float, str]]  # by name: the score, and the rules that made it


@pytest.fixture(scope="module")
def scores(mails: list[Mail], tmp_path_factory: pytest.TempPathFactory) -> Scores:
    """One start for all, with no memory of other mails: a home of its own, and no learning."""
    folder = tmp_path_factory.mktemp("spam")
    command = [
        program("spamassassin"), "-L", "-t", "--nocreate-prefs",
        "--cf=use_bayes 0", "--cf=bayes_auto_learn 0",
    ]  # fmt: skip
    done = subprocess.run(
        [*command, *_written(mails, folder)],
        check=True,
        capture_output=True,
        env={**os.environ, "HOME": str(folder)},
    )
    said = done.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
    return {
        one["name"].replace("-", " "): (float(one["score"]), " ".join(one["tests"].split()))
        for one in VERDICT.finditer(said)
    }


def _written(mails: list[Mail], folder: Path) -> list[str]:
    content = {one.name: one.content for one in mails}
    good = mail("patient 5").content
    content["undated"] = _renamed(re.sub(rb"(?m)^Date: .*\r\n", b"", good, count=1), b"undated")
    first_part = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    content["marked"] = _renamed(good.replace(first_part, first_part + GTUBE, 1), b"marked")
    for name, raw in content.items():
        (folder / f"{name}.eml").write_bytes(raw)
    return [str(folder / f"{name}.eml") for name in content]


def _renamed(raw: bytes, name: bytes) -> bytes:
    return raw.replace(b"<patient-5@", b"<" + name + b"@", 1)


@pytest.mark.parametrize(
    "name", [*MADE_UP, *(pytest.param(name, marks=needs_corpus) for name in FROM_CORPUS)]
)
def test_no_mail_looks_like_spam(scores: Scores, name: str) -> None:
    score, rules = scores[name]
    assert score <= MOST, rules


def test_both_parts_were_read(scores: Scores) -> None:
    assert all("HTML_MESSAGE" in scores[name][1] for name in MADE_UP)


def test_a_mail_that_looks_like_spam_is_found_out(scores: Scores) -> None:
    assert scores["undated"][0] > MOST
    assert "MISSING_DATE" in scores["undated"][1]
    assert "GTUBE" in scores["marked"][1]
