"""Addresses of the page of corrections; it hangs in the settings."""

from django.urls import path

from . import web

urlpatterns = [
    path("settings/corrections/", web.corrections, name="settings_corrections"),
    path("settings/corrections/switch/", web.switch, name="corrections_switch"),
    path("settings/corrections/labels.jsonl", web.labels, name="corrections_labels"),
]
