"""Faults while an issue goes out: what becomes of each reader, whatever breaks."""
