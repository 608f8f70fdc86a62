"""`python -m bench.deliver.fast_sink`: what fast_sink.c does, where no C compiler is.

It takes every mail and keeps none; its port stands on stdout, and VRFY tells how many it took.
"""

from __future__ import annotations

import asyncio
from typing import cast

FINAL = b"\r\n.\r\n"
HELLO = b"250-fast-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
REPLIES = {b"E": HELLO, b"D": b"354 go on\r\n", b"Q": b"221 bye\r\n"}
OK = b"250 2.0.0 Ok: queued as 17\r\n"


class Sink(asyncio.Protocol):
    """One connection; commands are told apart by their first letter."""

    taken = 0  # on all of them

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast(asyncio.Transport, transport)
        self._in_body, self._rest = False, b""
        self._transport.write(b"220 fast-sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer what is whole; a body's last bytes wait for the rest of its end."""
        data, replies = self._rest + data, []
        while data:
            line, found, rest = data.partition(FINAL if self._in_body else b"\r\n")
            if not found:
                break
            replies.append(self._body() if self._in_body else self._command(line))
            # The end of the DATA line may be the beginning of the end of an empty body.
            data = b"\r\n" + rest if self._in_body else rest
        self._rest = data[-len(FINAL) + 1 :] if self._in_body else data
        self._transport.write(b"".join(replies))
        if REPLIES[b"Q"] in replies:
            self._transport.close()

    def _body(self) -> bytes:
        self._in_body = False
        Sink.taken += 1
        return OK

    def _command(self, line: bytes) -> bytes:
        verb = line[:1].upper()
        self._in_body = verb == b"D"
        return b"252 %d\r\n" % Sink.taken if verb == b"V" else REPLIES.get(verb, OK)


async def main() -> None:
    """Listen on a free port of 127.0.0.1 until killed."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
