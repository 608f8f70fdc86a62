"""Side by side: several rows at once, one after another in a row, and nobody waits for the slow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from digest.pipeline.side_by_side import side_by_side

PATIENCE = 20  # seconds; only a failing test waits that long


def wait_for_all() -> None:
    for thread in threading.enumerate():
        if thread.name == "side by side":
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    wait_for_all()


def test_every_piece_is_done_once_and_a_row_in_its_order() -> None:
    rows = [[(row, piece) for piece in range(5)] for row in range(7)]
    done = list(side_by_side(rows, lambda piece: piece, at_once=3))
    assert sorted(done) == [piece for row in rows for piece in row]
    for row in range(7):
        assert [piece for r, piece in done if r == row] == list(range(5))


def test_two_pieces_of_one_row_are_never_under_way_together() -> None:
    under_way: dict[int, int] = {}
    overlaps = []

    def work(row: int) -> None:
        under_way[row] = under_way.get(row, 0) + 1
        overlaps.append(under_way[row] > 1)
        under_way[row] -= 1

    list(side_by_side([[row] * 50 for row in range(4)], work, at_once=4))
    assert len(overlaps) == 200
    assert not any(overlaps)


def test_as_many_as_allowed_are_under_way_at_once() -> None:
    meet = threading.Barrier(3, timeout=PATIENCE)  # breaks unless three get here together
    assert len(list(side_by_side([[n] for n in range(9)], lambda n: meet.wait(), at_once=3))) == 9


def test_one_that_hangs_holds_up_nobody() -> None:
    hangs = threading.Event()

    def work(name: str) -> str:
        if name == "hangs":
            hangs.wait(PATIENCE)
        return name

    rows = [["hangs"], *[[f"{n}"] for n in range(20)]]
    results = side_by_side(rows, work, at_once=2)
    first = [next(results) for _ in range(20)]
    assert "hangs" not in first
    hangs.set()
    assert list(results) == ["hangs"]


def test_no_more_is_begun_than_there_is_room_for() -> None:
    begun = taken = most = 0
    lock = threading.Lock()

    def work(piece: int) -> None:
        nonlocal begun, most
        with lock:
            begun += 1
            most = max(most, begun - taken)

    for _ in side_by_side([[n] * 10 for n in range(20)], work, at_once=3, ahead=2):
        with lock:
            taken += 1
    assert begun == 200
    assert most <= 3 + 2


def test_after_it_is_closed_nothing_further_is_begun() -> None:
    begun: list[Any] = []
    goes_on = threading.Event()

    def work(piece: int) -> int:
        begun.append(piece)
        if piece:
            goes_on.wait(PATIENCE)
        return piece

    with closing(side_by_side([[0], *[[n] * 3 for n in range(1, 9)]], work, at_once=4)) as results:
        assert next(results) == 0
    goes_on.set()
    wait_for_all()
    assert len(begun) <= 1 + 4


def test_one_that_waits_for_room_ends_when_it_is_closed() -> None:
    with closing(side_by_side([[0, 1, 2]], lambda piece: piece, at_once=1, ahead=0)) as results:
        assert next(results) == 0
    wait_for_all()


def test_no_work_gives_no_results() -> None:
    assert list(side_by_side([], lambda piece: piece, at_once=4)) == []


@pytest.mark.parametrize("fault", [SystemExit, KeyboardInterrupt, ValueError])
def test_what_ends_a_thread_ends_the_waiting_too(fault: type[BaseException]) -> None:
    def work(piece: int) -> int:
        if piece == 1:
            raise fault
        return piece

    with pytest.raises(RuntimeError, match="a piece of work ended its thread") as caught:
        list(side_by_side([[1, 2], [3]], work, at_once=2))
    assert isinstance(caught.value.__cause__, fault)


def test_setting_stop_ends_it_though_one_hangs() -> None:
    hangs, stop = threading.Event(), threading.Event()
    taken: list[str] = []

    def work(name: str) -> str:
        if name == "hung":
            stop.set()
            hangs.wait(PATIENCE)
        return name

    rows = [["quick"], ["hung", "never begun"]]
    taken += side_by_side(rows, work, at_once=1, stop=stop)
    assert "hung" not in taken
    hangs.set()
