"""How addresses and names lie in the database, and whether our data keys open them."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from digest.config import Config
from digest.pipeline.check.finding import Finding, error, ok, warning
from digest.pipeline.rotate import DATA, count_seals

ROTATE = "Run `digest keys rotate`"


def examine(config: Config) -> Iterator[Finding]:
    """What is sealed, what is not, by which keys. Counts only: nothing is opened."""
    seals, keys = count_seals(), tuple(settings.SUBSCRIBERS_DATA_KEYS)
    key, wanted = "privacy.encrypt_addresses", config.privacy.encrypt_addresses
    if not wanted:
        sealed = seals.by_mark.total()
        yield warning(
            key,
            "it is false: addresses and names lie in the database in plain text",
            f"{sealed:,} are sealed from before: {ROTATE.lower()}"
            if sealed
            else "Keep the database and its copies on an encrypted disk, or write true",
        )
    elif seals.plain:
        yield warning(key, f"{seals.plain:,} texts lie in plain text from before", ROTATE)
    else:
        yield ok(key, "addresses, names and waiting mails lie encrypted")
    if strange := seals.under_none_of(keys):
        yield error(
            DATA,
            f"{strange:,} texts cannot be opened with our data keys",
            "Put the key that sealed them back, after the newest one and a comma",
        )
    if old := keys[1:]:
        yield _old_keys(sum(not seals.under(one) for one in old), len(old))


def _old_keys(unused: int, old: int) -> Finding:
    if unused == old:
        reason = f"{_keys(old)} no text any more"
        return ok(DATA, reason, "Once old backups are gone, run `digest keys rotate --finish`")
    return warning(DATA, f"{_keys(old - unused)} texts still", f"{ROTATE} to its end")


def _keys(count: int) -> str:
    return "an old key seals" if count == 1 else f"{count} old keys seal"
