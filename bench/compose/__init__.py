"""How long composing takes, and where: 100, 1,000 and 10,000 summaries to a draft.

In: nothing but the labelled corpus, whose sentences are dealt out anew. Out: seconds, memory and
the cost of each stage. `python -m bench.compose`, or `make bench-compose`. The product holds no
code for this: stages.py puts clocks around its stages from outside.
"""
