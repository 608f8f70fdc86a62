"""The W3C's Nu checker reads every mail and its public page: no error but Microsoft's own names."""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from tests.editorial.material import needs_corpus
from tests.outside.conftest import from_npm, program
from tests.outside.mails import FROM_CORPUS, MADE_UP, WITH_A_PAGE, Mail, mail

# Not in HTML's or CSS's dictionary, and needed: Word's namespace and properties, and Apple's
# property of before `color-scheme`.
NEEDED = r".*“(xmlns:|mso-|supported-color-schemes).*"
# Outlook lays out with Word, which reads attributes where it does not read the style.
FOR_WORD = re.compile(r"The “(width|height|align|bgcolor|cellpadding|cellspacing)” attribute on .*")
BROKEN = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Broken</title>
<style>p{colour:red}</style></head>
<body><h1 id="a">One</h1><p id="a">Two <b>three</p><img src="x.png"><center>Four</center></body>
</html>
"""

Said = dict[str, dict[str, list[str]]]  # by name of the file: "error" and "info" → messages


@pytest.fixture(scope="module")
def said(mails: list[Mail], tmp_path_factory: pytest.TempPathFactory) -> Said:
    """One start of Java for all: it takes longer than the reading."""
    return messages(_written(mails, tmp_path_factory.mktemp("nu")))


def messages(files: list[str]) -> Said:
    """What Nu says of each file, by its name without the ending."""
    command = [
        program("java"), "-Xss4m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar",
        str(from_npm("vnu-jar/build/dist/vnu.jar")), "--stdout", "--exit-zero-always",
        "--format", "json", "--filterpattern", NEEDED,
    ]  # fmt: skip
    done = subprocess.run([*command, *files], check=True, capture_output=True, text=True)
    found: Said = defaultdict(lambda: defaultdict(list))
    for one in json.loads(done.stdout)["messages"]:
        place = f"line {one.get('lastLine')}: {one['message']} {one.get('extract', '')!r}"
        found[Path(one["url"].replace("%20", " ")).stem][one["type"]].append(place)
    return found


def _written(mails: list[Mail], folder: Path) -> list[str]:
    pages = {one.name: one.html for one in mails} | {"broken": BROKEN}
    pages |= {f"page of {one.name}": one.page for one in mails if one.name in WITH_A_PAGE}
    for name, html in pages.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return [str(folder / f"{name}.html") for name in pages]


@pytest.mark.parametrize(
    "name", [*MADE_UP, *(pytest.param(name, marks=needs_corpus) for name in FROM_CORPUS)]
)
def test_no_mail_has_an_error(said: Said, name: str) -> None:
    assert said[name]["info"]  # it was read: Word's attributes are remarked upon in each
    assert said[name]["error"] == []
    if name in WITH_A_PAGE:
        assert said[f"page of {name}"]["error"] == []


def test_the_only_remarks_are_on_attributes_that_word_needs(said: Said) -> None:
    remarks = {
        remark.partition(": ")[2]
        for name, messages in said.items()
        if name != "broken"
        for remark in messages["info"]
    }
    assert [remark for remark in remarks if not FOR_WORD.match(remark)] == []


@pytest.mark.parametrize(
    "error", ["“alt”", "“colour”", "Duplicate ID “a”", "open elements", "“center”"]
)
def test_a_broken_mail_is_found_out(said: Said, error: str) -> None:
    assert any(error in message for message in said["broken"]["error"])


def test_what_is_let_pass_is_needed(said: Said) -> None:
    html = mail("patient 5").html
    assert all(name in html for name in ("xmlns:o=", "mso-hide:", "supported-color-schemes"))
