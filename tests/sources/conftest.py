"""Fixtures of the tests on sources."""

from tests.sources.folders import folder

__all__ = ["folder"]
