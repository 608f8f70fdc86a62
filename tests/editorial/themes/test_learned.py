"""Learning: what an editor moved, similar summaries follow, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from digest.editorial.prototypes import our_labelled
from digest.editorial.themes import Example, classify, learn, load_taxonomy
from digest.editorial.themes.learned import ALIKE, NEIGHBOURS, vector_of
from digest.values import Summary
from tests.editorial.material import bare_summary, corpus, needs_corpus

TAXONOMY = load_taxonomy()


def a_sleep_app(slug: str, **texts: Any) -> Summary:
    plain = bare_summary(
        title="A Phone App Tracks How People With MS Sleep",
        headline="A smartphone app measured sleep as well as a sleep laboratory did.",
        found="The app recorded nights of sleep in 60 people. Its scores agreed with sensors.",
    )
    return replace(plain, slug=slug, **texts)


MOVED = a_sleep_app("moved")
LATER = a_sleep_app(
    "later",
    title="Can a Wristband and an App Replace Nights in the Sleep Laboratory?",
    headline="A wristband with a smartphone app scored the sleep of people with MS at home.",
    found="For two weeks 80 people wore the band. The scores of the app were close to sensors.",
)
UNLIKE = bare_summary(
    title="Fewer Relapses on Ocrelizumab",
    headline="People who switched to ocrelizumab had fewer relapses.",
    found="Over two years 900 people switched drugs.",
)
TAUGHT = learn([Example(MOVED, "life")], TAXONOMY)


def test_a_summary_that_was_moved_stays_where_it_was_moved_to() -> None:
    verdict = classify(MOVED, TAXONOMY, TAUGHT)
    assert verdict.theme == "life"
    assert verdict.terms[0] == "because you moved it"


def test_a_later_similar_summary_follows_and_says_why() -> None:
    assert classify(LATER, TAXONOMY).theme != "life"
    verdict = classify(LATER, TAXONOMY, TAUGHT)
    assert verdict.theme == "life"
    assert verdict.terms[0] == f"because you moved “{MOVED.title}”"
    assert verdict.also == classify(LATER, TAXONOMY).theme


def test_an_unlike_summary_is_left_alone() -> None:
    assert classify(UNLIKE, TAXONOMY, TAUGHT) == classify(UNLIKE, TAXONOMY)


def test_what_is_forgotten_has_no_effect_any_more() -> None:
    forgotten = TAUGHT.without("moved")
    for summary in (MOVED, LATER):
        assert classify(summary, TAXONOMY, forgotten) == classify(summary, TAXONOMY)


def test_an_example_of_a_theme_that_is_gone_teaches_nothing() -> None:
    gone = learn([Example(MOVED, "weather")], TAXONOMY)
    assert classify(LATER, TAXONOMY, gone) == classify(LATER, TAXONOMY)


def test_the_order_of_teaching_does_not_matter() -> None:
    examples = [Example(a_sleep_app(f"n{n}"), theme) for n, theme in enumerate(("life", "mind"))]
    there, back = learn(examples, TAXONOMY), learn(reversed(examples), TAXONOMY)
    assert classify(LATER, TAXONOMY, there) == classify(LATER, TAXONOMY, back)


def test_only_the_nearest_examples_speak_and_only_when_they_are_alike() -> None:
    many = learn([Example(a_sleep_app(f"n{n}"), "life") for n in range(9)], TAXONOMY)
    near = many.neighbours(vector_of(LATER, TAXONOMY), but="later")
    assert len(near) == NEIGHBOURS
    assert all(one.likeness >= ALIKE for one in near)


def test_moving_a_group_moves_its_unseen_neighbours_and_no_stranger() -> None:
    """Measured: an editor moves every other summary of one subject to another theme."""
    subject = [one for one in our_labelled() if one.theme == "gut_diet"]
    strangers = [one for one in our_labelled() if one.theme in ("movement", "life", "related")]
    taxonomy = TAXONOMY.but_for([one.slug for one in (*subject, *strangers)])
    summaries = [replace(bare_summary(**one.texts), slug=one.slug) for one in subject]
    moved, unseen = summaries[::2], summaries[1::2]
    taught = learn([Example(summary, "tests") for summary in moved], taxonomy)
    followed = sum(classify(summary, taxonomy, taught).theme == "tests" for summary in unseen)
    before = sum(classify(summary, taxonomy).theme == "tests" for summary in unseen)
    assert followed - before >= 3  # of 15; those of another diet or vitamin stay
    others = [replace(bare_summary(**one.texts), slug=one.slug) for one in strangers]
    alone = [classify(summary, taxonomy).theme for summary in others]
    after = [classify(summary, taxonomy, taught).theme for summary in others]
    assert sum(one != other for one, other in zip(alone, after, strict=True)) == 0


@needs_corpus
def test_teaching_the_corpus_item_by_item_harms_nothing_and_moves_those_that_follow() -> None:
    """Leave one out: each summary is put into a theme by all others as examples."""
    items = corpus()
    taught = learn([Example(item.summary, item.gold["theme"]) for item in items], TAXONOMY)
    alone = sum(classify(i.summary, TAXONOMY).theme == i.gold["theme"] for i in items)
    others = [taught.without(item.summary.slug) for item in items]
    verdicts = [classify(i.summary, TAXONOMY, rest) for i, rest in zip(items, others, strict=True)]
    right = sum(v.theme == i.gold["theme"] for v, i in zip(verdicts, items, strict=True))
    assert right >= alone - 2  # the two lie on the border, with a margin under 0.03
