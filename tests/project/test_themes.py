"""What the subscribers app is handed of the taxonomy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from digest.config import Config
from digest.editorial.themes import load_taxonomy
from digest.errors import ConfigError
from digest.project.themes import themes_by_list
from digest.values import AUDIENCES
from tests.builders import a_config


def a_site(**patient: Any) -> Config:
    """The shipped configuration with another patient edition."""
    config = a_config()
    changed = config.audiences["patient"].model_copy(update=patient)
    return config.model_copy(update={"audiences": {**config.audiences, "patient": changed}})


def test_each_list_is_offered_the_names_that_its_readers_see() -> None:
    offered, themes = settings.SUBSCRIBERS_THEMES(), load_taxonomy().themes
    assert list(offered) == list(AUDIENCES)
    for audience in AUDIENCES:
        names = {theme: themes[theme].names[audience] for theme in themes}
        assert dict(offered[audience]) == names


def test_themes_stand_in_the_order_of_the_edition() -> None:
    offered = themes_by_list(a_site(order=("life", "no_such", "mind")))["patient"]
    rest = [theme for theme in load_taxonomy().themes if theme not in ("life", "mind")]
    assert [theme for theme, _ in offered] == ["life", "mind", *rest]


def test_what_an_edition_leaves_out_is_not_offered_for_it() -> None:
    offered = themes_by_list(a_site(leave_out=("related",)))
    assert "related" not in dict(offered["patient"])
    assert "related" in dict(offered["clinician"])


def test_a_taxonomy_that_cannot_be_read_is_said_with_its_file(tmp_path: Path) -> None:
    config = a_config(tmp_path).model_copy(update={"themes": "gone.yaml"})
    with pytest.raises(ConfigError, match=r"gone\.yaml"):
        themes_by_list(config)


def test_no_taxonomy_is_read_at_the_start_of_a_command() -> None:
    code = (
        "import sys, django; django.setup(); from django.conf import settings; "
        "assert settings.SUBSCRIBERS_THEMES; print('digest.editorial.themes' in sys.modules)"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "digest.project.settings"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        check=True, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert done.stdout.strip() == "False"
