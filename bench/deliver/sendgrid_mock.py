"""`python -m bench.deliver.sendgrid_mock`: HTTP/1.1 that answers 202 and reads no JSON.

Its port stands on stdout; connections stay open, and GET tells how many requests and bytes came.
"""

from __future__ import annotations

import asyncio
import re
from typing import cast

LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nx-message-id: mock-%d\r\ncontent-length: 0\r\n\r\n"
BATCH_ID = b'{"batch_id":"mock"}'
COUNTED = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s"


class Mock(asyncio.Protocol):
    """One connection, one request after the other."""

    requests = octets = 0  # on all of them

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready for a request."""
        self._transport = cast(asyncio.Transport, transport)
        self._head, self._wanted, self._for_batch = b"", 0, False

    def data_received(self, data: bytes) -> None:
        """Read heads and count bodies off; a body is never kept."""
        while data or self._head:
            if not self._wanted:
                head, found, data = (self._head + data).partition(b"\r\n\r\n")
                self._head = b"" if found else head
                if not found:
                    return
                if head.startswith(b"GET"):
                    counted = b"%d %d" % (Mock.requests, Mock.octets)
                    self._transport.write(COUNTED % (len(counted), counted))
                    continue
                self._for_batch = head.startswith(b"POST /v3/mail/batch")
                length = LENGTH.search(head)
                self._wanted = int(length[1]) if length else 0
            taken = min(self._wanted, len(data))
            data, self._wanted = data[taken:], self._wanted - taken
            Mock.octets += taken
            if self._wanted:
                return
            if self._for_batch:
                self._transport.write(COUNTED % (len(BATCH_ID), BATCH_ID))
                continue
            Mock.requests += 1
            self._transport.write(ACCEPTED % Mock.requests)


async def main() -> None:
    """Listen on a free port of 127.0.0.1 until killed."""
    server = await asyncio.get_running_loop().create_server(Mock, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
