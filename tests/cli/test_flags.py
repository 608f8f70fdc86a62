"""`digest flags`: what was sent and what is said now, without what a terminal obeys."""

from __future__ import annotations

import json

import pytest

from tests.builders import an_entry
from tests.cli.test_gathering import run
from tests.pipeline.harvests import in_an_issue, kept

pytestmark = pytest.mark.django_db


def test_what_changed_stands_below_its_flag_and_in_the_document() -> None:
    kept("one", an_entry(found="Doctors followed 120 people."))
    in_an_issue()
    kept("one", an_entry(found="Doctors [b]followed\x1b[31m 130 people.", limits=""))
    printed = run("flags")[1]
    assert "   what was found\n      was: Doctors followed 120 people.\n" in printed
    assert "      is: Doctors [b]followed [31m 130 people.\n" in printed
    assert "   the limits\n" in printed
    assert "      is: nothing\n" in printed
    assert "\x1b" not in printed
    (flag,) = json.loads(run("flags", "--json")[1])["flags"]
    assert [change["field"] for change in flag["changes"]] == ["what was found", "the limits"]
    assert flag["url"] == an_entry().url
