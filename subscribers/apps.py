"""Who receives: a Django app that stands on its own."""

from django.apps import AppConfig


class SubscribersConfig(AppConfig):
    name = "subscribers"
    label = "subscribers"
    default_auto_field = "django.db.models.BigAutoField"
