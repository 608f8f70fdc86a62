"""`digest preflight`: what it prints, what it exits with, and that wrong input is one line."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from typer.testing import CliRunner

from digest.cli.main import app
from digest.errors import Refused
from digest.models import Issue
from digest.pipeline.compose import compose
from tests.builders import NOW, a_config, a_stored_drug_trial, a_stored_summary

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def issue(monkeypatch: pytest.MonkeyPatch) -> Issue:
    """The open draft of the tests' site; nobody is on its lists, and one address is private."""
    monkeypatch.setenv("COLUMNS", "80")
    a_stored_summary("walk", url="http://127.0.0.1:9/walk")
    a_stored_summary("rest", url="", headline="Resting every day eased tiredness.")
    a_stored_drug_trial("drug", url="")
    return compose(a_config(), now=NOW)


def run(*words: str) -> tuple[int, str]:
    """Exit code and what is printed. Raises what the command refuses with."""
    done = CliRunner().invoke(app, ["--config", os.environ["DIGEST_CONFIG"], *words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout


def document(*words: str) -> tuple[int, Any]:
    code, printed = run(*words, "--json")
    return code, json.loads(printed)


def blocked() -> None:
    run("intro", "1", "--audience", "patient", "TK")


def test_nothing_blocks_and_it_exits_with_0() -> None:
    code, printed = run("preflight", "1")
    assert code == 0
    assert "Blocks" not in printed
    assert "every list: nobody is on it, so nobody gets this issue." in printed
    said = printed.splitlines()[-1]
    assert said.startswith("Nothing blocks issue 1. ")
    assert said.endswith(" warnings may wait. Next: `digest approve 1 --by NAME`")


def test_what_blocks_stands_first_and_it_exits_with_1() -> None:
    blocked()
    code, printed = run("preflight", "1")
    assert code == 1
    assert printed.startswith(
        "Blocks (1)\n\n  placeholder\n    patient edition, introduction: TK was left in it.\n"
        "    → Write another: `digest intro 1 --audience patient TEXT`.\n"
    )
    assert printed.splitlines()[-1] == "1 thing blocks issue 1: mend what blocks, then look again."


def test_lines_fit_the_terminal_and_one_mend_stands_once() -> None:
    _, printed = run("preflight", "1")
    assert max(map(len, printed.splitlines())) <= 80
    assert printed.count("Add the address at the source") == 1


@pytest.mark.parametrize("block", [False, True])
def test_json_has_the_counts_and_every_finding(block: bool) -> None:
    if block:
        blocked()
    code, told = document("preflight", "1")
    assert code == block
    assert list(told) == ["number", "state", "blocks", "warns", "findings"]
    assert (told["number"], told["state"], told["blocks"]) == (1, "draft", int(block))
    levels = [finding["level"] for finding in told["findings"]]
    assert levels == ["blocks"] * told["blocks"] + ["warns"] * told["warns"]
    for finding in told["findings"]:
        assert list(finding) == ["level", "check", "where", "what", "mend"]
        assert all(finding.values())


def test_a_private_address_is_a_warning_when_links_are_asked() -> None:
    _, without = document("preflight", "1")
    code, told = document("preflight", "1", "--links")
    assert code == 0
    (found,) = (one for one in told["findings"] if one["check"] == "reachable")
    assert "its host 127.0.0.1 is on a private network" in found["what"]
    assert told["warns"] == without["warns"] + 1


def test_an_issue_that_cannot_be_rendered_still_gives_a_document() -> None:
    Issue.objects.update(state="skipped")
    code, told = document("preflight", "1")
    assert (code, told["blocks"], told["findings"][0]["check"]) == (1, 1, "rendering")


def test_an_issue_that_there_is_not_is_refused() -> None:
    with pytest.raises(Refused, match=r"there is no issue 7\. There are: 1"):
        run("preflight", "7")


def test_approving_says_what_blocks() -> None:
    blocked()
    with pytest.raises(Refused, match=r"TK was left in it.*`digest preflight 1` lists them"):
        run("approve", "1", "--by", "Ada")
    assert Issue.objects.get().state == "draft"
