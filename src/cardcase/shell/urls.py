"""Addresses that belong to no room."""

from django.urls import path

from . import web

urlpatterns = [
    path("language/", web.switch_language, name="switch_language"),
    path("parts/", web.parts_page, name="parts"),
    path("healthz", web.healthz, name="healthz"),
    path("readyz", web.readyz, name="readyz"),
]
