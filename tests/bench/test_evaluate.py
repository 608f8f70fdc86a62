"""The evaluation as a whole: leave-one-out, the learning curve, the command's words and exit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.evaluate import predict
from bench.evaluate.__main__ import DEFAULT, evaluate, main
from bench.evaluate.labelled import Labelled, read_labelled
from bench.evaluate.predict import learning_curve, read_all, teach
from bench.evaluate.report import as_lines
from digest.editorial.themes import Learned, Taxonomy, classify, load_taxonomy
from digest.values import Summary, ThemeVerdict

LINES = DEFAULT.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


@pytest.fixture(scope="module")
def labelled(taxonomy: Taxonomy) -> list[Labelled]:
    return read_labelled(DEFAULT, taxonomy.themes)[0]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """Every (summary, examples it was shown) that was classified."""
    seen: list[tuple[str, list[str]]] = []

    def spy(summary: Summary, taxonomy: Taxonomy, learned: Learned | None = None) -> ThemeVerdict:
        seen.append((summary.slug, sorted(learned.examples) if learned else []))
        return classify(summary, taxonomy, learned or Learned())

    monkeypatch.setattr(predict, "classify", spy)
    return seen


def test_leave_one_out_shows_every_other_summary_and_never_the_item_itself(
    labelled: list[Labelled], taxonomy: Taxonomy, shown: list[tuple[str, list[str]]]
) -> None:
    read_all(labelled, taxonomy, teach(labelled, taxonomy))
    everybody = {one.slug for one in labelled}
    taught = [(slug, examples) for slug, examples in shown if examples]
    assert len(taught) == len(labelled)
    assert all(set(examples) == everybody - {slug} for slug, examples in taught)


def test_an_item_that_is_shown_to_itself_follows_its_label_and_left_out_it_does_not(
    labelled: list[Labelled], taxonomy: Taxonomy
) -> None:
    wrong = [Labelled(one.summary, replace(one.gold, theme="life")) for one in labelled]
    learned = teach(wrong, taxonomy)
    assert all(classify(one.summary, taxonomy, learned).theme == "life" for one in wrong)
    readings = read_all(wrong, taxonomy, learned)
    assert any(one.taught and one.taught.theme != "life" for one in readings)
    terms = {term for one in readings if one.taught for term in one.taught.terms}
    assert not any(term.startswith("because you moved it") for term in terms)


def test_the_learning_curve_teaches_more_and_more_but_never_the_item_itself(
    labelled: list[Labelled], taxonomy: Taxonomy, shown: list[tuple[str, list[str]]]
) -> None:
    counts = [count for count, _ in learning_curve(labelled, taxonomy)]
    assert counts == [0, 10, 25, 47]
    assert [len(examples) for _, examples in shown] == [n for n in counts for _ in labelled]
    assert all(slug not in examples for slug, examples in shown)


def test_whom_it_teaches_first_is_the_same_whatever_the_order_of_the_file(
    labelled: list[Labelled], taxonomy: Taxonomy, shown: list[tuple[str, list[str]]]
) -> None:
    list(learning_curve(labelled, taxonomy))
    forward = sorted(shown)
    shown.clear()
    list(learning_curve(labelled[::-1], taxonomy))
    assert sorted(shown) == forward


def test_one_summary_alone_can_be_scored(labelled: list[Labelled], taxonomy: Taxonomy) -> None:
    found = evaluate(labelled[:1], taxonomy, learning=True)
    assert [count for count, _ in found.curve] == [0]
    assert found.alone.strict.n == 1
    assert list(as_lines(found))


def test_the_report_and_the_document_give_the_same_figures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 0
    text = capsys.readouterr().out
    assert main(["--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert text.startswith(
        "digest/editorial/labelled/corpus.jsonl: 48 summaries scored, 0 lines refused"
    )
    for name, label in (("alone", "strict"), ("taught", "lenient")):
        share = document["themes"][name][label]
        assert f"{share['hits']}/{share['n']}" in text
    assert set(document["milliseconds"]) == {"themes", "themes, taught", "evidence", "teasers"}
    assert [step["taught"] for step in document["themes"]["learning_curve"]] == [0, 10, 25, 47]


def test_a_wrong_label_shows_as_a_confusion_with_its_slug(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = json.loads(LINES[3])
    record["gold"] |= {"theme": "repair", "also": None, "participants": None}
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(record), encoding="utf-8")
    assert main([str(path), "--no-learning"]) == 0
    text = capsys.readouterr().out
    assert f"repair → life (1): {record['slug']}" in text
    assert f"not stated → 620 (1): {record['slug']}" in text
    assert "all others taught" not in text


def test_bad_lines_are_listed_and_the_others_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join([*LINES[:5], "{broken", *LINES[5:7]]), encoding="utf-8")
    assert main([str(path), "--json"]) == 1
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert document["summaries"] == 7
    assert document["refused"] == captured.err.splitlines()
    assert captured.err.startswith(f"{path} line 6: is no JSON. ")


@pytest.mark.parametrize("content", [None, "", "\n\n", "no json at all\n"])
def test_a_file_without_a_labelled_summary_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    path = tmp_path / "mine.jsonl"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert main([str(path), "--json"]) == 1
    captured = capsys.readouterr()
    assert str(path) in json.loads(captured.out)["error"]
    assert "Traceback" not in captured.err
    assert captured.err.splitlines()[-1].startswith(str(path))
