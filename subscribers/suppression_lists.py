"""The suppression list as a file, to take it to another site of ours or bring one in.

    hashed with,3f1c9a…                            (a fingerprint of the hashing key)
    address_key,reason,date,actor
    9b2e…,bounce,2026-11-21T10:00:00+00:00,digest

In: such a CSV, or plain addresses, one a line. Out: rows; no address ever stands in the list. A
list hashed under another key says nothing here, so it is refused; nobody is let off by an import.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TextIO

from django.conf import settings
from django.db.models import Count

from subscribers.addresses import address_key, clean_name, parse_address
from subscribers.csv_rows import WORKBOOKS
from subscribers.errors import BadAddress, SubscribersError
from subscribers.exporting import defused
from subscribers.models import Membership, Suppression
from subscribers.suppression import KEYS_PER_QUERY, suppress_keys

HASHED_WITH = "hashed with"
COLUMNS = ("address_key", "reason", "date", "actor")
KEY = re.compile(r"[0-9a-f]{64}")
MAX_ACTOR = 150
ZIP, OLE = WORKBOOKS
WORKBOOK_NAMES = (".xlsx", ".xlsm", ".xls")
TOLD = 1000  # lines of which a report says what is wrong; all are counted
NOT_TEXT = "it cannot be read as text (UTF-8)", "Save the file as text in UTF-8"
MEND_ROW = "Export the list anew with `digest suppressions export`, and change nothing in it"


class WrongLine(NamedTuple):
    """A line that counts nothing, why, and how to mend it."""

    line: int
    reason: str
    mend: str


@dataclass
class ListReport:
    """What became of a file's lines.

    new; stronger: was only erased before; already: nothing changed; returned: erased once, and
    the person joined anew since; invalid.
    """

    counts: Counter[str] = field(
        default_factory=lambda: Counter(new=0, stronger=0, already=0, returned=0, invalid=0)
    )
    invalid: list[WrongLine] = field(default_factory=list)  # the first 1000

    def refuse(self, line: int, why: str, mend: str) -> None:
        """A line that is not what it should be; the others go on."""
        self.counts["invalid"] += 1
        if len(self.invalid) < TOLD:
            self.invalid.append(WrongLine(line, why, mend))


def fingerprint() -> str:
    """What names our hashing key and tells nothing of it, 16 hexadecimal digits."""
    key = settings.SUBSCRIBERS_HASH_KEY.encode()
    return hmac.digest(key, b"fingerprint of the hashing key", hashlib.sha256).hex()[:16]


def counts() -> dict[str, int]:
    """How many addresses are suppressed by each reason; every reason is named."""
    rows = Suppression.objects.order_by().values_list("reason").annotate(Count("pk"))
    return dict.fromkeys(Suppression.Reason.values, 0) | dict(rows)


def write_list(stream: TextIO) -> int:
    """Write the whole list (open the stream with newline=""); how many rows."""
    writer = csv.writer(stream)
    writer.writerow((HASHED_WITH, fingerprint()))
    writer.writerow(COLUMNS)
    rows = Suppression.objects.order_by("pk").values_list("address_key", "reason", "at", "actor")
    count = 0
    for key, reason, at, actor in rows.iterator(chunk_size=2000):
        writer.writerow((key, reason, at.astimezone(UTC).isoformat(), defused(actor)))
        count += 1
    return count


def import_list(path: Path, *, now: datetime) -> ListReport:
    """Suppress all that such a file names, 500 a transaction; run again, it goes on.

    Raises SubscribersError when it cannot be read, is no such list, or has another key's hashes.
    """
    with _opened(path) as stream:
        rows = _rows(stream)
        _check_beginning(path, next(rows, (1, [])), next(rows, (2, [])))
        return _carry_out(rows, _read_row, now)


def import_addresses(
    path: Path, reason: Suppression.Reason, *, actor: str, now: datetime
) -> ListReport:
    """Suppress the addresses of a file, one a line; blank lines and those after # count nothing.

    Raises SubscribersError when it cannot be read.
    """

    def read(cells: list[str]) -> Suppression:
        if "\ufffd" in cells[0]:
            raise BadAddress(*NOT_TEXT)
        key = address_key(parse_address(cells[0]).address)
        return Suppression(address_key=key, reason=reason, at=now, actor=actor)

    with _opened(path) as stream:
        lines = ((number, line.strip()) for number, line in enumerate(stream, start=1))
        rows = ((number, [line]) for number, line in lines if line and line[0] != "#")
        return _carry_out(rows, read, now)


def _opened(path: Path) -> TextIO:
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
        if start in (ZIP, OLE[:4]) or path.suffix.lower() in WORKBOOK_NAMES:
            raise SubscribersError(
                "it is a workbook, or was one",
                where=path.name,
                mend="Save its addresses as text, one a line",
            )
        return path.open(encoding="utf-8-sig", errors="replace", newline="")
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise SubscribersError(what, where=path.name, mend="Check the file's name") from None


def _rows(stream: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells; a line that is no CSV has none. Blank lines count nothing."""
    reader = csv.reader(stream)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = ["no CSV"]
        if any(cell.strip() for cell in cells):
            yield reader.line_num, [cell.strip() for cell in cells]


def _check_beginning(
    path: Path, first: tuple[int, list[str]], second: tuple[int, list[str]]
) -> None:
    said, header = first[1][:2], second[1][: len(COLUMNS)]
    if said[:1] != [HASHED_WITH] or len(said) < 2 or header != list(COLUMNS):
        mend = "Give a file that `digest suppressions export` wrote, or addresses with --addresses"
        raise SubscribersError("this is no suppression list", where=path.name, mend=mend)
    if not hmac.compare_digest(said[1].encode(), fingerprint().encode()):
        raise SubscribersError(
            f"its hashes were made with another hashing key ({clean_name(said[1])[:16]}, "
            f"ours is {fingerprint()}), so they name nobody here",
            where=path.name,
            mend="Import it on a site with that DIGEST_HASH_KEY, or the addresses with --addresses",
        )


def _read_row(cells: list[str]) -> Suppression:
    """Raises ValueError, saying what is wrong with it."""
    if len(cells) < len(COLUMNS):
        raise ValueError(f"it has not the columns {', '.join(COLUMNS)}")
    key, reason, date, actor = cells[: len(COLUMNS)]
    if not KEY.fullmatch(key):
        raise ValueError("its address_key is no keyed hash (64 hexadecimal digits)")
    if reason not in Suppression.Reason.values:
        raise ValueError(f"its reason is none of {', '.join(Suppression.Reason.values)}")
    who = clean_name(actor.removeprefix("'"))[:MAX_ACTOR]
    return Suppression(address_key=key, reason=reason, at=_moment(date), actor=who)


def _moment(date: str) -> datetime:
    try:
        at = datetime.fromisoformat(date)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("its date is no date such as 2026-11-21T10:00:00+00:00") from None


def _carry_out(
    rows: Iterable[tuple[int, list[str]]],
    read: Callable[[list[str]], Suppression],
    now: datetime,
) -> ListReport:
    report, rest = ListReport(), iter(rows)
    while batch := list(islice(rest, KEYS_PER_QUERY)):
        orders = []
        for line, cells in batch:
            try:
                orders.append(read(cells))
            except BadAddress as error:
                report.refuse(line, error.reason, error.mend)
            except ValueError as error:
                report.refuse(line, str(error), MEND_ROW)
        returned = _returned(orders)
        standing = [order for order in orders if order.address_key not in returned]
        report.counts["returned"] += len(orders) - len(standing)
        done = suppress_keys(standing, now=now)
        report.counts.update(done.values())
        report.counts["already"] += len(standing) - len(done)  # the same key twice
    return report


def _returned(orders: list[Suppression]) -> set[str]:
    """Keys of people who were erased, and by their own confirmation are on a list since."""
    erased = {one.address_key: one.at for one in orders if one.reason == Suppression.Reason.ERASED}
    more = {one.address_key for one in orders if one.reason != Suppression.Reason.ERASED}
    rows = Membership.objects.filter(
        subscriber__address_key__in=list(erased), state=Membership.State.CONFIRMED
    ).values_list("subscriber__address_key", "joined_at")
    return {key for key, joined in rows if joined and joined > erased[key]} - more
