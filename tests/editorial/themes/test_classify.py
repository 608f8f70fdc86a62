"""Themes of unseen text: terms, prototypes and tie-breaks together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial.prototypes import LABELLED, our_labelled
from digest.editorial.similarity import cosine, count, inverse_frequency, vector
from digest.editorial.themes import SHIPPED, classify, load_taxonomy
from digest.editorial.themes.stems import stems
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
    taxonomy = TAXONOMY.but_for([one.slug for one in our_labelled()])  # none of them seen
    pairs = [(classify(item.summary, taxonomy).theme, item.gold) for item in corpus()]
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


def test_what_a_person_feels_beats_the_scan_that_shows_it() -> None:
    verdict = classify(
        bare_summary(headline="MRI scans show which brain regions go with fatigue."), TAXONOMY
    )
    assert (verdict.theme, verdict.also) == ("symptoms", "tests")


def test_gut_bacteria_beat_the_immune_cells_that_they_stir() -> None:
    headline = "Gut bacteria from twins make T cells attack the brain of mice."
    assert classify(bare_summary(headline=headline), TAXONOMY).theme == "gut_diet"


def test_the_prototype_decides_where_no_term_stands(tmp_path: Path) -> None:
    raw = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    raw["movement"]["prototype"] += " Kayaks and paddles on the lake."
    path = tmp_path / "themes.yaml"
    path.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")
    paddling = bare_summary(headline="A kayak and its paddles")
    assert classify(paddling, TAXONOMY).margin == 0.0
    assert classify(paddling, load_taxonomy(path)).theme == "movement"


def test_our_labelled_summaries_are_part_of_the_prototypes_and_can_be_left_out() -> None:
    ours = our_labelled()
    assert len(ours) > 300
    without = TAXONOMY.but_for([one.slug for one in ours])
    assert "fatigu" in without.prototypes.vectors["symptoms"]  # from the prototype text
    assert len(without.prototypes.telling) < len(TAXONOMY.prototypes.telling)


def test_the_labelled_summaries_we_wrote_are_found_by_those_that_lie_apart() -> None:
    """Measured without a tenth of them, on that tenth (`make eval` measures all)."""
    rows = [
        json.loads(line)
        for path in sorted(LABELLED.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ][::10]
    taxonomy = TAXONOMY.but_for([row["slug"] for row in rows])
    texts = ("title", "headline", "found", "why", "limits")
    verdicts = [classify(bare_summary(**{k: row[k] for k in texts}), taxonomy) for row in rows]
    golds = [row["gold"] for row in rows]
    strict = sum(v.theme == gold["theme"] for v, gold in zip(verdicts, golds, strict=True))
    lenient = sum(
        v.theme in (gold["theme"], gold["also"]) for v, gold in zip(verdicts, golds, strict=True)
    )
    assert strict >= 0.85 * len(rows)
    assert lenient >= 0.93 * len(rows)


def test_a_summary_between_two_themes_has_a_small_margin_and_a_clear_one_a_large() -> None:
    between = classify(bare_summary(headline="Yoga for fatigue"), TAXONOMY)
    clear = classify(bare_summary(headline="Treadmill gait training and balance"), TAXONOMY)
    assert between.margin < 0.5 < clear.margin
    assert {between.theme, between.also} == {"movement", "symptoms"}


def test_endings_and_common_words_do_not_count() -> None:
    assert [*stems("The patients were tired, and tiredness tires.")] == ["tired", "tired", "tire"]
    assert [*stems("Relapses and a relapse; inflammation, inflamed.")][:2] == ["relaps", "relaps"]


def test_a_word_of_every_text_tells_less_than_a_word_of_one() -> None:
    texts = ("walking fatigue", "walking pain", "walking memory")
    telling = inverse_frequency([count([(text, 1.0)], stems) for text in texts], least=0.3)
    assert telling["walk"] < telling["pain"]


@settings(max_examples=60)
@given(st.text(max_size=200), st.text(max_size=200))
def test_likeness_lies_between_nothing_and_the_same(one: str, other: str) -> None:
    left, right = (vector(count([(text, 1.0)], stems), {}, 1.0) for text in (one, other))
    assert 0 <= cosine(left, right) <= 1 + 1e-9
    assert cosine(left, right) == pytest.approx(cosine(right, left))
    assert not left or cosine(left, left) == pytest.approx(1)


def test_the_headline_counts_thrice() -> None:
    summary = bare_summary(
        headline="Bladder trouble is common.", found="Walking and gait were measured too."
    )
    assert classify(summary, TAXONOMY).theme == "symptoms"
    turned = bare_summary(headline="Gait was measured.", found="Bladder trouble was common too.")
    assert classify(turned, TAXONOMY).theme == "movement"


def test_the_weightiest_words_are_shown_first() -> None:
    terms = classify(bare_summary(headline="Insomnia, energy and daily life"), TAXONOMY).terms
    assert terms[0] == "Insomnia"
