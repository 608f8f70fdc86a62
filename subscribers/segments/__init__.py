"""Segments: a choice of readers, written as an expression and read anew each time it is used.

    list = patient and (tag = "clinic a" or joined >= 2026-01-01) and not bounced

text → `grammar` → `tree` → `fields` → a condition on subscribers; `saved` keeps some by name.
No SQL is ever made of what was written: fields are looked up in a table, values are parameters.
What the newsletter knows of readers (issues, bounces) is handed in by the settings.
"""
