"""Every address of the site. Public pages first; the studio stands behind a login."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("subscribers.urls")),
    path("", include("digest.web.urls")),
]
handler404 = "subscribers.views.page_not_found"
