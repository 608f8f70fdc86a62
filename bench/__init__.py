"""Figures about the product: how right it is (`bench.evaluate`), how fast (`bench.compose`).

Neither ships in the wheel, and nothing of the product imports them.
"""
