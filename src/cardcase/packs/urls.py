"""Addresses of packs."""

from django.urls import path

from . import web_verify

urlpatterns = [path("verify/", web_verify.page, name="verify")]
