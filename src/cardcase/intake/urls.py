"""Addresses of the import pages, of screenshots and of pushes."""

from django.urls import path

from . import web, web_screens

urlpatterns = [
    path("import/", web.import_page, name="import"),
    path("import/confirm/", web.confirm, name="import-confirm"),
    path("import/<str:run>/", web.report, name="import-report"),
    path("screens/", web_screens.screens_page, name="screens"),
    path("screens/<str:capture>/", web_screens.capture_page, name="capture"),
    path("screens/<str:capture>/<int:place>-<int:piece>.png", web_screens.picture, name="capture-picture"),
    path("hooks/<str:channel>/<str:key>", web.push, name="hook"),
]
