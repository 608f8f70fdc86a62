"""Addresses that a subscriber meets. `tokens` writes them without asking here, for speed."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from subscribers import leave_views, own_views, signup_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("leave/<str:token>", leave_views.leave_list, name="leave"),
    path("leave/<str:token>/why", leave_views.say_why_left, name="why-left"),
    path("return/<str:token>", leave_views.undo_leaving, name="undo-leaving"),
    path("subscribe", signup_views.subscribe, name="subscribe"),
    path("link", signup_views.send_me_my_link, name="link"),
    path("confirm/<str:token>", signup_views.confirm_memberships, name="confirm"),
    path("address/<str:token>", own_views.confirm_address, name="confirm-address"),
    path("preferences/<str:token>", own_views.own_page, name="preferences"),
    path("preferences/<str:token>/lists", own_views.own_lists, name="own-lists"),
    path("preferences/<str:token>/themes", own_views.own_themes, name="own-themes"),
    path("preferences/<str:token>/look", own_views.own_look, name="own-look"),
    path("preferences/<str:token>/pause", own_views.own_pause, name="own-pause"),
    path("preferences/<str:token>/address", own_views.own_address, name="own-address"),
    path("preferences/<str:token>/data", own_views.own_data_page, name="own-data"),
    path("preferences/<str:token>/erase", own_views.erase_me, name="erase-me"),
]
