"""Addresses of the pages of privacy. A buyer stands in them as a row number, never by name."""

from django.urls import path

from . import web

urlpatterns = [
    path("settings/privacy/", web.overview, name="settings_privacy"),
    path("settings/privacy/find/", web.find, name="privacy_find"),
    path("settings/privacy/<str:ref>/", web.subject, name="privacy_subject"),
    path("settings/privacy/<str:ref>/<str:name>/", web.act, name="privacy_act"),
]
