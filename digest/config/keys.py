"""The secrets: from the environment, else from the key file beside config.yaml (mode 600).

Three keys with three lives: tokens (may rotate), data (rotates by re-encrypting), hashing (never
rotates, or erased addresses could come back). They never stand in config.yaml. Where a key may
rotate, its value is the new key, a comma, and the old ones, which still count for what they made.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from digest.errors import ConfigError

KEY_FILE = "digest.keys"
ROTATING = ("DIGEST_SECRET_KEY", "DIGEST_DATA_KEY")
REQUIRED = ("DIGEST_SECRET_KEY", "DIGEST_DATA_KEY", "DIGEST_HASH_KEY")
OPTIONAL = ("DIGEST_SMTP_PASSWORD", "SENDGRID_API_KEY", "DIGEST_IMAP_PASSWORD")
MIN_KEY_LENGTH = 32  # hex digits or more: 128 bits
LOOK_AGAIN = 1.0  # seconds: how old what a process knows of the key file may be


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets of one site; never printed."""

    secret_key: str = field(repr=False)
    data_key: str = field(repr=False)
    hash_key: str = field(repr=False)
    smtp_password: str = field(default="", repr=False)
    sendgrid_api_key: str = field(default="", repr=False)
    imap_password: str = field(default="", repr=False)

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """What signs tokens, then what signed them before."""
        return _each(self.secret_key)

    @property
    def data_keys(self) -> tuple[str, ...]:
        """What seals addresses, then what sealed them before."""
        return _each(self.data_key)


class DataKeys:
    """The data keys as they are now, newest first.

    A process that runs for months follows a rotation by itself: the key file is looked at again
    once a second while keys are asked for. What the environment sets stays as it was.
    """

    def __init__(self, folder: Path, keys: tuple[str, ...]):
        self._folder, self._keys = folder, keys
        self._seen, self._looked = self._mark(), time.monotonic()

    def __iter__(self) -> Iterator[str]:
        if time.monotonic() - self._looked > LOOK_AGAIN:
            self.look()
        return iter(self._keys)

    def look(self) -> None:
        """Read the key file anew where it has changed; one that cannot be read changes nothing."""
        self._looked, mark = time.monotonic(), self._mark()
        if mark == self._seen or is_in_environment("DIGEST_DATA_KEY"):
            return
        try:
            self._keys = load_keys(self._folder).data_keys
        except ConfigError:
            return
        self._seen = mark

    def _mark(self) -> tuple[int, int, int] | None:
        try:
            found = key_file_of(self._folder).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def key_file_of(folder: Path) -> Path:
    """Where the key file of a site lies."""
    return folder / KEY_FILE


def new_keys() -> str:
    """The text of a fresh key file."""
    lines = ["# The keys of this site. Keep a copy in a safe place; never put it under version"]
    lines += ["# control. Without DIGEST_HASH_KEY, nobody can prove who asked not to be mailed."]
    lines += [f"{name}={new_key()}" for name in REQUIRED]
    return "\n".join(lines) + "\n"


def new_key() -> str:
    """256 bits of chance, as hex digits."""
    return secrets.token_hex(32)


def is_in_environment(name: str, environ: Mapping[str, str] | None = None) -> bool:
    """Whether this key comes from the environment, where nothing here can change it."""
    return bool((os.environ if environ is None else environ).get(name))


def store_keys(folder: Path, name: str, keys: Sequence[str]) -> None:
    """Write the keys of a name that may rotate into the key file, newest first.

    The file is replaced as a whole, mode 600: whoever reads it, and whatever dies meanwhile, there
    is the old one or the new one. All other lines stay. Raises ConfigError.
    """
    path = key_file_of(folder)
    _read_key_file(path)  # refuses what others can read
    try:
        old = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        others = [line for line in old if line.partition("=")[0].strip() != name]
        place = next((n for n, line in enumerate(old) if line not in others), len(others))
        others.insert(place, f"{name}={','.join(keys)}")
        _replace(path, "\n".join(others) + "\n")
    except OSError as error:
        raise ConfigError(
            f"the key file cannot be written ({error.strerror})",
            where=str(path),
            mend="Mend its permissions and those of its folder",
        ) from None


def load_keys(folder: Path, environ: Mapping[str, str] | None = None) -> Keys:
    """The keys of the site in `folder`. Raises ConfigError when one is missing or too open."""
    environ = os.environ if environ is None else environ
    stored = _read_key_file(key_file_of(folder))
    found = {name: environ.get(name) or stored.get(name, "") for name in (*REQUIRED, *OPTIONAL)}
    for name in REQUIRED:
        parts = _each(found[name]) if name in ROTATING else (found[name],)
        if min(map(len, parts), default=0) < MIN_KEY_LENGTH:
            raise ConfigError(
                f"{name} is missing or shorter than {MIN_KEY_LENGTH} characters",
                where=str(key_file_of(folder)),
                mend=f"Restore the file from a copy, or set {name} in the environment; for a new "
                f"site, `digest init {folder}` writes the file",
            )
    return Keys(*(found[name] for name in (*REQUIRED, *OPTIONAL)))


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)  # left by one that died
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name is on the disk before a row is sealed by it
    finally:
        os.close(folder)


def _each(value: str) -> tuple[str, ...]:
    return tuple(part for part in (one.strip() for one in value.split(",")) if part)


def _read_key_file(path: Path) -> dict[str, str]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the key file cannot be read ({error})", where=str(path), mend="Mend its permissions"
        ) from None
    if mode & 0o077:
        raise ConfigError(
            f"the key file can be read by others (mode {mode:o})",
            where=str(path),
            mend=f"Run `chmod 600 {path}`",
        )
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {name.strip(): value.strip() for name, separator, value in pairs if separator}
