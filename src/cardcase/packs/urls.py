"""Addresses of packs: evidence and the refuse form of a case, and the check of any pack."""

from django.urls import path

from . import web, web_verify

urlpatterns = [
    path("verify/", web_verify.page, name="verify"),
    path("cases/<str:number>/packs/", web.packs, name="packs"),
    path("cases/<str:number>/packs/acts/<str:name>/", web.act, name="pack-act"),
    path("cases/<str:number>/packs/<str:version>.zip", web.pack, name="pack"),
    path("cases/<str:number>/packs/<str:version>/<str:name>", web.pack_file, name="pack-file"),
    path("cases/<str:number>/exhibits/", web.exhibits, name="case-exhibits"),
    path("cases/<str:number>/exhibits/<str:exhibit>/cover/", web.cover, name="exhibit-cover"),
    path("cases/<str:number>/exhibits/<str:exhibit>/pages/<int:page>.png", web.cover_page, name="exhibit-page"),
    path("cases/<str:number>/exhibits/<str:exhibit>/shown", web.shown, name="exhibit-shown"),
    path("cases/<str:number>/refusal/", web.refuse_form, name="refusal"),
    path("cases/<str:number>/refusal/<str:name>.png", web.refusal_picture, name="refusal-picture"),
]
