"""Puts a summary into one of the themes, and says how sure that is and which words decided.

In: a summary, the taxonomy (themes.yaml, or a site's own file), and what editors taught by moving
items. Out: a `ThemeVerdict`. Weighted terms and the likeness to each theme's prototype text decide
together; title and headline count thrice, what was found once, limits and why hardly.
"""

from digest.editorial.themes.classify import classify
from digest.editorial.themes.learned import Example, Learned, learn
from digest.editorial.themes.taxonomy import SHIPPED, Taxonomy, load_taxonomy, theme_names

__all__ = [
    "SHIPPED", "Example", "Learned", "Taxonomy", "classify", "learn", "load_taxonomy",
    "theme_names",
]  # fmt: skip
