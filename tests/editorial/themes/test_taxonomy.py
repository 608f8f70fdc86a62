from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from digest.editorial.themes import SHIPPED, classify, load_taxonomy
from digest.errors import ConfigError
from digest.values import AUDIENCES
from tests.editorial.material import bare_summary

TAXONOMY = load_taxonomy()


def test_the_shipped_themes_are_twelve_with_words_for_each_audience() -> None:
    assert " ".join(TAXONOMY.themes) == (
        "treatment safety immune repair causes gut_diet tests symptoms mind movement life related"
    )
    for theme in TAXONOMY.themes.values():
        assert set(theme.names) == set(theme.lines) == set(AUDIENCES)


def test_each_shipped_theme_says_what_belongs_there_and_how_its_texts_sound() -> None:
    for theme in TAXONOMY.themes:
        assert TAXONOMY.definitions[theme]
        assert len(TAXONOMY.texts[theme].split()) > 80


def test_a_theme_given_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "themes.yaml"
    path.write_text(SHIPPED.read_text(encoding="utf-8") + "\nmovement: {}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"line \d+: key 'movement' given twice"):
        load_taxonomy(path)


def test_a_sites_file_may_leave_out_definition_and_prototype(tmp_path: Path) -> None:
    path = _site_file(tmp_path, "movement", definition="", prototype="")
    headline = bare_summary(headline="Yoga and gait training")
    assert classify(headline, load_taxonomy(path)).theme == "movement"


def _site_file(folder: Path, theme: str, **changes: object) -> Path:
    raw = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    raw[theme].update(changes)
    path = folder / "themes.yaml"
    path.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")
    return path


def test_a_site_may_bring_its_own_terms(tmp_path: Path) -> None:
    path = _site_file(tmp_path, "movement", terms={9: ["kayak*"]})
    assert classify(bare_summary(headline="Kayaking"), load_taxonomy(path)).theme == "movement"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"names": {"patient": "Moving"}}, ["movement.names", "caregiver"]),
        ({"names": {"everyone": "Moving"}}, ["movement.names.everyone"]),
        ({"term": {}}, ["movement.term", "unknown key", "terms"]),
        ({"terms": {2: ["a*"]}}, ["movement.terms", "'a*' is too short"]),
        ({"terms": {2: ["run (fast"]}}, ["movement.terms", "'run (fast' is no term"]),
        ({"terms": {-1: ["run"]}}, ["movement.terms", "greater than 0"]),
        ({"terms": {2: [False]}}, ["movement.terms", "string"]),
        ({"terms": {2: ["run"], 3: ["Run"]}}, ["movement.terms", "'run' is given twice"]),
        ({"prototype": 7}, ["movement.prototype", "string"]),
        ({"wins_over": {"feet": 0.6}}, ["movement.wins_over", "'feet'", "gut_diet"]),
        ({"wins_over": {"life": 2}}, ["movement.wins_over.life", "less than or equal to 1"]),
    ],
)
def test_a_wrong_theme_is_named_with_key_and_mend(
    tmp_path: Path, changes: dict[str, object], words: list[str]
) -> None:
    path = _site_file(tmp_path, "movement", **changes)
    with pytest.raises(ConfigError) as error:
        load_taxonomy(path)
    line = error.value.line()
    assert str(path) in line
    assert error.value.mend
    for word in words:
        assert word in line


@pytest.mark.parametrize("content", [b"", b"- a\n", b"a: [", b"\xff\xfe", b"Bad Name: {}\n", b"a:"])
def test_a_file_that_holds_no_themes_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "themes.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"themes\.yaml"):
        load_taxonomy(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_taxonomy(tmp_path / "none.yaml")
