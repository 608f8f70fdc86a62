"""Reading labelled files: bad lines are listed, each with its place; the others are scored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.evaluate.labelled import TEXTS, read_labelled
from bench.evaluate.predict import read_all
from digest.errors import Refused

THEMES = ("mind", "life")
GOOD: dict[str, Any] = {
    "slug": "a-walk",
    **{name: f"What the {name} says." for name in TEXTS},
    "gold": {"theme": "mind", "also": None, "kind": "trial", "participants": 12, "species": []},
}


def line(drop: str = "", **changes: Any) -> str:
    """A good line with top-level keys changed or one dropped."""
    return json.dumps({key: value for key, value in {**GOOD, **changes}.items() if key != drop})


def gold(drop: str = "", **changes: Any) -> str:
    """A good line with labels changed or one dropped."""
    kept = {key: value for key, value in {**GOOD["gold"], **changes}.items() if key != drop}
    return line(slug="changed", gold=kept)


def written(folder: Path, *lines: str) -> Path:
    path = folder / "mine.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_good_line_is_read_whole(tmp_path: Path) -> None:
    found, refusals = read_labelled(written(tmp_path, line()), THEMES)
    assert refusals == []
    assert found[0].slug == "a-walk"
    assert found[0].summary.limits == "What the limits says."
    assert (found[0].gold.theme, found[0].gold.participants) == ("mind", 12)


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ("{half a line", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('["a list"]', "is no JSON object"),
        (line(drop="limits"), "`limits`"),
        (line(drop="gold"), "`gold`"),
        (line(slug="b", gold="mind"), "`gold` is no object"),
        (line(slug="\u200b"), "`slug`"),
        (line(slug="b", found=7), "`found` is a number"),
        (line(slug="b", found=""), "found"),
        (line(), "stands in an earlier line"),
        (gold(drop="kind"), "`gold.kind`"),
        (gold(theme="weather"), "`gold.theme` 'weather' is not known. Known: mind, life"),
        (gold(theme=["mind"]), "`gold.theme`"),
        (gold(also="weather"), "`gold.also` 'weather'"),
        (gold(kind="guess"), "`gold.kind` 'guess'"),
        (gold(participants="12"), "`gold.participants`"),
        (gold(participants=True), "`gold.participants`"),
        (gold(participants=0), "`gold.participants`"),
        (gold(species=["dragon"]), "`gold.species`"),
        (gold(species="human"), "`gold.species`"),
    ],
)
def test_a_bad_line_is_named_with_its_place_and_the_rest_goes_on(
    tmp_path: Path, bad: str, named: str
) -> None:
    path = written(tmp_path, line(), bad, "", line(slug="last"))
    found, refusals = read_labelled(path, THEMES)
    assert [one.slug for one in found] == ["a-walk", "last"]
    assert len(refusals) == 1
    assert refusals[0].place == f"{path} line 2"
    assert named in refusals[0].line()
    assert "\n" not in refusals[0].line()


def test_a_second_theme_may_be_left_out(tmp_path: Path) -> None:
    found, refusals = read_labelled(written(tmp_path, gold(drop="also")), THEMES)
    assert (found[0].gold.also, refusals) == (None, [])


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="nowhere"):
        read_labelled(tmp_path / "nowhere.jsonl", THEMES)
    with pytest.raises(Refused):
        read_labelled(tmp_path, THEMES)


def test_our_own_corpus_has_no_bad_line() -> None:
    from bench.evaluate.__main__ import DEFAULT
    from digest.editorial.themes import load_taxonomy

    taxonomy = load_taxonomy()
    found, refusals = read_labelled(DEFAULT, taxonomy.themes)
    assert (len(found), refusals) == (48, [])
    assert len(read_all(found, taxonomy, None)) == 48


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([*GOOD, *GOOD["gold"]]), inner, max_size=6),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_nothing_in_a_file_brings_the_reader_down(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "wild.jsonl"
    path.write_bytes(raw + b"\n" + line().encode())
    found, refusals = read_labelled(path, THEMES)
    assert len(found) + len(refusals) >= 1
    assert all(one.line().isprintable() for one in refusals)
