"""JSON entrance of what the advice is judged by: calibration, overrides, and the values that a shop has learned."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from cardcase.staff.gate import caller

from . import queries

router = Router()


@router.get("/calibration", summary="Forecasts of the shop's fault against labels")
def calibration(request: HttpRequest) -> dict[str, Any]:
    """Return bins with n and interval, Brier's score and its noise floor; null where n is below eight."""
    return queries.calibration_document(queries.calibration(caller(request)))


@router.get("/overrides", summary="How often people choose other than advised")
def overrides(request: HttpRequest) -> dict[str, Any]:
    """Return counts by kind and by reason, and how the cases ended. No cause is claimed."""
    return queries.overrides_document(queries.overrides(caller(request)))


@router.get("/numbers", summary="The values that the shop has learned")
def numbers(request: HttpRequest) -> dict[str, Any]:
    """Return every learned value with its n, interval and the priors that it belongs to."""
    return queries.values_document(queries.values(caller(request)))
