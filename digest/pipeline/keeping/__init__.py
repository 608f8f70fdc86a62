"""How a harvest is kept: what is known of it, what changed, what editors should look at.

`pipeline.keep` tells the way; each module here is one part of it. Set-based: the number of
queries grows with a harvest's chunks, not with its entries.
"""
