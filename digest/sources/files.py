"""A folder of files → a `Harvest`: .html .htm .txt .md .json .jsonl, recursively, in order.

One bad file, or one bad line of a .jsonl file, is refused and the rest goes on. Hidden files,
README files and what editors and systems leave behind are passed over; files of other endings
too, with a note. Nothing outside the folder is read: links that lead out are refused (law 8).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.errors import SourceError
from digest.sources.charset import decode_html
from digest.sources.clean import one_line
from digest.sources.entry import slug_of
from digest.sources.errors import Unreadable
from digest.sources.markdown import read_markdown
from digest.sources.page import read_dump, read_html
from digest.sources.plain_file import read_plain_file
from digest.sources.record import read_record
from digest.values import Entry, Harvest, Refusal

MOST_NAMED = 5  # files of other kinds, in the note that tells of them
BROKEN_UTF8 = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
RIGHT = "Give this program the right to read it"
AGAIN = "the next gathering reads it again"
# What nobody put there on purpose: editors' locks and copies, downloads under way, systems' own.
LEFT_BEHIND = re.compile(
    r"\.|~\$|#.*#$|.*~$|.*\.(?:bak|swp|tmp|temp|part|partial|crdownload|download|lock)$"
    r"|thumbs\.db$|desktop\.ini$|readme(?:\.[^.]*)?$",
    re.IGNORECASE | re.DOTALL,
)
Reading = Iterator[Entry | Refusal]


@dataclass(frozen=True, slots=True)
class _File:
    place: str  # from the folder's parent: "incoming/june.jsonl"
    stem: str
    content: bytes


@dataclass(frozen=True, slots=True)
class _Found:
    """`ours`: the files to read; also folders that cannot be, and links out, for `_read` to
    refuse. `others`: files of other kinds."""

    ours: Sequence[Path]
    others: Sequence[Path]


def harvest_folder(folder: Path, zone: ZoneInfo) -> Harvest:
    """Every entry of the folder's files, and what was refused, in the order of their names.

    A folder that holds no file of ours is not complete: a disk that is not mounted looks so, and
    nobody removed what was in it. Raises SourceError when it is missing or cannot be read.
    """
    found = _walk(folder)
    results = [result for path in found.ours for result in _read(path, folder, zone)]
    return Harvest(
        tuple(result for result in results if isinstance(result, Entry)),
        tuple(refusal for result in results if (refusal := _refusal(result))),
        notes=_notes(found, folder),
        complete=bool(found.ours),
    )


def _refusal(result: Entry | Refusal) -> Refusal | None:
    """What is to be mended in a file; an entry is kept all the same if only its date is wrong."""
    if isinstance(result, Refusal):
        return result
    if not result.date_problem:
        return None
    mend = "Write it like 2026-03-31, or leave it out; until then the editor is asked"
    return Refusal(result.place, result.date_problem, mend)


def _walk(folder: Path) -> _Found:
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        raise SourceError(
            f"this folder cannot be read ({error.strerror})",
            where=str(folder),
            mend="Make it, or correct `path` of this source",
        ) from None
    ours: list[Path] = []
    others: list[Path] = []

    def keep_for_refusal(error: OSError) -> None:
        ours.append(Path(error.filename))

    for place, names, files in os.walk(folder, onerror=keep_for_refusal):
        names[:] = [name for name in names if not name.startswith(".")]
        links = [Path(place, name) for name in names if Path(place, name).is_symlink()]
        ours += [link for link in links if _leaves(link, folder)]
        for path in (Path(place, name) for name in files if not LEFT_BEHIND.match(name)):
            (ours if path.suffix.lower() in READERS else others).append(path)
    return _Found(*(sorted(paths, key=lambda path: path.parts) for paths in (ours, others)))


def _notes(found: _Found, folder: Path) -> tuple[str, ...]:
    notes = [] if found.ours else [f"{folder.name} is empty: it holds no file that can be read"]
    if found.others:
        count = len(found.others)
        named = ", ".join(_place(path, folder) for path in found.others[:MOST_NAMED])
        more = f" and {count - MOST_NAMED} more" if count > MOST_NAMED else ""
        kinds = "1 file of another kind" if count == 1 else f"{count} files of other kinds"
        notes.append(f"passed over {kinds}: {named}{more}")
    return tuple(notes)


def _place(path: Path, above: Path) -> str:
    """The path below `above` on one line of clean text, whatever bytes its names hold."""
    return one_line(os.fsencode(path.relative_to(above)).decode(errors="replace"))


def _leaves(path: Path, folder: Path) -> bool:
    try:
        return not path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a loop of links
        return True


def _read(path: Path, folder: Path, zone: ZoneInfo) -> Reading:
    place = _place(path, folder.parent)
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
        if path.is_dir():
            raise Unreadable("is a folder that cannot be read", RIGHT)
        return read_plain_file(path)
    except FileNotFoundError:
        raise Unreadable("went away while the folder was read", f"If it is back, {AGAIN}") from None
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
    return _checked(text)


def _checked(text: str) -> str:
    if CONTROL.search(text):
        raise Unreadable("is no readable text", "Save it as UTF-8 text")
    return text


def _page(content: bytes) -> str:
    """HTML says itself how its bytes are to be read."""
    return _checked(decode_html(content))


def _one(
    read: Callable[..., Entry], *, named: bool, decoded: Callable[[bytes], str] = _text
) -> Callable[[_File, ZoneInfo], Reading]:
    """A reader of files that hold one entry; `named`: the file's name is a wish for the slug."""

    def read_file(file: _File, zone: ZoneInfo) -> Reading:
        entry = read(decoded(file.content), file.place, zone=zone)
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
            f"bad JSON at {line}column {error.colno}: {error.msg}",
            f"Mend it there; if it was just being written, {AGAIN}",
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
    ".html": _one(read_html, named=True, decoded=_page),
    ".htm": _one(read_html, named=True, decoded=_page),
    ".md": _one(read_markdown, named=True),
    ".txt": _one(read_dump, named=False),
    ".json": _json,
    ".jsonl": _json_lines,
}
