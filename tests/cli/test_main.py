"""The entry point: how it ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from digest.cli import main


@pytest.fixture
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_manager_stops_a_command_as_ctrl_c_does(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wound_up = []

    def app() -> None:
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        finally:
            wound_up.append(True)

    monkeypatch.setattr(main, "app", app)
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert ended.value.code == 130
    assert wound_up
    assert "what was done is kept" in capsys.readouterr().err
