"""The themes as the subscribers app is handed them: what each list's readers may choose."""

from __future__ import annotations

from digest.config import Config


def themes_by_list(config: Config) -> dict[str, tuple[tuple[str, str], ...]]:
    """List → (id, name) of each theme that its edition holds, in its order.

    Names are those that its readers see. Raises ConfigError when the taxonomy cannot be read.
    """
    # Imported when somebody chooses: it takes a while, and most commands need no taxonomy.
    from digest.editorial.themes import load_taxonomy

    themes = load_taxonomy(config.themes_path).themes
    offered = {}
    for audience in config.audience_order:
        own = config.audiences[audience]
        order = dict.fromkeys((*own.order, *themes))
        held = [theme for theme in order if theme in themes and theme not in own.leave_out]
        offered[audience] = tuple((theme, themes[theme].names[audience]) for theme in held)
    return {str(audience): choices for audience, choices in offered.items()}
