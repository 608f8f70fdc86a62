"""A folder of files → a `Harvest`: .html .htm .txt .md .json .jsonl, recursively, in order.

One bad file, or one bad line of a .jsonl file, is refused and the rest goes on. Hidden files,
README files and other endings are passed over. Nothing outside the folder is read: links that
lead out of it are refused (law 8).
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.errors import SourceError
from digest.sources.clean import one_line
from digest.sources.entry import slug_of
from digest.sources.errors import Unreadable
from digest.sources.markdown import read_markdown
from digest.sources.page import read_dump, read_html
from digest.sources.record import read_record
from digest.values import Entry, Harvest, Refusal

MOST_BYTES = 10_000_000
BROKEN_UTF8 = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
RIGHT = "Give this program the right to read it"
Reading = Iterator[Entry | Refusal]


@dataclass(frozen=True, slots=True)
class _File:
    place: str  # from the folder's parent: "incoming/june.jsonl"
    stem: str
    content: bytes


def harvest_folder(folder: Path, zone: ZoneInfo) -> Harvest:
    """Every entry of the folder's files, and what was refused, in the order of their names.

    Raises SourceError when the folder itself is missing or cannot be read.
    """
    entries: list[Entry] = []
    refusals: list[Refusal] = []
    for path in _files(folder):
        for result in _read(path, folder, zone):
            if isinstance(result, Entry):
                entries.append(result)
            else:
                refusals.append(result)
    return Harvest(tuple(entries), tuple(refusals))


def _files(folder: Path) -> list[Path]:
    """The files to read; also folders that cannot be, and links out, for `_read` to refuse."""
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        raise SourceError(
            f"this folder cannot be read ({error.strerror})",
            where=str(folder),
            mend="Make it, or correct `path` of this source",
        ) from None
    found: list[Path] = []

    def keep_for_refusal(error: OSError) -> None:
        found.append(Path(error.filename))

    for place, names, files in os.walk(folder, onerror=keep_for_refusal):
        names[:] = [name for name in names if not name.startswith(".")]
        links = [Path(place, name) for name in names if Path(place, name).is_symlink()]
        found += [link for link in links if _leaves(link, folder)]
        found += [Path(place, name) for name in files if _is_ours(name)]
    return sorted(found, key=lambda path: path.relative_to(folder).parts)


def _is_ours(name: str) -> bool:
    path = Path(name)
    hidden = name.startswith(".") or path.stem.lower() == "readme"
    return path.suffix.lower() in READERS and not hidden


def _leaves(path: Path, folder: Path) -> bool:
    try:
        return not path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a loop of links
        return True


def _read(path: Path, folder: Path, zone: ZoneInfo) -> Reading:
    name = os.fsencode(Path(folder.name) / path.relative_to(folder))
    place = one_line(name.decode(errors="replace"))
    try:
        file = _File(place, path.stem, _content(path, folder))
        yield from READERS[path.suffix.lower()](file, zone)
    except Unreadable as unreadable:
        yield unreadable.at(place)


def _content(path: Path, folder: Path) -> bytes:
    """The bytes of a file that is a plain file of this folder and not too big."""
    if _leaves(path, folder):
        raise Unreadable("is a link that leads out of the folder", "Copy the file itself here")
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise Unreadable("is a folder that cannot be read", RIGHT)
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("is no plain file", "Copy the file itself here")
        if found.st_size > MOST_BYTES:
            raise Unreadable(
                f"is larger than {MOST_BYTES // 1_000_000} MB", "Split it into smaller files"
            )
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})", RIGHT) from None


def _text(content: bytes) -> str:
    """UTF-8, else Windows-1252 if it makes sense as text: not for UTF-8 with a broken byte."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = "\0" if BROKEN_UTF8.search(content) else content.decode("cp1252")
        except UnicodeDecodeError:
            text = "\0"
    if CONTROL.search(text):
        raise Unreadable("is no readable text", "Save it as UTF-8 text")
    return text


def _one(read: Callable[..., Entry], *, named: bool) -> Callable[[_File, ZoneInfo], Reading]:
    """A reader of files that hold one entry; `named`: the file's name is a wish for the slug."""

    def read_file(file: _File, zone: ZoneInfo) -> Reading:
        entry = read(_text(file.content), file.place, zone=zone)
        wish = file.stem if named and file.stem.lower() != "index" else ""
        yield replace(entry, slug=entry.slug or slug_of(wish))

    return read_file


def _json(file: _File, zone: ZoneInfo) -> Reading:
    found = _parsed(file.content)
    if not isinstance(found, list):
        yield _record(found, file.place, zone)
        return
    for number, record in enumerate(found, start=1):
        yield _record(record, f"{file.place} item {number}", zone)


def _json_lines(file: _File, zone: ZoneInfo) -> Reading:
    lines = file.content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for number, line in enumerate(lines, start=1):
        place = f"{file.place} line {number}"
        if line.strip():
            try:
                yield _record(_parsed(line), place, zone)
            except Unreadable as unreadable:
                yield unreadable.at(place)


def _parsed(content: bytes) -> object:
    """Raises Unreadable: the place in the JSON, and what was expected there."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("is no UTF-8", "JSON is written in UTF-8; save it so") from None
    except json.JSONDecodeError as error:
        line = f"line {error.lineno} " if error.lineno > 1 else ""
        raise Unreadable(
            f"bad JSON at {line}column {error.colno}: {error.msg}", "Mend it there"
        ) from None
    except ValueError:  # Python refuses whole numbers of more than 4,300 digits
        raise Unreadable("bad JSON: a number is far too long", "Mend it") from None
    except RecursionError:
        raise Unreadable("bad JSON: it nests too deep", "Mend it") from None


def _record(found: object, place: str, zone: ZoneInfo) -> Entry | Refusal:
    if not isinstance(found, dict):
        return Refusal(place, "is no object of keys", 'Write {"headline": "…", "found": "…"}')
    try:
        return read_record(found, place, zone=zone)
    except Unreadable as unreadable:
        return unreadable.at(place)


READERS: dict[str, Callable[[_File, ZoneInfo], Reading]] = {
    ".html": _one(read_html, named=True),
    ".htm": _one(read_html, named=True),
    ".md": _one(read_markdown, named=True),
    ".txt": _one(read_dump, named=False),
    ".json": _json,
    ".jsonl": _json_lines,
}
