"""Scores what the product reads out of labelled summaries: themes, evidence, time.

In: a JSONL file of summaries with what a person said of each. Out: shares with n and a 95 %
interval, and every disagreement by its slug. `python -m bench.evaluate`, or `make eval`.
"""
