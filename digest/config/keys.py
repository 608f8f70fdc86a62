"""The secrets: from the environment, else from the key file beside config.yaml (mode 600).

Three keys with three lives: tokens (may rotate), data (rotates by re-encrypting), hashing (never
rotates, or erased addresses could come back). They never stand in config.yaml. Where a key may
rotate, its value is the new key, a comma, and the old ones, which still count for what they made.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from digest.errors import ConfigError

KEY_FILE = "digest.keys"
ROTATING = ("DIGEST_SECRET_KEY", "DIGEST_DATA_KEY")
REQUIRED = ("DIGEST_SECRET_KEY", "DIGEST_DATA_KEY", "DIGEST_HASH_KEY")
OPTIONAL = ("DIGEST_SMTP_PASSWORD", "SENDGRID_API_KEY", "DIGEST_IMAP_PASSWORD")
MIN_KEY_LENGTH = 32  # hex digits or more: 128 bits


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


def key_file_of(folder: Path) -> Path:
    """Where the key file of a site lies."""
    return folder / KEY_FILE


def new_keys() -> str:
    """The text of a fresh key file."""
    lines = ["# The keys of this site. Keep a copy in a safe place; never put it under version"]
    lines += ["# control. Without DIGEST_HASH_KEY, nobody can prove who asked not to be mailed."]
    lines += [f"{name}={secrets.token_hex(32)}" for name in REQUIRED]
    return "\n".join(lines) + "\n"


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
