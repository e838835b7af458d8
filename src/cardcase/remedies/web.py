"""Pages by which the advice is judged: was it right, and do people follow it. They only show; nothing is set here."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from cardcase.shell.page import render
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor

from . import present, queries


@require_safe
@signed_in
def calibration(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show forecasts against what came out, and what was learned."""
    return render(request, "remedies/calibration.html", present.calibration(queries.calibration(actor)))


@require_safe
@signed_in
def overrides(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show how often people choose other than advised."""
    kinds = {kind.id: kind.title for kind in queries.priors(actor).kinds.values()}
    return render(request, "remedies/overrides.html", present.overrides(queries.overrides(actor), kinds))
