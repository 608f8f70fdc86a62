from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from digest.editorial.themes import SHIPPED, classify, load_taxonomy
from digest.errors import ConfigError
from digest.values import AUDIENCES
from tests.editorial.material import bare_summary, corpus, needs_corpus, needs_seeds, seed

TAXONOMY = load_taxonomy()
# Headlines that are in no corpus, one or more a theme.
UNSEEN = [
    ("treatment", "Switching from fingolimod to ocrelizumab lowered relapse rates."),
    ("treatment", "Giving natalizumab every six weeks works as well as every four weeks."),
    ("safety", "The shingles vaccine is safe for people with MS taking B-cell drugs."),
    ("safety", "Fingolimod linked to skin cancer in a large registry."),
    ("immune", "Scientists found that microglia stay active at the edge of lesions for years."),
    ("immune", "Blocking a protein in T cells calmed MS-like disease in mice."),
    ("repair", "An antihistamine may help the body rebuild myelin in people with MS."),
    ("causes", "Low sun exposure in childhood is linked to a higher chance of developing MS."),
    ("causes", "The number of people with MS in Norway has risen over 50 years."),
    ("gut_diet", "High-dose vitamin D did not reduce relapses in a large trial."),
    ("gut_diet", "Eating more fish may be linked to less disability in MS."),
    ("tests", "Artificial intelligence can spot MS lesions on brain scans faster."),
    ("tests", "A blood test for a protein called GFAP may predict who will get worse."),
    ("symptoms", "A cooling vest may help reduce fatigue in the heat."),
    ("symptoms", "Botox injections helped bladder control in people with MS."),
    ("mind", "Computer games may improve memory and processing speed in MS."),
    ("movement", "Virtual reality training improved balance in people with MS."),
    ("life", "Women with MS can safely breastfeed after pregnancy, study finds."),
    ("life", "Telehealth visits make it easier for rural patients to see a neurologist."),
    ("related", "Rituximab lowers relapses in children with MOG antibody disease."),
]


@pytest.mark.parametrize(("theme", "headline"), UNSEEN)
def test_an_unseen_headline_finds_its_theme(theme: str, headline: str) -> None:
    assert classify(bare_summary(headline=headline), TAXONOMY).theme == theme


@needs_corpus
def test_the_corpus_is_put_into_its_themes() -> None:
    pairs = [(classify(item.summary, TAXONOMY).theme, item.gold) for item in corpus()]
    strict = sum(theme == gold["theme"] for theme, gold in pairs)
    lenient = sum(theme in (gold["theme"], gold["also"]) for theme, gold in pairs)
    assert strict / len(pairs) >= 0.80
    assert lenient / len(pairs) >= 0.90


@needs_seeds
@pytest.mark.parametrize(
    ("word", "themes"),
    [
        ("iron", {"repair", "immune"}),
        ("retroviruses", {"causes"}),
        ("efferocytosis", {"immune"}),
        ("relapse", {"tests"}),
    ],
)
def test_a_page_without_a_title_finds_its_theme(word: str, themes: set[str]) -> None:
    assert classify(seed(word), TAXONOMY).theme in themes


def test_the_words_that_decided_are_shown_as_they_stand() -> None:
    verdict = classify(bare_summary(headline="Epstein–Barr and Smoking Raise MS Risk"), TAXONOMY)
    assert verdict.theme == "causes"
    assert "Epstein–Barr" in verdict.terms
    assert "Smoking" in verdict.terms
    assert 0 < verdict.margin <= 1


def test_a_named_harm_beats_the_drug() -> None:
    headline = "People switching to rituximab had more serious infections."
    verdict = classify(bare_summary(headline=headline), TAXONOMY)
    assert (verdict.theme, verdict.also) == ("safety", "treatment")


def test_the_why_paragraph_hardly_counts() -> None:
    summary = bare_summary(
        headline="Daily yoga improved balance.",
        why="Caregivers and relatives may join. Doctors can ask about fatigue, sleep and mood.",
    )
    assert classify(summary, TAXONOMY).theme == "movement"


def test_a_text_without_any_term_is_unsure() -> None:
    verdict = classify(bare_summary(headline="Nothing to see."), TAXONOMY)
    assert (verdict.margin, verdict.terms, verdict.also) == (0.0, (), None)


def test_the_shipped_themes_are_twelve_with_words_for_each_audience() -> None:
    assert " ".join(TAXONOMY.themes) == (
        "treatment safety immune repair causes gut_diet tests symptoms mind movement life related"
    )
    for theme in TAXONOMY.themes.values():
        assert set(theme.names) == set(theme.lines) == set(AUDIENCES)


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
        ({"wins_over": ["feet"]}, ["movement.wins_over", "'feet'", "gut_diet"]),
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
