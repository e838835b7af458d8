"""Calibration, overrides and learned values as plain JSON: what the API and the command line print. A contract.

A share below eight is ``null``: its count and its number are told, the quotient is not.
"""

from typing import Any

from cardcase.kit import clock
from cardcase.remedies.rules import learning

from .learning import CalibrationView, Values

Plain = dict[str, Any]


def values_document(values: Values) -> Plain:
    """Write the learned values that stand."""
    return {
        "version": values.version or None,
        "base": values.base,
        "is_current": values.is_current,
        "learned_at": clock.iso(values.at) if values.at else None,
        "labels": values.labels,
        "learned": [one.model_dump(mode="json", include=_VALUE) for one in values.records],
    }


_VALUE = {
    "id", "number", "sub_reason", "redemption", "low", "mid", "high", "n", "hits", "expected", "part",
}  # fmt: skip


def calibration_document(view: CalibrationView) -> Plain:
    """Write forecasts against labels, cases that never went to the platform apart from those that did."""
    return {
        "closed": view.closed,
        "sources": dict(view.sources),
        "settled_by_rule": view.settled_by_rule,
        "not_disputed": _group(view.calibration.calm),
        "disputed": _group(view.calibration.contested),
        "values": values_document(view.values),
    }


def overrides_document(report: learning.OverrideReport) -> Plain:
    """Write how often people chose other than advised, and how those cases ended."""
    return {
        "decisions": _share(report.whole),
        "without_advice": report.unadvised,
        "by_kind": [{"advised": row.key, **_share(row.seen)} for row in report.by_kind],
        "by_reason": [{"because": row.key or "unsaid", **_share(row.seen)} for row in report.by_reason],
        "followed": _ending(report.followed),
        "chosen_otherwise": _ending(report.other),
        "lost_noise_floor": _round(report.floor),
    }


def _group(group: learning.Group) -> Plain:
    score = group.score
    return {
        "n": group.n,
        "judgement": group.judgement,
        "bins": [
            {
                "from": one.low,
                "to": one.high,
                "forecast": _round(one.mean) if one.seen.is_enough else None,
                **_share(one.seen),
            }
            for one in group.bins
        ],
        "brier": _round(score.brier) if score else None,
        "brier_of_base_rate": _round(score.base_rate) if score else None,
        "noise_floor": {"low": _round(score.floor_low), "mid": _round(score.floor), "high": _round(score.floor_high)}
        if score
        else None,
        "z": _round(score.z) if score else None,
    }


def _ending(ending: learning.Ending) -> Plain:
    return {
        "closed": ending.n,
        "outcomes": dict(ending.outcomes),
        "lost": _share(ending.lost),
        "against_label": _share(ending.against_label),
    }


def _share(one: learning.Share) -> Plain:
    return {
        "hits": one.hits,
        "n": one.n,
        "share": _round(one.rate) if one.is_enough else None,
        "low": _round(one.low) if one.is_enough else None,
        "high": _round(one.high) if one.is_enough else None,
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
