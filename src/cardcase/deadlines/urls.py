"""Addresses of the hours page; it hangs in the settings."""

from django.urls import path

from . import web

urlpatterns = [
    path("settings/hours/", web.hours_page, name="settings_hours"),
]
