"""`digest segments`, `digest suppressions`, and the export: what they print and write."""

from __future__ import annotations

import csv
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from digest.cli.main import app
from digest.errors import Refused
from digest.models import Issue
from subscribers.models import Segment, Suppression
from subscribers.suppression import suppress
from tests.builders import a_subscriber, an_approved_issue

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[int, str]:
    """Exit code and what is printed. Raises what the command refuses with."""
    done = CliRunner().invoke(app, ["--config", os.environ["DIGEST_CONFIG"], *words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout


def document(*words: str) -> Any:
    code, printed = run(*words, "--json")
    assert code == 0
    return json.loads(printed)


@pytest.fixture(autouse=True)
def _people() -> None:
    a_subscriber("ann@example.org", name="=1+1", tags=["clinic a"])
    a_subscriber("bob@example.org", state="left", tags=["clinic a"])
    a_subscriber("cy@example.org", lists=("clinician",))


@pytest.fixture(autouse=True)
def _departures(settings: Any, tmp_path: Path) -> None:
    settings.SUBSCRIBERS_DEPARTURES = str(tmp_path / "departures")


def test_a_segment_is_saved_counted_listed_and_forgotten() -> None:
    size = {"readers": 1, "subscribers": 2}
    expression = 'tag = "clinic a"'
    made = document("segments", "save", "clinic-a", expression)
    assert made == {"name": "clinic-a", "expression": expression, "new": True, **size}
    assert document("segments", "count", "clinic-a") == {"expression": expression, **size}
    assert document("segments", "count", "not bounced")["readers"] == 2
    (line,) = document("segments")["segments"]
    assert line == {"name": "clinic-a", "expression": expression, "problem": None, **size}
    assert "clinic-a" in run("segments")[1]
    assert "1 reader now, of 2 who match" in run("segments", "count", "clinic-a")[1]
    assert "Changed" in run("segments", "save", "clinic-a", "bounced")[1]
    assert document("segments", "forget", "clinic-a") == {"forgotten": "clinic-a"}
    assert not Segment.objects.exists()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["segments", "save", "x", "list = doctors"], "segment, character 8: there is no list"),
        (["segments", "save", "bounced", "bounced"], "Choose another name"),
        (["segments", "forget", "x"], "there is no segment 'x'"),
        (["segments", "count", "tag ="], "segment, character 6: a value is missing"),
        (["subscribers", "export", "--segment", "friends"], "there is no segment 'friends'"),
        (["send", "1", "--segment", "friends"], "there is no segment 'friends'"),
        (["suppressions", "import", "none.csv"], "none.csv: cannot be read"),
        (["suppressions", "import", "none.csv", "--reason", "bounce"], "--reason goes with"),
        (["suppressions", "import", "x", "--addresses", "--reason", "erased"], "is one of bounce"),
    ],
)
def test_a_wrong_order_is_refused_in_one_line(words: list[str], problem: str) -> None:
    an_approved_issue()
    with pytest.raises(Refused) as raised:
        run(*words)
    assert problem in raised.value.line()
    assert len(raised.value.line().splitlines()) == 1


def test_the_export_goes_to_a_file_for_its_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    file.touch(mode=0o644)
    told = document("subscribers", "export", "--segment", 'tag = "clinic a"', "--out", str(file))
    assert told == {"rows": 2, "file": str(file)}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open(encoding="utf-8", newline="") as stream:
        first, second = csv.DictReader(stream)
    assert (first["address"], first["name"]) == ("ann@example.org", "'=1+1")
    assert second["state"] == "left"


def test_the_export_as_json_is_the_same_in_a_file_and_on_stdout(tmp_path: Path) -> None:
    file = tmp_path / "new.json"
    line = run(
        "subscribers", "export", "--list", "clinician", "--format", "json", "--out", str(file)
    )
    assert "1 row in" in line[1]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (row,) = json.loads(file.read_text(encoding="utf-8"))["subscribers"]
    assert row["address"] == "cy@example.org"
    assert document("subscribers", "export", "--list", "clinician") == {"subscribers": [row]}
    assert json.loads(run("subscribers", "export", "--format", "json", "--list", "clinician")[1])


def test_another_format_is_refused_in_plain_words() -> None:
    order = ["--config", os.environ["DIGEST_CONFIG"], "subscribers", "export", "--format", "xml"]
    done = CliRunner().invoke(app, order)
    assert done.exit_code == 2
    assert "'xml' is no format; write csv or json" in done.stderr


def test_an_export_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be written"):
        run("subscribers", "export", "--out", str(tmp_path / "no" / "out.csv"))


def test_the_suppression_list_goes_out_and_comes_in_again(tmp_path: Path) -> None:
    suppress("ann@example.org", Suppression.Reason.BOUNCE, "eve")
    file = tmp_path / "list.csv"
    told = document("suppressions", "export", str(file))
    assert (told["rows"], len(told["hashed_with"])) == (1, 16)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "@" not in file.read_text(encoding="utf-8")
    Suppression.objects.all().delete()
    counted = document("suppressions", "import", str(file))["counts"]
    assert counted == {"new": 1, "stronger": 0, "already": 0, "returned": 0, "invalid": 0}
    found = {"bounce": 1, "complaint": 0, "operator": 0, "erased": 0}
    assert document("suppressions") == {"suppressions": found}
    assert "bounce" in run("suppressions")[1]


def test_addresses_are_suppressed_and_wrong_lines_exit_with_1(tmp_path: Path) -> None:
    file = tmp_path / "addresses.txt"
    file.write_text("ann@example.org\nnobody\n", encoding="utf-8")
    words = ("suppressions", "import", str(file), "--addresses", "--reason", "complaint")
    code, printed = run(*words, "--json")
    told = json.loads(printed)
    assert (code, told["counts"]["new"], told["invalid"]) == (
        1, 1, [{"line": 2, "reason": "it has no @", "mend": "Write it as ann@example.org"}],
    )  # fmt: skip
    done = CliRunner().invoke(app, ["--config", os.environ["DIGEST_CONFIG"], *words])
    assert "addresses.txt, line 2: it has no @. Write it as ann@example.org" in done.stderr
    assert Suppression.objects.get().reason == "complaint"


def test_a_scheduled_issue_keeps_its_segment_and_show_says_so() -> None:
    an_approved_issue()
    run("send", "1", "--at", "2099-01-01", "--segment", 'tag = "clinic a"')
    assert Issue.objects.get().segment == 'tag = "clinic a"'
    told = document("show", "1")["segment"]
    assert told == {"expression": 'tag = "clinic a"', "readers": 1}
    assert 'To the segment tag = "clinic a": 1 confirmed reader now' in run("show", "1")[1]
