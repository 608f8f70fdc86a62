"""The mails on their way to the connections: who asks gets the next one, until told to stop.

What was taken and not begun comes back here and is given to another connection or, at the end,
back to the caller. Nothing is lost between a source and the wire.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol, TypeVar

from digest.values import Envelope

T = TypeVar("T")


class Source(Protocol):
    """Where mails come from: claims, a pace, a list. Both are called in the loop's own thread."""

    def take(self) -> Envelope | None:
        """The next mail, at once; None: none is ready now."""
        ...

    async def ready(self) -> bool:
        """Wait until a mail may be taken; False: there will be no more."""
        ...


class Listed:
    """A source of mails that are all there; `Listed(iter(function, None))` asks a function."""

    def __init__(self, mails: Iterable[Envelope]):
        self._mails = iter(mails)

    def take(self) -> Envelope | None:
        """The next one."""
        return next(self._mails, None)

    async def ready(self) -> bool:
        """Asked only when none was left."""
        return False


class Outgoing:
    """One source, shared by all connections. Set `stopping` and nothing more is begun."""

    def __init__(self, source: Source, stopping: asyncio.Event):
        self._source, self.stopping = source, stopping
        self._spare: deque[Envelope] = deque()
        self._asking: asyncio.Task[bool] | None = None
        self._over = asyncio.Event()  # stopped, or the source has no more

    @property
    def stopped(self) -> bool:
        """Whether nothing more may begin."""
        return self.stopping.is_set()

    def take(self) -> Envelope | None:
        """A mail that can be offered at once, if there is one."""
        if self.stopping.is_set():
            return None
        return self._spare.popleft() if self._spare else self._source.take()

    async def next(self) -> Envelope | None:
        """Wait for the next mail; None: there will be no more."""
        while not self.stopped:
            if (mail := self.take()) is not None:
                return mail
            if not await self._ready():
                break
        self.end()
        return None

    def put_back(self, mail: Envelope) -> None:
        """A mail of which nothing was begun; whoever asks next gets it."""
        self._spare.append(mail)
        self._over.clear()

    def give_back(self, returned: Callable[[Envelope], None]) -> None:
        """At the end: what nobody sent any more goes back to the caller."""
        if self._asking is not None:
            self._asking.cancel()
        while self._spare:
            returned(self._spare.popleft())

    def end(self) -> None:
        """Nobody waits any longer for mails."""
        self._over.set()

    async def pause(self, seconds: float, *, holding: bool) -> None:
        """Wait, but not past a stop, nor past the last mail for who is holding none."""
        if self.stopped:
            return
        watched = self.stopping if holding else self._over
        try:
            async with asyncio.timeout(seconds):
                await watched.wait()
        except TimeoutError:
            return

    async def unless_stopped(self, doing: Coroutine[Any, Any, T]) -> T | None:
        """Its result, or None when told to stop before: it is cancelled then."""
        task = asyncio.create_task(doing)
        try:
            await self._wait_for(task)
        finally:
            task.cancel()  # nothing, where it is done
            await asyncio.wait({task})
        return None if task.cancelled() else task.result()

    async def _ready(self) -> bool:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._source.ready())
        await self._wait_for(self._asking)
        return self._asking.done() and self._asking.result()

    async def _wait_for(self, task: asyncio.Task[Any]) -> None:
        """Until it is done or all is stopped."""
        halt = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait({task, halt}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            halt.cancel()
