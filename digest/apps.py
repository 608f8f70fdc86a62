"""The newsletter as a Django app."""

from django.apps import AppConfig


class DigestConfig(AppConfig):
    name = "digest"
    label = "digest"
    default_auto_field = "django.db.models.BigAutoField"
