"""The newsletter: gather, compose, render, review, deliver."""

__version__ = "0.1.0"
