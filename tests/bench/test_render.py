"""The bench of rendering: its editions, its limits, its peers, and a small run."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.render import __main__ as bench
from bench.render.material import an_edition
from bench.render.measure import ROUNDS, WARM, Cost, a_theme_more, timed
from bench.render.peers import Failed, Peer, as_mjml, css_inline, mjml
from bench.render.report import Measured, as_document, as_lines, limits
from digest.mail.contents import contents_of
from digest.values import AUDIENCES

COST = Cost(milliseconds=7.0, html=22_500, quoted_printable=24_400, gzip=5_800)
ABSENT = Peer("MJML", absent="not installed: make outside")


def a_run(**changes: object) -> Measured:
    plain = {
        "runs": 50,
        "ours": {15: COST, 45: replace(COST, milliseconds=14.0, html=49_700)},
        "choices": {15: 0.2, 45: 0.4},
        "theme": 665,
        "peers": (ABSENT, Peer("css-inline 1.0", (COST, COST))),
    }
    return Measured(**{**plain, **changes})  # type: ignore[arg-type]


def test_an_edition_has_its_cards_in_six_themes_and_is_always_the_same() -> None:
    for audience in AUDIENCES:
        edition = an_edition(15, audience)
        assert [len(group.items) for group in edition.groups] == [3, 3, 3, 2, 2, 2]
        assert len({item.summary.slug for item in edition.items}) == 15
        assert any(group.words for group in edition.groups) == (audience != "clinician")
        assert edition == an_edition(15, audience)
    assert len(an_edition(3).groups) == 3


def test_a_further_theme_is_weighed_without_its_cards() -> None:
    two, many = an_edition(12, themes=2), an_edition(40, themes=2)
    assert 300 < a_theme_more(two) < 1_000
    assert abs(a_theme_more(many) - a_theme_more(two)) < 100  # the words explained differ
    bare = replace(two, groups=tuple(replace(group, words=()) for group in two.groups))
    assert a_theme_more(bare) < a_theme_more(two)


def test_warm_runs_are_timed_and_those_before_are_not() -> None:
    calls: list[int] = []
    assert timed(lambda: calls.append(1), 3) >= 0
    assert len(calls) == WARM + ROUNDS * 3


def test_the_mjml_says_what_our_mail_says_in_the_same_order() -> None:
    edition = an_edition(8)
    text, contents = as_mjml(edition), contents_of(edition, "")
    at = text.index("</mj-head>")
    for section in contents.sections:
        at = text.index(f"<h2>{section.name.replace('&', '&amp;')}</h2>", at)
        for card in section.cards:
            at = text.index(f'<a href="{card.address}">', at)
            assert text.count(card.address) == 1
        for word in section.words:
            at = text.index(f"<dfn>{word.name}</dfn>: ", at)
    assert text.count('class="caveat"') == 8
    assert "Leave this list" in text[at:]


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({}, []),
        ({"ours": {15: replace(COST, milliseconds=10.1)}}, ["15 cards: Edition → Rendition, ms"]),
        ({"ours": {15: replace(COST, html=25_001)}}, ["15 cards: bytes of HTML"]),
        ({"choices": {15: 0.2, 45: 0.6}}, ["a further theme choice, ms"]),
        ({"theme": 701}, ["a further theme: bytes of HTML"]),
        (
            {"ours": {45: replace(COST, quoted_printable=80_001)}},
            ["all of them: bytes in quoted-printable"],
        ),
    ],
)
def test_a_limit_that_does_not_hold_says_no(changes: dict[str, object], broken: list[str]) -> None:
    found = limits(a_run(**changes))
    assert [limit.text for limit in found if limit.verdict == "no"] == broken


def test_what_was_not_measured_is_neither_kept_nor_broken() -> None:
    (limit,) = (one for one in limits(a_run()) if one.text.startswith("25 cards"))
    assert (limit.verdict, limit.kept) == ("not measured", False)


def test_the_report_names_who_is_absent_and_has_a_line_for_each_limit() -> None:
    measured = a_run()
    lines = list(as_lines(measured))
    assert any(line.startswith("MJML ") and line.endswith("make outside") for line in lines)
    assert any(line.startswith("css-inline 1.0, ms") for line in lines)
    assert sum(line.endswith((": yes", ": no", ": not measured")) for line in lines) == 7
    assert "15 cards: bytes of HTML: at most 25,000, found 22,500: yes" in lines
    assert "a further theme choice, ms: at most 0.5, found 0.4: yes" in lines


def test_the_document_holds_what_the_report_says() -> None:
    document = json.loads(json.dumps(as_document(a_run())))
    assert document["cards"]["15"]["html"] == 22_500
    assert document["peers"][0] == {"name": "MJML", "absent": "not installed: make outside"}
    assert document["peers"][1]["cards"]["45"]["gzip"] == 5_800
    assert {limit["kept"] for limit in document["limits"]} == {"yes", "not measured"}


def test_a_peer_that_is_not_installed_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "css_inline", None)
    assert "pip install css-inline" in css_inline([], 1).absent
    monkeypatch.setattr("shutil.which", lambda _: "node")
    assert "make outside" in mjml([], 1, tmp_path).absent
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert mjml([], 1, tmp_path).absent == "no Node here"


def test_a_peer_that_fails_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "node_modules" / "mjml").mkdir(parents=True)
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho 'at x' >&2; echo 'Error: no such tag' >&2; exit 1\n")
    node.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda _: str(node))
    with pytest.raises(Failed, match="MJML failed: Error: no such tag"):
        mjml([], 1, tmp_path)
    monkeypatch.setattr(bench, "mjml", lambda _, runs: mjml([], runs, tmp_path))
    assert bench.main(["--cards", "2", "--runs", "1"]) == 1
    assert capsys.readouterr().err == "bench.render: MJML failed: Error: no such tag\n"


def test_a_small_run_prints_bytes_and_limits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "mjml", lambda *_: ABSENT)
    monkeypatch.setattr(bench, "css_inline", lambda *_: Peer("css-inline", absent="not installed"))
    assert bench.main(["--cards", "1", "15", "--runs", "1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert 5_000 < document["cards"]["1"]["html"] < document["cards"]["15"]["html"] <= 25_000
    assert document["theme_bytes"] <= 700
    assert document["cards"]["15"]["choice_milliseconds"] > 0


@pytest.mark.parametrize("words", [["--cards", "61"], ["--cards", "0"], ["--runs", "x"]])
def test_numbers_that_make_no_sense_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as wrong:
        bench.main(words)
    assert wrong.value.code == 2
