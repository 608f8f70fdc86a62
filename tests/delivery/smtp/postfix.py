"""A Postfix of its own in a folder of its own: what it is told comes in, Maildirs come out.

Nothing of the machine's own mail is touched and nothing leaves: what is not delivered to a Maildir
is refused. It must be started by root, as it changes to other users for each of its parts.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

POSTFIX = shutil.which("postfix", path=os.environ.get("PATH", "") + ":/usr/sbin")
NOBODY = 65534
SECONDS = 60  # that a loaded machine may take to start it, or to deliver what it has accepted
PARTS = """\
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
proxymap  unix - - n - - proxymap
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
virtual   unix - n n - - virtual
anvil     unix - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A server that runs; `ports` by the name that each of its doors was given."""

    folder: Path
    ports: dict[str, int]

    def delivered(self) -> dict[str, list[bytes]]:
        """Each mailbox's mails, once nothing is under way any more."""
        _wait(lambda: not self._queued(), "its queue does not become empty", self.folder)
        boxes = self.folder / "mail"
        return {
            box.name: [mail.read_bytes() for mail in (box / "new").iterdir()]
            for box in boxes.iterdir()
        }

    @property
    def log(self) -> str:
        """What it said of itself."""
        return (self.folder / "mail.log").read_text("utf-8", "replace")

    def _queued(self) -> bool:
        # In the order in which a mail goes through them, so that none is missed on its way.
        folders = [self.folder / "queue" / name for name in ("incoming", "active", "deferred")]
        return any(path.is_file() for folder in folders for path in folder.rglob("*"))


@contextmanager
def postfix(
    settings: dict[str, str], doors: dict[str, dict[str, str]], tables: dict[str, dict[str, str]]
) -> Iterator[Postfix]:
    """Started and, whatever happens, stopped.

    `settings` for all, `doors`: settings of each smtpd, `tables`: files to look up in.
    """
    assert POSTFIX is not None
    # Not below pytest's folder: that one is closed to Postfix's own users.
    with tempfile.TemporaryDirectory(prefix="postfix-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        ports = _free_ports(doors)
        _write(folder, settings, {ports[door]: doors[door] for door in doors}, tables)
        try:
            started = _order("start", folder)
            assert started.returncode == 0, f"Postfix does not start\n{_said(folder)}"
            _wait(lambda: all(map(_listens, ports.values())), "it does not listen", folder)
            yield Postfix(folder, ports)
        finally:
            _order("stop", folder)


def _write(
    folder: Path,
    settings: dict[str, str],
    doors: dict[int, dict[str, str]],
    tables: dict[str, dict[str, str]],
) -> None:
    etc, mail = folder / "etc", folder / "mail"
    for made in (etc, mail, folder / "queue", folder / "data"):
        made.mkdir()
    os.chown(mail, NOBODY, NOBODY)
    shutil.chown(folder / "data", "postfix")
    for name, table in tables.items():
        lines = [f"{key} {value}\n" for key, value in table.items()]
        (etc / name).write_text("".join(lines), encoding="ascii")
    usual = {
        "compatibility_level": "3.6",
        "queue_directory": f"{folder}/queue",
        "data_directory": f"{folder}/data",
        "maillog_file": f"{folder}/mail.log",
        "maillog_file_prefixes": str(folder),
        "myhostname": "mta.example.net",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "mynetworks": "",
        "smtpd_peername_lookup": "no",
        "mydestination": "",
        "local_transport": "error:nobody lives here",
        "default_transport": "error:nothing leaves this machine",
        "smtpd_relay_restrictions": "reject_unauth_destination",
        "virtual_mailbox_base": str(mail),
        "virtual_mailbox_limit": "0",
        "virtual_uid_maps": f"static:{NOBODY}",
        "virtual_gid_maps": f"static:{NOBODY}",
        "local_header_rewrite_clients": "",  # as from anywhere else: the content is not touched
        "smtpd_error_sleep_time": "0",
        "in_flow_delay": "0",
        "etc": str(etc),
    }
    main = [f"{key} = {value}\n" for key, value in (usual | settings).items()]
    (etc / "main.cf").write_text("".join(main), encoding="ascii")
    lines = [
        f"127.0.0.1:{port} inet n - n - - smtpd\n"
        + "".join(f"  -o {{ {key} = {value} }}\n" for key, value in own.items())
        for port, own in doors.items()
    ]
    (etc / "master.cf").write_text("".join(lines) + PARTS, encoding="ascii")


def _free_ports(names: dict[str, dict[str, str]]) -> dict[str, int]:
    free = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = [each.getsockname()[1] for each in free]
    for each in free:
        each.close()
    return dict(zip(names, ports, strict=True))


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
            return connection.recv(4) == b"220 "
    except OSError:
        return False


def _wait(done: Callable[[], bool], otherwise: str, folder: Path) -> None:
    give_up_at = time.monotonic() + SECONDS
    between = threading.Event()
    while not done():
        if time.monotonic() > give_up_at:
            pytest.fail(f"Postfix: {otherwise}\n{_said(folder)}")
        between.wait(0.01)


def _said(folder: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace")[-4000:] for log in folder.glob("*.log"))


def _order(order: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """`start` returns when its master runs, `stop` when that is gone, by force after 5 s."""
    assert POSTFIX is not None
    command = [POSTFIX, "-c", str(folder / "etc"), order]
    # Not to a pipe: its parts inherit it, and the end of that would be waited for.
    with (folder / f"{order}.log").open("wb") as log:
        return subprocess.run(command, stdout=log, stderr=log, check=False)
