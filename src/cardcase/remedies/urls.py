"""Addresses of the pages by which the advice is judged; they hang in the settings."""

from django.urls import path

from . import web

urlpatterns = [
    path("settings/advice/", web.calibration, name="settings_advice"),
    path("settings/advice/overrides/", web.overrides, name="settings_overrides"),
]
