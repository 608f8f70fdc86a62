"""Addresses that a subscriber meets. `tokens` writes them without asking here, for speed."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from subscribers import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("leave/<str:token>", views.leave_list, name="leave"),
    path("confirm/<str:token>", views.confirm_membership, name="confirm"),
    path("preferences/<str:token>", views.preferences, name="preferences"),
]
