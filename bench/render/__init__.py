"""How long rendering takes and how many bytes it makes, beside MJML and css-inline.

In: made-up editions (material.py). Out: medians of warm renders, bytes, and whether the limits of
the mail hold. `python -m bench.render`, or `make bench-render`. A peer that is not installed is
named as absent.
"""
