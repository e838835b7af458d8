"""Address of the page of the optional model; it hangs in the settings."""

from django.urls import path

from . import web

urlpatterns = [
    path("settings/model/", web.model_page, name="settings_model"),
]
