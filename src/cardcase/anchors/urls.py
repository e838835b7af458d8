"""Addresses of the page of trusted time; it hangs in the settings."""

from django.urls import path

from . import web

urlpatterns = [
    path("settings/anchors/", web.page, name="settings_anchors"),
    path("settings/anchors/stamp/", web.stamp, name="anchors_stamp"),
    path("settings/anchors/copies/", web.set_copies, name="anchors_copies"),
    path("settings/anchors/checkpoint.note", web.copy, name="anchors_copy"),
    path("settings/anchors/<str:sha256>.tsr", web.token, name="anchors_token"),
    path("settings/anchors/<str:sha256>.note", web.stamped, name="anchors_stamped"),
]
