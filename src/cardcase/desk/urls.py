"""Addresses of Today and the case page."""

from django.urls import path

from . import web

urlpatterns = [
    path("", web.today, name="today"),
    path("cases/<str:number>/", web.case, name="case"),
    path("cases/<str:number>/timeline/", web.show_timeline, name="case-timeline"),
    path("cases/<str:number>/exhibits/<str:exhibit>/", web.exhibit, name="exhibit"),
    path("cases/<str:number>/exhibits/<str:exhibit>/open/", web.open_exhibit, name="exhibit-open"),
    path("cases/<str:number>/<str:name>/", web.act, name="case-act"),
]
