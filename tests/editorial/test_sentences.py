from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.editorial.sentences import split_sentences
from tests.editorial.material import corpus, needs_corpus, squeezed


@pytest.mark.parametrize(
    "text",
    [
        "Some foods, e.g. Nuts, were left out.",
        "It compared one drug vs. Placebo tablets.",
        "Dr. Lee and J. R. Brown led it.",
        "It ran in the U.S. Army and the U.K. Navy.",
        "The value fell by 2.5 points to 0.7 in all.",
        "Figures (see Fig. 2 and no. 5) tell more.",
        "Smith et al. Wrote it at 5 p.m. Eastern time.",
        "See www.Example.Org/Page.Html for more.",
        "He asked “why now? why here?” and left.",
        "About 3.1 and 4.2... and so on.",
    ],
)
def test_these_stops_do_not_end_a_sentence(text: str) -> None:
    assert split_sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Cells left the tissue.Lesions grew.", ["Cells left the tissue.", "Lesions grew."]),
        ("It rose in 2021.The end came.", ["It rose in 2021.", "The end came."]),
        ("She has MS. Patients know.", ["She has MS.", "Patients know."]),
        ("They took vitamin D. Children did not.", ["They took vitamin D.", "Children did not."]),
        ("It ran in the U.S. The end.", ["It ran in the U.S.", "The end."]),
        ("Was it so? “Yes!” Then it ended.", ["Was it so?", "“Yes!”", "Then it ended."]),
        ("(It was small.) It ended.", ["(It was small.)", "It ended."]),
        ("They gave mRNA. mRNA vaccines work.", ["They gave mRNA.", "mRNA vaccines work."]),
        ("It was low. 45 people took part.", ["It was low.", "45 people took part."]),
        ("A heading\n\nThen  a\nsentence.", ["A heading", "Then a sentence."]),
        (" \n ", []),
    ],
)
def test_a_text_is_split_where_a_sentence_ends(text: str, parts: list[str]) -> None:
    assert split_sentences(text) == parts


@settings(max_examples=150)
@given(st.text(alphabet="aB1é .!?…\n\t\u00a0\"'”)(,eg.v-", max_size=60))
@example("U.S.A Big. e.g.The")
def test_no_visible_character_is_lost_or_added(text: str) -> None:
    assert squeezed("".join(split_sentences(text))) == squeezed(text)


@needs_corpus
def test_no_sentence_of_the_corpus_is_cut_or_glued() -> None:
    for item in corpus():
        for text in (item.summary.headline, item.summary.found, item.summary.limits):
            for sentence in split_sentences(text):
                assert sentence[0].isupper() or sentence[0].isdigit(), sentence
                assert sentence.rstrip("”\"')")[-1] in ".!?", sentence
                assert len(sentence) > 10, sentence
