"""The glossary: its lines are plain, its words are found as wholes, and a wrong file is named."""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editorial.glossary import (
    LONGEST_MEANING,
    MOST_WORDS,
    SHIPPED,
    find_words,
    load_glossary,
)
from digest.editorial.readability import reading_grade
from digest.errors import ConfigError
from tests.editorial.material import corpus, needs_corpus

GLOSSARY = load_glossary()


def found(*texts: str) -> list[tuple[str, str]]:
    return [(word.term, word.seen) for word in find_words(texts, GLOSSARY)]


# ── what we ship ──────────────────────────────────────────────────────────────────────────


def test_at_least_75_terms_have_one_short_line_each() -> None:
    assert len(GLOSSARY.meanings) >= 75
    for term, meaning in GLOSSARY.meanings.items():
        assert 5 <= len(meaning) <= LONGEST_MEANING, term
        assert meaning.isprintable(), term
        assert not meaning.endswith("."), term


def test_the_lines_are_easier_than_what_they_explain() -> None:
    grades = {term: reading_grade(meaning) or 0.0 for term, meaning in GLOSSARY.meanings.items()}
    assert median(grades.values()) < 6
    assert [term for term, grade in grades.items() if grade > 10.5] == []
    assert sum(grade > 9 for grade in grades.values()) <= 0.05 * len(grades)


def test_no_line_promises_or_advises() -> None:
    text = " ".join(GLOSSARY.meanings.values()).casefold()
    for word in ("cure", "hope", "breakthrough", "miracle", "should", "must", "your", "you "):
        assert word not in text


@pytest.mark.parametrize("term", GLOSSARY.meanings)
def test_every_term_is_found_where_a_text_names_it(term: str) -> None:
    forms = [form for forms in GLOSSARY.forms.values() for form in forms if form.term == term]
    assert forms
    if any(form.pattern.match(term) for form in forms):
        assert found(f"It was about {term}, they said.") == [(term, term)]


# ── finding ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Spastic legs were looser.", [("spasticity", "Spastic")]),
        ("Demyelinating lesions", [("demyelination", "Demyelinating"), ("lesion", "lesions")]),
        ("People with secondary progressive MS", [("secondary progressive MS",) * 2]),
        ("a progressive MS", [("progressive MS",) * 2]),
        ("progressively worse", []),
        ("the Epstein–Barr virus", [("Epstein-Barr virus", "Epstein–Barr virus")]),
        ("after B-cell depletion", [("B cell", "B-cell")]),
        ("vitamin b cells", []),
        ("in oct and Oct", []),
        ("an OCT scan", [("optical coherence tomography", "OCT")]),
        ("anti-CD20 drugs", [("anti-CD20", "anti-CD20 drugs")]),
        ("a randomized controlled trial", [("randomized controlled trial",) * 2]),
        ("premyelin, myelinx and unmyelin", []),
        ("", []),
    ],
)  # fmt: skip
def test_words_are_found_whole_and_the_longest_wins(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert found(text) == expected


def test_each_term_comes_once_in_reading_order_with_the_form_seen_first() -> None:
    texts = ["Relapses were fewer. MRI showed it.", "A relapse is new. Myelin held; MRIs too."]
    assert found(*texts) == [("relapse", "Relapses"), ("MRI", "MRI"), ("myelin", "Myelin")]


def test_of_too_many_words_the_first_stay() -> None:
    text = "Myelin, axons, neurons, microglia, astrocytes, antigens and retinas"
    assert [term for term, _ in found(text)] == ["myelin", "axon", "neuron", "microglia"]
    assert MOST_WORDS == 4


@given(st.lists(st.text(max_size=80), max_size=4))
def test_in_any_text_a_word_is_seen_as_it_stands(texts: list[str]) -> None:
    texts.append("İ ﬁ Myelin lesions")
    for word in find_words(texts, GLOSSARY):
        assert any(word.seen in text for text in texts)
        assert word.meaning == GLOSSARY.meanings[word.term]


@needs_corpus
def test_real_summaries_hold_words_to_explain() -> None:
    with_words = [item for item in corpus() if found(item.summary.headline, item.summary.found)]
    assert len(with_words) >= 0.6 * len(corpus())


# ── a site's own file ─────────────────────────────────────────────────────────────────────


def written(folder: Path, content: str) -> Path:
    path = folder / "words.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_sites_own_file_replaces_ours(tmp_path: Path) -> None:
    path = written(tmp_path, "kayak:\n  forms: [kayak*]\n  meaning: a narrow boat\n")
    words = find_words(["Myelin and kayaking"], load_glossary(path))
    assert [(word.term, word.seen, word.meaning) for word in words] == [
        ("kayak", "kayaking", "a narrow boat")
    ]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = written(tmp_path, "kayak: {meaning: a narrow boat}")
    first = load_glossary(path)
    assert load_glossary(path) is first
    path.write_text("canoe: {meaning: an open boat}", encoding="utf-8")
    os.utime(path, (1, 1))  # as if written at another time
    assert list(load_glossary(path).meanings) == ["canoe"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("kayak: {means: a boat}", ["kayak.means", "unknown key", "Known are meaning, forms"]),
        ("kayak: {forms: [kayak]}", ["kayak", "`meaning` is missing"]),
        ("kayak:", ["kayak", "`meaning` is missing"]),
        ("kayak: {meaning: ' '}", ["kayak.meaning", "one line"]),
        ('kayak: {meaning: "a\\nboat"}', ["kayak.meaning", "one line"]),
        (f"kayak: {{meaning: {'a' * 111}}}", ["kayak.meaning", "111", "110"]),
        ("kayak: {meaning: 12}", ["kayak.meaning", "string"]),
        ("kayak: {meaning: a boat, forms: kayak}", ["kayak.forms", "list"]),
        ("kayak: {meaning: a boat, forms: ['ka*']}", ["kayak.forms", "'ka*' is too short"]),
        ("kayak: {meaning: a boat, forms: ['*yak']}", ["kayak.forms", "only the end"]),
        ("kayak: {meaning: a boat, forms: ['k (x']}", ["kayak.forms", "'k (x' is no term"]),
        ("kayak*: {meaning: a boat}", ["'kayak*' is no term"]),
        (f"{'kayak ' * 8}: {{meaning: a boat}}", ["is no term", "at most 40"]),
        ("a: {meaning: x, forms: [boat]}\nb: {meaning: y, forms: [boat]}", ["b.forms", "'a' too"]),
        ("a: {meaning: x}\na: {meaning: y}", ["line 2", "'a' given twice"]),
        ("", ["empty"]),
        ("- a\n", ["no mapping"]),
    ],
)
def test_a_wrong_file_is_named_with_term_and_mend(
    tmp_path: Path, content: str, words: list[str]
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ConfigError) as error:
        load_glossary(path)
    line = error.value.line()
    assert str(path) in line
    assert error.value.mend
    for word in words:
        assert word in line


def test_a_missing_file_is_refused_and_the_shipped_one_is_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_glossary(tmp_path / "none.yaml")
    assert SHIPPED.exists()
