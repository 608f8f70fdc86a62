"""What was read beside what a person said, on readings made by hand."""

from __future__ import annotations

from typing import Any

from bench.evaluate.labelled import Gold, Labelled
from bench.evaluate.measures import Share
from bench.evaluate.predict import Reading
from bench.evaluate.score import Confusion, score_evidence, score_themes
from digest.values import Fact, ThemeVerdict
from tests.builders import a_summary, an_evidence


def labelled(slug: str = "one", **gold: Any) -> Labelled:
    plain = {
        "theme": "mind",
        "also": None,
        "kind": "trial",
        "participants": 10,
        "species": frozenset({"human"}),
    }
    return Labelled(a_summary(slug=slug), Gold(**{**plain, **gold}))


def verdict(theme: str, also: str | None = None) -> ThemeVerdict:
    return ThemeVerdict(theme, also, 0.5, ())


def reading(one: Labelled, **facts: Any) -> Reading:
    plain = {"kind": "trial", "participants": 10, "species": ("human",), "caveat": "Few."}
    evidence = an_evidence(**{name: Fact(value) for name, value in {**plain, **facts}.items()})
    return Reading(one, verdict("mind"), None, evidence)


def test_the_second_theme_counts_only_when_lenient() -> None:
    items = [labelled("a"), labelled("b", also="tests"), labelled("c", also="life")]
    score = score_themes(items, [verdict("mind"), verdict("tests"), verdict("immune", "life")])
    assert score.strict == Share(1, 3)
    assert score.lenient == Share(2, 3)
    assert score.second == Share(2, 2)  # "tests" as theme, "life" as second theme


def test_a_second_theme_that_is_not_named_is_missed() -> None:
    score = score_themes([labelled(also="tests"), labelled()], [verdict("mind", "life")] * 2)
    assert score.second == Share(0, 1)


def test_confusions_name_their_slugs_and_the_most_frequent_comes_first() -> None:
    items = [labelled("a", theme="life"), labelled("b"), labelled("c"), labelled("d")]
    verdicts = [verdict("mind"), verdict("tests"), verdict("tests"), verdict("mind")]
    assert score_themes(items, verdicts).confusions == (
        Confusion("mind", "tests", ("b", "c")),
        Confusion("life", "mind", ("a",)),
    )


def test_participants_are_invented_missed_or_wrong() -> None:
    none = {"participants": None}
    score = score_evidence(
        [
            reading(labelled("right")),
            reading(labelled("rightly-none", **none), participants=None),
            reading(labelled("invented", **none), participants=7),
            reading(labelled("missed"), participants=None),
            reading(labelled("wrong", participants=1200), participants=12),
        ]
    )
    assert score.participants == Share(2, 5)
    assert score.invented == Share(1, 2)
    assert score.missed == Share(1, 3)
    assert score.participants_differ == (
        Confusion("1,200", "12", ("wrong",)),
        Confusion("10", "not stated", ("missed",)),
        Confusion("not stated", "7", ("invented",)),
    )


def test_species_must_be_the_same_set_and_animals_are_seen_either_way() -> None:
    mouse, both = frozenset({"mouse"}), frozenset({"human", "mouse"})
    score = score_evidence(
        [
            reading(labelled("same", species=both), species=("mouse", "human")),
            reading(labelled("other-animal", species=mouse), species=("rat",)),
            reading(labelled("animal-missed", species=mouse)),
            reading(labelled("animal-invented"), species=("human", "mouse")),
            reading(labelled("none-stated", species=frozenset()), species=()),
        ]
    )
    assert score.species == Share(2, 5)
    assert score.animal_or_not == Share(3, 5)
    assert {one.slugs[0] for one in score.species_differ} == {
        "other-animal", "animal-missed", "animal-invented",
    }  # fmt: skip


def test_kinds_are_exact_and_caveats_are_counted() -> None:
    score = score_evidence(
        [reading(labelled("a")), reading(labelled("b", kind="case"), caveat=None)]
    )
    assert score.kind == Share(1, 2)
    assert score.kinds_confused == (Confusion("case", "trial", ("b",)),)
    assert score.with_caveat == Share(1, 2)
