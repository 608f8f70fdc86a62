"""Columns are guessed from titles and addresses, and corrected by the operator's word."""

from __future__ import annotations

import io

import pytest

from subscribers.columns import Columns, find_columns, find_delimiter, read_wanted
from subscribers.csv_rows import records
from subscribers.errors import SubscribersError
from subscribers.importing.tables import is_address


def _columns(text: str, *wanted: str) -> Columns | None:
    choices = read_wanted(wanted)
    delimiter = find_delimiter(text, is_address, choices)
    sample = list(records(io.StringIO(text, newline=""), delimiter))
    return find_columns(sample, is_address, choices)


@pytest.mark.parametrize(
    ("text", "wanted", "address", "names", "has_header"),
    [
        ("email,other\nann@a.org,bob@b.org\n", ("email=2",), 1, (), True),
        ("email,other\nann@a.org,bob@b.org\n", ("email=OTHER",), 1, (), True),
        ("ann@a.org,bob@b.org\nc@a.org,\n", ("email=2",), 1, (), False),
        ("Post;Wer\nann@a.org;Ann\n", ("email=Post", "name=wer"), 0, (1,), True),
        (
            "email,Vor Name,Nach-name\nann@a.org,Ann,Lee\n",
            ("name=vorname", "name=3"),
            0,
            (1, 2),
            True,
        ),
        ("Почта,Имя\nann@a.org,Анна\n", ("email=почта", "name=имя"), 0, (1,), True),
        ("Email1,Name\nann@a.org,Ann\n", (), 0, (1,), True),
    ],
)
def test_the_operators_word_goes_before_a_guess(
    text: str, wanted: tuple[str, ...], address: int, names: tuple[int, ...], has_header: bool
) -> None:
    columns = _columns(text, *wanted)
    assert columns is not None
    assert (columns.address, columns.names, columns.has_header) == (address, names, has_header)


def test_tags_and_language_are_read_only_when_named() -> None:
    text = "email,tags,language\nann@a.org,x,de\n"
    guessed, named = _columns(text), _columns(text, "tags=tags", "language=3")
    assert guessed is not None
    assert named is not None
    assert (guessed.tags, guessed.language) == ((), None)
    assert (named.tags, named.language) == ((1,), 2)


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        ("email=7", "no column 7"),
        ("email=0", "no column 0"),
        ("name=Nickname", "no column is called 'Nickname'"),
        ("town=2", "names no column"),
        ("email", "names no column"),
        ("email=", "names no column"),
    ],
)
def test_a_column_that_is_not_there_is_refused_with_the_mend(wanted: str, what: str) -> None:
    with pytest.raises(SubscribersError, match=what) as refused:
        _columns("email,name\nann@a.org,Ann\n", wanted)
    assert refused.value.mend


def test_one_field_of_one_column_cannot_be_named_twice() -> None:
    with pytest.raises(SubscribersError, match="two columns"):
        read_wanted(["email=1", "email=2"])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        ("email=9", "no column 9. The columns are 1 to 3"),
        ("name=Nam", "no column is called 'Nam'"),
        ("email=Mail", "no column is called 'Mail'"),
    ],
)
@pytest.mark.parametrize("titles", [["Email", "Name", "Tags"], ["Post", "Wer", "Was"]])
def test_a_missing_column_is_told_of_the_table_as_it_is(
    delimiter: str, wanted: str, what: str, titles: list[str]
) -> None:
    text = delimiter.join(titles) + "\n" + delimiter.join(["ann@a.org", "Ann", "x"]) + "\n"
    with pytest.raises(SubscribersError, match=what):
        _columns(text, wanted)
