"""The page of search. Asked by POST, because a whole card code may be typed; only what is none goes into an address."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cardcase.desk.queries import code_in, search_page
from cardcase.desk.queries.search_page import FIELDS, address_of
from cardcase.kit import clock
from cardcase.shell.page import render
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor


@require_safe
@signed_in
def search(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what answers the words in the address. A code that somebody wrote into one is taken out of it."""
    values = {name: request.GET.get(name, "") for name in FIELDS}
    has_code, card = code_in(actor, values["q"])
    if has_code:
        if card is not None:
            return redirect("card", card)
        messages.warning(request, _("这看起来是整个卡密，没有拿去搜索。"))
        return redirect("search")
    return render(request, "desk/search.html", search_page(actor, values, now=clock.now()))


@require_POST
@signed_in
def ask(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Take the words and lead to their page; a whole code is answered here and stands in no address."""
    values = {name: request.POST.get(name, "") for name in FIELDS}
    if code_in(actor, values["q"])[0]:
        return render(request, "desk/search.html", search_page(actor, values, now=clock.now()))
    return redirect(address_of(values))
