"""Addresses of the pages of giving."""

from django.urls import path

from . import web, web_claims, web_parcels, web_replacements, web_settings

urlpatterns = [
    path("c/", web_claims.page, name="claim"),
    path("settings/links/", web_settings.link_hours, name="settings_links"),
    path("deliveries/", web.listing, name="deliveries"),
    path("deliveries/allocate/", web.allocate, name="deliveries-allocate"),
    path("deliveries/kinds/", web.set_kind, name="deliveries-kind"),
    path("replacements/<str:card>/", web_replacements.one, name="replacement"),
    path("replacements/<str:card>/parcel/<str:step>/", web_parcels.replacement_step, name="replacement-parcel-step"),
    path(
        "replacements/<str:card>/parcel/files/<str:file>/",
        web_parcels.replacement_file,
        name="replacement-parcel-file",
    ),
    path("replacements/<str:card>/<str:name>/", web_replacements.act, name="replacement-act"),
    path("deliveries/<str:delivery>/", web.one, name="delivery"),
    path("deliveries/<str:delivery>/parcel/<str:step>/", web_parcels.step, name="parcel-step"),
    path("deliveries/<str:delivery>/parcel/files/<str:file>/", web_parcels.file, name="parcel-file"),
    path("deliveries/<str:delivery>/<str:name>/", web.act, name="delivery-act"),
]
