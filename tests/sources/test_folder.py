"""What of a folder is read and what is passed over, and what it says of itself as a whole."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from digest.errors import SourceError
from digest.sources import harvest as harvest_source
from digest.sources.files import harvest_folder
from digest.sources.folder import FolderSource
from tests.sources.folders import harvest, put
from tests.sources.samples import DUMP, TITLE, ZONE
from tests.sources.webs import a_visit

RECORD = {"title": TITLE, "found": "They were less tired.", "published": "2026-10-03"}


def test_the_path_starts_at_the_folder_of_the_configuration(folder: Path) -> None:
    put(folder, "walk.txt", DUMP)
    source = FolderSource(name="drop", kind="folder", path="incoming")
    found = harvest_source(source, a_visit(folder=folder.parent))
    assert found == harvest(folder)
    assert len(found.entries) == 1


def test_what_nobody_put_there_on_purpose_is_passed_over_silently(folder: Path) -> None:
    left_behind = (
        ".hidden.txt", ".git/x.txt", "README.md", "readme.txt", "README", "Thumbs.db",
        "desktop.ini", "~$june.docx", "x.txt~", ".#x.md", "#x.md#", "x.html.bak", "x.json.part",
        ".x.md.swp", "june.txt.crdownload", "x.TMP", ".~lock.june.odt#",
    )  # fmt: skip
    for name in left_behind:
        put(folder, name, "A line.")
    put(folder, "own.txt", DUMP)
    found = harvest(folder)
    assert ([entry.place for entry in found.entries], found.refusals) == (["incoming/own.txt"], ())
    assert found.notes == ()


@pytest.mark.parametrize(
    ("names", "note"),
    [
        (["a.docx"], "passed over 1 file of another kind: a.docx"),
        (
            ["b.pdf", "a.DOCX"],
            "passed over 2 files of other kinds: a.DOCX, b.pdf",
        ),
        (
            ["none", *(f"{n}.pdf" for n in range(6))],
            "passed over 7 files of other kinds: 0.pdf, 1.pdf, 2.pdf, 3.pdf, 4.pdf and 2 more",
        ),
        (
            [os.fsdecode(b"a\n\xff\x1b.pdf")],
            "passed over 1 file of another kind: a \ufffd.pdf",
        ),
        (["below/a.pdf"], "passed over 1 file of another kind: below/a.pdf"),
    ],
)
def test_files_of_other_kinds_are_told_in_one_note(
    folder: Path, names: list[str], note: str
) -> None:
    for name in [*names, "own.txt"]:
        put(folder, name, DUMP)
    found = harvest(folder)
    assert (len(found.entries), found.refusals, found.notes) == (1, (), (note,))
    assert found.complete


@pytest.mark.parametrize("names", [[], ["x.pdf"], [".hidden.txt", "README.md"], ["below/x.docx"]])
def test_a_folder_without_any_file_of_ours_does_not_say_that_all_was_removed(
    folder: Path, names: list[str]
) -> None:
    for name in names:
        put(folder, name, "A line.")
    found = harvest(folder)
    assert (found.entries, found.refusals, found.complete) == ((), (), False)
    assert found.notes[0] == "incoming is empty: it holds no file that can be read"


def test_a_folder_with_files_holds_all_that_there_is(folder: Path) -> None:
    put(folder, "walk.txt", DUMP)
    assert harvest(folder).complete


def test_links_that_leave_the_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    put(tmp_path, "secret.txt", DUMP)
    put(tmp_path, "elsewhere/secret.txt", DUMP)
    put(folder, "own.txt", DUMP)
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    (folder / "again.txt").symlink_to(folder / "own.txt")
    found = harvest(folder)
    assert [entry.place for entry in found.entries] == ["incoming/again.txt", "incoming/own.txt"]
    assert [refusal.place for refusal in found.refusals] == [
        "incoming/link", "incoming/link.txt", "incoming/loop.txt",
    ]  # fmt: skip
    assert "leads out of the folder" in found.refusals[0].problem


def test_a_pipe_is_no_file_and_does_not_hang(folder: Path) -> None:
    os.mkfifo(folder / "x.txt")
    (refusal,) = harvest(folder).refusals
    assert "no plain file" in refusal.problem


def test_a_file_that_cannot_be_read_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "x.txt", DUMP)

    def denied(path: Path, mode: str) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    (refusal,) = harvest(folder).refusals
    assert "cannot be read (Permission denied)" in refusal.problem


def test_files_that_vanish_or_grow_while_they_are_read_stop_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        put(folder, name, DUMP)
    size = (folder / "a.txt").stat()

    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        """Just before it is opened, one file goes and one grows."""
        if path.name == "a.txt":
            (folder / "a.txt").unlink(missing_ok=True)
        if path.name == "b.txt":
            os.truncate(folder / "b.txt", 10_000_001)
        return size

    monkeypatch.setattr(Path, "stat", stat)
    found = harvest(folder)
    assert [entry.place for entry in found.entries] == ["incoming/c.txt"]
    assert [refusal.problem for refusal in found.refusals] == [
        "went away while the folder was read",
        "is larger than 10 MB",
    ]


def test_a_file_that_was_half_written_is_read_at_the_next_visit(folder: Path) -> None:
    whole = json.dumps([RECORD, RECORD])
    put(folder, "june.json", whole[: len(whole) // 2])
    (refusal,) = harvest(folder).refusals
    assert refusal.mend.endswith("the next gathering reads it again")
    put(folder, "june.json", whole)
    assert (len(harvest(folder).entries), harvest(folder).refusals) == (2, ())


def test_a_socket_is_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("x.txt")
        (refusal,) = harvest(folder).refusals
    assert "no plain file" in refusal.problem


@pytest.mark.parametrize("name", ["nowhere", "file.txt"])
def test_a_folder_that_is_none_is_an_error_of_the_source(tmp_path: Path, name: str) -> None:
    put(tmp_path, "file.txt", "x")
    with pytest.raises(SourceError) as caught:
        harvest_folder(tmp_path / name, ZONE)
    assert caught.value.where.endswith(name)
    assert caught.value.mend


def test_a_name_with_wild_bytes_stays_on_one_line(folder: Path) -> None:
    (folder / os.fsdecode(b"a\n\xff\x1b.txt")).write_text("")
    (refusal,) = harvest(folder).refusals
    assert refusal.line().isprintable()
    refusal.line().encode()
