"""Addresses of the page of notices, and of the calendar."""

from django.urls import path

from . import web

urlpatterns = [
    path("settings/notices/", web.page, name="settings_notices"),
    path("settings/notices/calendar/", web.link, name="notices_link"),
    path("settings/notices/calendar/revoke/", web.unlink, name="notices_unlink"),
    path("settings/notices/<str:target>/", web.change, name="notices_change"),
    path("settings/notices/<str:target>/test/", web.try_target, name="notices_test"),
    path("settings/notices/<str:target>/switch/", web.switch, name="notices_switch"),
    path("settings/notices/<str:target>/remove/", web.remove, name="notices_remove"),
    path("calendar/<str:key>.ics", web.calendar, name="calendar"),
]
