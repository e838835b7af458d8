"""Addresses of the import pages and of pushes."""

from django.urls import path

from . import web

urlpatterns = [
    path("import/", web.import_page, name="import"),
    path("import/confirm/", web.confirm, name="import-confirm"),
    path("import/<str:run>/", web.report, name="import-report"),
    path("hooks/<str:channel>/<str:key>", web.push, name="hook"),
]
