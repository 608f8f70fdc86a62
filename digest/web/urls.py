"""Addresses of the archive, the studio, the webhook and the health check: no diagnosis (law 7)."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path, register_converter

from digest.values import AUDIENCES
from digest.web import archive, hooks, studio


class AudienceConverter:
    """`patient`, `caregiver` or `clinician`; anything else is no address of ours."""

    regex = "|".join(AUDIENCES)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(AudienceConverter, "audience")

urlpatterns = [
    path("", archive.archive, name="archive"),
    path("issues/<int:number>/<audience:audience>", archive.issue_page, name="issue-page"),
    path("hooks/sendgrid", hooks.sendgrid, name="hook-sendgrid"),
    path("healthz", archive.health, name="health"),
    path(
        "studio/login",
        LoginView.as_view(template_name="studio/login.html", redirect_authenticated_user=True),
        name="login",
    ),
    path("studio/logout", LogoutView.as_view(), name="logout"),
    path("studio/", studio.issues, name="studio"),
    path("studio/flags/<int:number>/settle", studio.settle_flag, name="studio-settle"),
    path("studio/issues/<int:number>", studio.issue, name="studio-issue"),
    path(
        "studio/issues/<int:number>/<audience:audience>.html",
        studio.preview,
        {"part": "html"},
        name="studio-preview",
    ),
    path(
        "studio/issues/<int:number>/<audience:audience>.txt",
        studio.preview,
        {"part": "text"},
        name="studio-preview-text",
    ),
]
