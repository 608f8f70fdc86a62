"""`digest gather`, `digest sources`, `digest flags`: what they print, and how they exit."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from digest.cli.main import app
from digest.cli.output import size
from digest.errors import Refused
from digest.models import Flag, SourceState
from digest.pipeline import gather as step
from digest.pipeline.gather import Gathering
from digest.values import Refusal
from tests.builders import a_flag, a_stored_drug_trial, a_stored_summary

pytestmark = pytest.mark.django_db

STILL = "https://a.example.org/old: it has no text. Tell the site"
REFUSAL = Refusal("https://a.example.org/rss entry 2", "it has no title", "Tell the site")
GATHERED = [
    Gathering(
        "good", "feed", found=50, new=1234, changed=2, merged=3, held=4, bytes=1_234_567,
        requests=7, seconds=12.345, refusals=(REFUSAL,), notes=("moved for good",), removed=1,
        flagged=5, still=(STILL,),
    ),
    Gathering("bad-and-with-a-name", "pages", error="x: the site answered 500. Try later"),
    Gathering("gone", "feed", skipped="gone for good since 3 March 2026: correct it"),
]  # fmt: skip


def run(*words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr. Raises what the command refuses with."""
    arguments = ["--config", os.environ["DIGEST_CONFIG"], *words]
    done = CliRunner(env={"COLUMNS": "80"}).invoke(app, arguments)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def document(*words: str) -> tuple[int, Any]:
    code, printed, _ = run(*words, "--json")
    return code, json.loads(printed)


@pytest.fixture
def gathered(monkeypatch: pytest.MonkeyPatch) -> list[Gathering]:
    """What the next gathering gives."""
    results = list(GATHERED)
    monkeypatch.setattr(step, "gather", lambda config, **rest: results)
    return results


def test_the_document_tells_every_count_of_every_source(gathered: list[Gathering]) -> None:
    code, printed = document("gather")
    assert code == 1
    assert printed["sources"][0] == {
        "name": "good", "kind": "feed", "found": 50, "new": 1234, "changed": 2, "merged": 3,
        "held": 4, "failed": 2, "bytes": 1_234_567, "seconds": 12.345, "requests": 7,
        "unchanged": False, "removed": 1, "flagged": 5, "error": None,
        "refused": [
            {"place": REFUSAL.place, "problem": REFUSAL.problem, "mend": REFUSAL.mend}
        ],
        "still_refused": [STILL], "notes": ["moved for good"], "skipped": None,
    }  # fmt: skip
    assert [s["failed"] for s in printed["sources"]] == [2, 1, 0]
    assert [bool(s["skipped"]) for s in printed["sources"]] == [False, False, True]


def test_the_table_fits_a_terminal_and_every_trouble_has_its_line(
    gathered: list[Gathering],
) -> None:
    code, printed, troubles = run("gather")
    assert code == 1
    lines = printed.splitlines()
    assert lines[0].split() == [
        "source", "found", "new", "changed", "merged", "held", "failed", "bytes", "seconds",
    ]  # fmt: skip
    assert max(map(len, lines)) <= 80
    assert lines[1].split() == ["good", "50", "1234", "2", "3", "4", "2", "1.2", "MB", "12.3"]
    assert "good: moved for good" in lines
    assert "gone: not visited; gone for good since 3 March 2026: correct it" in lines
    assert "Held: no date that can be read." in printed
    assert "good: 1 refused before; `digest gather --source good` tries them now" in lines
    assert "5 to look at: `digest flags`" in lines
    assert "Nothing new." not in lines
    assert troubles.splitlines() == [REFUSAL.line(), STILL, GATHERED[1].error]


def test_a_hostile_source_does_not_bury_the_others(gathered: list[Gathering]) -> None:
    gathered[0] = Gathering("storm", "feed", refusals=(REFUSAL,) * 2_000)
    troubles = run("gather")[2].splitlines()
    assert len(troubles) == 502
    assert troubles[500] == "storm: 1,500 more are refused; `--json` has them all"
    assert troubles[501] == GATHERED[1].error


def test_a_gathering_that_changes_nothing_says_so(gathered: list[Gathering]) -> None:
    quiet = Gathering("good", "feed", found=3, unchanged=True)
    gathered[:] = [quiet, GATHERED[2]]
    assert run("gather")[1].splitlines()[-1] == "Nothing new."
    gathered[:] = [replace(quiet, still=(STILL,))]
    assert "Nothing new." not in run("gather")[1]
    gathered[:] = [replace(quiet, unchanged=False, new=1)]
    assert "Nothing new." not in run("gather")[1]


def test_one_that_is_passed_over_is_no_failure(gathered: list[Gathering]) -> None:
    del gathered[:2]
    assert run("gather")[0] == 0


def test_control_characters_of_a_site_do_not_reach_the_terminal(gathered: list[Gathering]) -> None:
    gathered[:] = [Gathering("x", "feed", notes=("\x1b[2Jmoved\u202e",), error="\x1b[31mred")]
    _, printed, troubles = run("gather")
    assert "\x1b" not in printed + troubles
    assert "\u202e" not in printed


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_234_567, "1.2 MB"), (2 * 10**9, "2.0 GB")],
)
def test_sizes_are_said_in_units_of_a_thousand(count: int, shown: str) -> None:
    assert size(count) == shown


def test_sources_tell_how_each_is_doing() -> None:
    code, printed = document("sources")
    assert code == 0
    (line,) = printed["sources"]
    assert set(line) == {
        "name", "kind", "last_check", "last_success", "error", "next_try", "failures", "gone",
        "notes", "summaries", "found",
    }  # fmt: skip
    assert run("sources")[0] == 0


def test_sources_fit_a_terminal_with_every_trouble_and_note_on_a_line_of_its_own() -> None:
    name = document("sources")[1]["sources"][0]["name"]
    long = "https://a.example.org/" + "x" * 90 + ": it has no text. Tell the site"
    at = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
    SourceState.objects.create(
        name=name, last_check=at, last_error=f"{long}\nsecond", notes="moved for good"
    )
    lines = run("sources")[1].splitlines()
    assert [f"{name}: {told}" for told in (long, "second", "moved for good")] == lines[-3:]
    assert max(map(len, lines[:-3])) <= 80
    assert "2026-11-02 09:30" in lines[1]


def test_flags_are_listed_and_settled_by_number() -> None:
    one, two = a_stored_summary("one"), a_stored_drug_trial("two")
    first = a_flag(one, other=two, detail="nine words in ten")
    second = a_flag(two, kind="changed", detail="its limits")
    assert [f["number"] for f in document("flags")[1]["flags"]] == [first.pk, second.pk]
    assert "nine words in ten" in run("flags")[1]
    code, printed = document("flags", "settle", str(first.pk), str(second.pk), "--by", "Ada")
    assert (code, [f["settled_by"] for f in printed["settled"]]) == (0, ["Ada", "Ada"])
    assert document("flags")[1] == {"flags": []}
    assert "Nothing to look at." in run("flags")[1]
    assert len(document("flags", "--all")[1]["flags"]) == 2
    assert "Ada" in run("flags", "--all")[1]


def test_the_document_may_be_asked_for_before_the_word_settle() -> None:
    flag = a_flag(a_stored_summary("one"))
    code, printed, _ = run("flags", "--json", "settle", str(flag.pk))
    assert (code, [one["number"] for one in json.loads(printed)["settled"]]) == (0, [flag.pk])


def test_a_flag_is_settled_by_who_sits_at_the_shell_and_says_so() -> None:
    flag = a_flag(a_stored_summary("one"), kind="removed")
    assert run("flags", "settle", str(flag.pk))[1] == f"Settled {flag.pk}: one, removed.\n"
    flag.refresh_from_db()
    assert "shell" in flag.settled_by


def test_a_wrong_number_is_one_clear_line_and_settles_nothing() -> None:
    flag = a_flag(a_stored_summary("one"))
    with pytest.raises(Refused, match=r"there is no flag 999\. `digest flags --all` lists them"):
        run("flags", "settle", str(flag.pk), "999")
    assert Flag.objects.get().settled_at is None
    for wrong in ("zero", "0", "9" * 30):
        assert run("flags", "settle", wrong)[0] == 2
