"""kill -9, again and again, and what became of every mail (law 3).

    site ──► sender ──► sink ──► its log ─┐
               ▲ SIGKILL                  ├──► verdict: lost, doubled, unknown, really sent
             round                 rows ──┘

In: an approved issue with made-up readers, and how often its sender dies, where. Out: a table, or
one JSON document; exit 1 when the law is broken. `python -m bench.crash`, or `make crash-test`.
"""
