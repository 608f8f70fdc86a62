"""An expression chooses readers; any text is a tree or one clear line, and never SQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.errors import SubscribersError
from subscribers.models import Membership, Segment, Subscriber, Suppression
from subscribers.segments import saved
from subscribers.segments.fields import condition, facts
from subscribers.segments.grammar import MAX_DEPTH, MAX_LENGTH, OPERATORS, parse
from subscribers.segments.tree import Both, Comparison, Either, Fact, Not, Tree, written
from tests.builders import NOW, a_draft, a_subscriber

FACTS = ("had issue N", "bounced")
ISSUES_EXAMPLE = (
    'list = patient and (tag = "clinic a" or joined >= 2026-01-01) and not bounced '
    "and had issue 3 and theme = treatment and language = en"
)


def chosen(expression: str) -> set[str]:
    """The names, before the @, of whom it chooses."""
    return {one.address.partition("@")[0] for one in saved.subscribers_of(expression)}


# ── from text to tree and back ────────────────────────────────────────────────────────────


def test_and_binds_closer_than_or_and_not_closest() -> None:
    tree = parse("not bounced and tag = a or had issue 3", FACTS)
    said = Both((Not(Fact("bounced")), Comparison("tag", "=", "a")))
    assert tree == Either((said, Fact("had issue N", 3)))


def test_words_are_blind_to_case_and_values_are_not() -> None:
    assert parse("NOT (Tag = A) AND Joined BEFORE 2026-01-01", FACTS) == Both(
        (Not(Comparison("tag", "=", "A")), Comparison("joined", "<", "2026-01-01"))
    )


def test_the_example_of_the_documentation_is_written_as_it_was_read() -> None:
    assert written(parse(ISSUES_EXAMPLE, FACTS)) == ISSUES_EXAMPLE


TEXTS = st.one_of(st.text('ab"\\ ()=', min_size=1, max_size=8), st.text(min_size=1, max_size=8))
VALUES = TEXTS.filter(lambda value: value.strip() and value.isprintable())
LEAVES: st.SearchStrategy[Tree] = st.one_of(
    st.sampled_from(sorted(OPERATORS)).flatmap(
        lambda name: st.builds(
            Comparison, st.just(name), st.sampled_from(OPERATORS[name]), VALUES, st.just(0)
        )
    ),
    st.builds(Fact, st.just("had issue N"), st.integers(0, 999_999_999), st.just(0)),
    st.just(Fact("bounced")),
)


def branches(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(Both, parts), st.builds(Either, parts))


@given(st.recursive(LEAVES, branches, max_leaves=8))
@settings(max_examples=80, deadline=None)
def test_a_tree_that_is_written_and_read_again_is_the_same(tree: Tree) -> None:
    assert parse(written(tree), FACTS) == tree


PIECES = st.sampled_from(
    ["list", "theme", "tag", "joined", "language", "had", "issue", "bounced", "and", "or", "not",
     "(", ")", "=", "!=", "<", ">=", "before", "after", "patient", "treatment", "en", "3",
     "2026-01-01", "9999-12-31", "0001-01-01", '"', '"a b"', '"\\', "'; DROP TABLE x; --", "%s",
     "%", "{0}", "é", "\x00", "\ud800", "\u2028", "\n", "9" * 30]
)  # fmt: skip
WILD = st.one_of(
    st.text(max_size=60),
    st.lists(PIECES, max_size=12).map(" ".join),
    st.recursive(LEAVES, branches, max_leaves=4).map(written),  # in form; its values are wild
)


@pytest.mark.django_db
@given(WILD)
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_condition_that_can_be_asked_or_one_clear_line(text: str) -> None:
    try:
        tree = parse(text, facts())
        found = Subscriber.objects.filter(condition(tree))
    except SubscribersError as error:
        told, mend = error.line(), error.mend
    else:
        told = mend = ""
        found.count()
        assert parse(written(tree), facts()) == tree
    assert len(told.splitlines()) <= 1
    assert bool(told) == bool(mend)


@pytest.mark.django_db
def test_no_word_of_an_expression_stands_in_the_sql() -> None:
    written_in = (
        'tag = "x\' OR 1=1 --" and language = zz and joined > 2026-03-04 and list = patient'
    )
    query, values = saved.subscribers_of(written_in).query.sql_with_params()
    assert not any(word in query for word in ("OR 1=1", "zz", "2026", "'patient'"))
    assert "x' OR 1=1 --" in values


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "segment, character 1: something is missing. One of these would fit: list, theme"),
        ("list", "character 5: nothing stands after list. One of these would fit: = !="),
        ("list = doctors", "character 8: there is no list 'doctors'. The lists are: patient"),
        ("theme = x", "character 9: there is no theme 'x'. The themes are: symptoms"),
        ("tag = clinic a", "character 14: 'a' cannot stand here. .*needs double quotes"),
        ("tag < 3", "character 5: after tag, '<' cannot stand. One of these would fit: = !="),
        ('tag = "abc', 'character 7: the quotes that begin here do not end. Put a " at the end'),
        ('tag = " "', "character 7: nothing stands between the quotes"),
        ('tag = "a\x00b"', "character 7: it holds a line break, a control or an invisible"),
        ("tag = and", "character 7: a value is missing after tag =. Write a word"),
        ("(bounced", "character 9: a bracket is not closed"),
        ("bounced)", "character 8: this bracket was never opened"),
        ("had issue x", "character 11: a number is missing in had issue N"),
        ("had issue 7", "character 1: there is no issue 7. `digest issues` lists them"),
        ("had issue 9999999999", "character 11: a number is missing"),
        ("joined >= 2026-13-01", "character 11: '2026-13-01' is no day. .*2026-01-31"),
        ("joined > 20260101", "character 10: '20260101' is no day"),
        ("joined = 9999-12-31", "character 10: that day is out of range"),
        ('language = "x y"', "character 12: that is no language"),
        ("bounced; DROP TABLE subscribers_subscriber", "character 8: ';' cannot stand here"),
        ("age > 40", "character 1: 'age' is nothing that is known. .*had issue N, bounced"),
        ("not " * (MAX_DEPTH + 1) + "bounced", "character 81: it is nested deeper than 20"),
        ("(" * 500, "it is nested deeper than 20"),
        ("a" * (MAX_LENGTH + 1), "segment: it is longer than 2000 characters"),
    ],
)
@pytest.mark.django_db
def test_what_is_wrong_is_told_with_its_place_and_what_would_fit(text: str, line: str) -> None:
    with pytest.raises(SubscribersError, match=line):
        saved.subscribers_of(text)


# ── whom it chooses ───────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.both_databases
class TestWhom:
    def test_a_list_means_confirmed_on_it(self) -> None:
        a_subscriber("ann@example.org")
        a_subscriber("bob@example.org", state="pending")
        a_subscriber("cy@example.org", state="left")
        a_subscriber("di@example.org", lists=("clinician",))
        assert chosen("list = patient") == {"ann"}
        assert chosen("list != patient") == {"bob", "cy", "di"}
        assert chosen("list = patient or list = clinician") == {"ann", "di"}

    def test_a_tag_is_one_whole_tag_with_its_case_quotes_and_accents(self) -> None:
        a_subscriber("ann@example.org", tags=["clinic a", "new"])
        a_subscriber("bob@example.org", tags=["clinic ab"])
        a_subscriber("cy@example.org", tags=['the "é" _%', "x\\y"])
        a_subscriber("di@example.org")
        assert chosen('tag = "clinic a"') == {"ann"}
        assert chosen("tag = New") == set()
        assert chosen('tag = "the \\"é\\" _%"') == chosen('tag = "x\\\\y"') == {"cy"}
        assert chosen('tag = "clinic%"') == set()
        assert chosen("tag != new") == {"bob", "cy", "di"}

    @pytest.mark.parametrize(
        ("wishes", "gets"),
        [
            ({}, True),
            ({"themes": ["treatment", "life"]}, True),
            ({"themes": ["life"]}, False),
            ({"themes": ["gone"]}, True),  # as claiming has it: else they would get no mail
            ({"themes": ["gone", "life"]}, False),
            ({"not_now": ["treatment"]}, False),
            ({"themes": ["treatment"], "not_now": ["treatment"]}, False),
            ({"not_now": ["life"]}, True),
        ],
    )
    def test_a_theme_means_who_would_get_it(self, wishes: dict[str, Any], gets: bool) -> None:
        a_subscriber("ann@example.org", **wishes)
        assert bool(chosen("theme = treatment")) is gets
        assert bool(chosen("not theme = treatment")) is not gets

    def test_a_language_is_its_variants_too_and_silence_is_the_publications(self) -> None:
        for name, language in {"ann": "", "bob": "en-GB", "cy": "EN", "di": "es"}.items():
            a_subscriber(f"{name}@example.org", language=language)
        assert chosen("language = en") == {"ann", "bob", "cy"}
        assert chosen("language = en-gb") == {"bob"}
        assert chosen("language != en") == chosen("language = ES") == {"di"}

    def test_joined_is_the_day_of_the_first_list_in_the_publications_zone(self) -> None:
        # In New York, 04:59 UTC is still New Year's Eve.
        days = {
            "ann": datetime(2026, 1, 1, 4, 59, tzinfo=UTC),
            "bob": datetime(2026, 1, 1, 5, 0, tzinfo=UTC),
            "cy": datetime(2026, 1, 2, 4, 59, tzinfo=UTC),
            "di": datetime(2026, 1, 2, 5, 0, tzinfo=UTC),
        }
        for name, joined in days.items():
            one = a_subscriber(f"{name}@example.org", lists=("patient", "clinician"))
            one.memberships.filter(list_name="patient").update(joined_at=joined)
        a_subscriber("eve@example.org", state="pending")
        assert chosen("joined < 2026-01-01") == chosen("joined before 2026-01-01") == {"ann"}
        assert chosen("joined <= 2026-01-01") == {"ann", "bob", "cy"}
        assert chosen("joined = 2026-01-01") == {"bob", "cy"}
        assert chosen("joined >= 2026-01-01") == {"bob", "cy", "di"}
        assert chosen("joined > 2026-01-01") == chosen("joined after 2026-01-01") == {"di"}
        assert chosen("joined != 2026-01-01") == {"ann", "di", "eve"}

    def test_had_an_issue_means_that_its_mail_was_accepted(self) -> None:
        issue, other = a_draft(3, state="sent"), a_draft(4, state="sent")
        for name, state, which in (
            ("ann", "accepted", issue), ("bob", "failed", issue), ("cy", "accepted", other),
        ):  # fmt: skip
            person = a_subscriber(f"{name}@example.org")
            which.deliveries.create(
                subscriber=person, audience="patient", state=state, changed_at=NOW
            )
        assert chosen("had issue 3") == {"ann"}
        assert chosen("not had issue 3") == {"bob", "cy"}

    def test_bounced_means_that_a_mail_came_back_or_a_bounce_suppressed(self) -> None:
        from digest.models import StoredEvent

        issue = a_draft(3, state="sent")
        for name, kind in {"ann": "soft bounce", "bob": "hard bounce", "cy": "delivered"}.items():
            person = a_subscriber(f"{name}@example.org")
            issue.deliveries.create(
                subscriber=person,
                audience="patient",
                state="accepted",
                reference=name,
                changed_at=NOW,
            )
            StoredEvent.objects.create(
                raw_id=name, kind=kind, reference=name, at=NOW, received_at=NOW
            )
        StoredEvent.objects.create(
            raw_id="x", kind="hard bounce", reference="", at=NOW, received_at=NOW
        )
        for name, reason in {"di": "bounce", "eve": "complaint"}.items():
            person = a_subscriber(f"{name}@example.org")
            key = person.address_key
            Suppression.objects.create(address_key=key, reason=reason, at=NOW)
            issue.deliveries.create(  # of an earlier version: without a reference
                subscriber=person, audience="patient", state="accepted", changed_at=NOW
            )
        assert chosen("bounced") == {"ann", "bob", "di"}
        assert chosen("not bounced") == {"cy", "eve"}

    def test_the_longest_expression_can_be_asked(self) -> None:
        a_subscriber("ann@example.org")
        longest = " or ".join(["theme = life"] * 125)
        assert MAX_LENGTH - 20 < len(longest) <= MAX_LENGTH
        assert chosen(longest) == {"ann"}
        assert chosen("not (" * 10 + "bounced" + ")" * 10) == set()


# ── by name ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
class TestByName:
    def test_a_saved_segment_is_counted_as_it_is_now(self) -> None:
        assert saved.save("clinic-a", ' tag = "clinic a" ', actor="eve", now=NOW)
        assert saved.expression_of("clinic-a") == 'tag = "clinic a"'
        assert saved.count(saved.expression_of("clinic-a")) == saved.Size(0, 0)
        a_subscriber("ann@example.org", tags=["clinic a"], lists=("patient", "clinician"))
        a_subscriber("bob@example.org", tags=["clinic a"], state="left")
        suppressed = a_subscriber("cy@example.org", tags=["clinic a"])
        Suppression.objects.create(address_key=suppressed.address_key, reason="bounce", at=NOW)
        assert saved.count('tag = "clinic a"') == saved.Size(readers=1, subscribers=3)
        Membership.objects.update(state="left")
        assert saved.count('tag = "clinic a"').readers == 0

    def test_saving_again_changes_what_the_name_means(self) -> None:
        saved.save("some", "bounced", actor="eve", now=NOW)
        assert not saved.save("some", "not bounced", actor="eve", now=NOW)
        assert Segment.objects.get().expression == "not bounced"

    @pytest.mark.parametrize(
        "name", ["", "two words", "bounced", "Everybody", "a" * 61, "-a", "a=b", "x\n", 'a"']
    )
    def test_a_name_that_could_be_read_otherwise_is_refused(self, name: str) -> None:
        with pytest.raises(SubscribersError):
            saved.save(name, "not bounced", actor="eve", now=NOW)
        assert not Segment.objects.exists()

    def test_a_wrong_expression_is_not_saved(self) -> None:
        with pytest.raises(SubscribersError, match="no list 'doctors'"):
            saved.save("some", "list = doctors", actor="eve", now=NOW)
        assert not Segment.objects.exists()

    def test_a_name_that_is_not_there_is_told_as_such(self) -> None:
        with pytest.raises(SubscribersError, match=r"no segment 'clinic-b'\. `digest segments`"):
            saved.expression_of("clinic-b")
        with pytest.raises(SubscribersError, match="no segment 'clinic-b'"):
            saved.forget("clinic-b")

    def test_one_that_means_nothing_any_more_does_not_hide_the_others(self) -> None:
        saved.save("b", "not bounced", actor="eve", now=NOW)
        Segment.objects.create(name="a", expression="theme = old", created_at=NOW, actor="eve")
        first, second = saved.listing()
        assert "there is no theme 'old'" in first["problem"]
        assert (first["readers"], second["readers"], second["problem"]) == (None, 0, None)
        saved.forget("a")
        assert [line["name"] for line in saved.listing()] == ["b"]
