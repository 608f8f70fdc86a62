"""The story in verbs, a module a step; here stages and rows meet.

    gather → compose → render → review → deliver

The command line, the web pages and the clock call these steps and nothing deeper.
"""

from collections.abc import Callable

Progress = Callable[[int, int], None]  # things that are through, things in all
