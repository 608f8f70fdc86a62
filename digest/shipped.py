"""Finds what travels with the product: templates, examples and the commented config.yaml."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """`templates`, `examples` or `config.yaml`: in an installed wheel or in the checkout."""
    in_wheel = PACKAGE / "_shipped" / name
    return in_wheel if in_wheel.exists() else PACKAGE.parent / name
