"""How fast gathering is: 200 feeds of 50 entries from a server of this machine, then once more.

In: the labelled corpus, whose sentences are dealt out anew. Out: entries a second, requests,
bytes and memory. `python -m bench.gathering`, or `make bench-gather`. The server is a process of
its own on another core; each feed has a host (127.0.0.n) of its own.
"""
