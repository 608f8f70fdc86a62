"""Django's settings, derived from config.yaml (DIGEST_CONFIG names it) and the keys.

Nothing is set here that config.yaml does not decide or that Django does not need.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from digest.config import DataKeys, load_config, load_keys
from digest.project.database import database_settings
from digest.project.history import issues_of
from digest.project.segments import segment_fields
from digest.project.themes import themes_by_list
from digest.shipped import shipped

CONFIG = load_config(Path(os.environ.get("DIGEST_CONFIG", "config.yaml")))
KEYS = load_keys(CONFIG.folder)

SECRET_KEY, *SECRET_KEY_FALLBACKS = KEYS.secret_keys
DEBUG = False
_HOST = urlsplit(CONFIG.publication.site_url).hostname or ""
ALLOWED_HOSTS = [
    f"[{_HOST}]" if ":" in _HOST else _HOST,  # Django keeps the brackets of an IPv6 address
    "127.0.0.1",
    "localhost",
    "[::1]",
    CONFIG.web.host,
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "subscribers",
    "digest",
]
MIDDLEWARE = [
    "digest.web.headers.HeadWithoutBody",
    "digest.web.headers.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "digest.project.urls"
WSGI_APPLICATION = "digest.project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [
            *([CONFIG.path(CONFIG.templates)] if CONFIG.templates else []),
            shipped("templates"),
        ],
        "OPTIONS": {"environment": "digest.web.templates.environment"},
    }
]

DATABASES = {"default": database_settings(CONFIG.database, CONFIG.path)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = CONFIG.publication.timezone
LANGUAGE_CODE = "en"
USE_I18N = False

LOGIN_URL = "/studio/login"
LOGIN_REDIRECT_URL = "/studio/"
LOGOUT_REDIRECT_URL = "/studio/login"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
_HTTPS = CONFIG.publication.site_url.startswith("https://") and CONFIG.web.trusted_proxy
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CONFIG.web.trusted_proxy else None
CSRF_TRUSTED_ORIGINS = [CONFIG.publication.site_url]
EMAIL_BACKEND = "digest.delivery.queue.QueueBackend"
DEFAULT_FROM_EMAIL = CONFIG.sender.address

# What the subscribers app needs to know of the newsletter; it imports nothing of digest.
SUBSCRIBER_LISTS = {name: CONFIG.audiences[name].readers for name in CONFIG.audience_order}
SUBSCRIBERS_HASH_KEY = KEYS.hash_key
SUBSCRIBERS_DATA_KEYS = DataKeys(CONFIG.folder, KEYS.data_keys)  # as they are now
SUBSCRIBERS_SEAL = CONFIG.privacy.encrypt_addresses
SUBSCRIBERS_DEPARTURES = str(CONFIG.path(CONFIG.privacy.departures))
SUBSCRIBERS_ZONE = CONFIG.zone
SUBSCRIBERS_LANGUAGE = CONFIG.publication.language
SUBSCRIBERS_SIGNUP = CONFIG.signup.enabled
SUBSCRIBERS_MAILS_PER_HOUR = CONFIG.signup.mails_per_hour  # that public pages bring about
SUBSCRIBERS_PENDING_FOR = CONFIG.privacy.retention.pending
SUBSCRIBERS_PUBLICATION = CONFIG.publication.name
SUBSCRIBERS_SITE_URL = CONFIG.publication.site_url
SUBSCRIBERS_SENDER = (CONFIG.sender.name, CONFIG.sender.address)
SUBSCRIBERS_ARCHIVE = "/"  # where the past issues stand
SUBSCRIBERS_TRACES = "digest.pipeline.forget.Traces"  # what else names an erased person
SUBSCRIBERS_THEMES = partial(themes_by_list, CONFIG)  # called when somebody chooses
SUBSCRIBERS_HISTORY = issues_of  # called when somebody downloads their data
SUBSCRIBERS_SEGMENT_FIELDS = segment_fields  # called when a segment is read
LOGGING_CONFIG = None
