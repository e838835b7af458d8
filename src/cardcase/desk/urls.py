"""Addresses of Today and the case page."""

from django.urls import path

from . import web, web_search

urlpatterns = [
    path("", web.today, name="today"),
    path("search/", web_search.search, name="search"),
    path("search/ask/", web_search.ask, name="search-ask"),
    path("cases/<str:number>/", web.case, name="case"),
    path("cases/<str:number>/timeline/", web.show_timeline, name="case-timeline"),
    path("cases/<str:number>/exhibits/<str:exhibit>/", web.exhibit, name="exhibit"),
    path("cases/<str:number>/exhibits/<str:exhibit>/open/", web.open_exhibit, name="exhibit-open"),
    path("cases/<str:number>/<str:name>/", web.act, name="case-act"),
]
