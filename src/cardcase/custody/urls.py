"""Addresses of the page of the record; it hangs in the settings."""

from django.urls import path

from . import web

urlpatterns = [
    path("settings/record/", web.record_page, name="settings_record"),
    path("settings/record/sign/", web.sign, name="settings_record_sign"),
    path("settings/record/rotate-key/", web.rotate_key, name="settings_record_rotate"),
    path("settings/record/continue/", web.go_on, name="settings_record_continue"),
]
