"""Django's settings for the tests: a site of its own in a folder of this run."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from digest.config import new_keys
from digest.shipped import shipped

_site = Path(os.environ.setdefault("DIGEST_TEST_SITE", tempfile.mkdtemp(prefix="digest-test-")))
if not (_site / "config.yaml").exists():
    shutil.copy(shipped("config.yaml"), _site / "config.yaml")
    (_site / "digest.keys").write_text(new_keys(), encoding="utf-8")
    (_site / "digest.keys").chmod(0o600)
os.environ["DIGEST_CONFIG"] = str(_site / "config.yaml")

from digest.project.database import database_settings  # noqa: E402
from digest.project.settings import *  # noqa: E402, F403
from digest.project.settings import CONFIG  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if url := os.environ.get("DIGEST_TEST_DATABASE_URL"):
    DATABASES = {"default": database_settings(url, CONFIG.path)}
