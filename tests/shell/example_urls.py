"""The product's addresses, with example pages where the desk, intake and cards will hang theirs."""

from django.urls import path

from cardcase.desk import pages_reply as desk
from cardcase.project.urls import handler400, handler403, handler404, handler500
from cardcase.project.urls import urlpatterns as real
from cardcase.shell.page import render
from cardcase.shell.parts import Check
from cardcase.staff.gate import signed_in
from shell.example_pages import PAGES


def _view(template, build):
    @signed_in
    def view(request, actor):
        return render(request, template, build())

    return view


def _boom(request):
    raise RuntimeError("planted")


urlpatterns = [
    *(path(url.lstrip("/"), _view(template, build)) for url, (template, build) in PAGES.items()),
    path(
        "cases/AS-2026-000123/reply/check/",
        _view("desk/_checks.html", lambda: desk.ReplyChecks((Check(ok=True, text="刚刚检查过"),))),
    ),
    path("boom/", _boom),
    *real,
]

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
