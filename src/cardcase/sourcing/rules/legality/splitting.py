"""Sums that stay just under a threshold, several times in a row."""

from collections.abc import Mapping, Sequence

from .records import Found


def split(sum_fen: int, others: Sequence[int], params: Mapping[str, int]) -> Found | None:
    """Tell whether a sum and enough others lie just under one threshold that they pass together.

    ``params``: ``times`` how many it takes, ``percent`` from where "just under" counts, ``limit_…_fen`` thresholds.
    """
    limits = sorted(value for name, value in params.items() if name.startswith("limit"))
    for limit in limits:

        def is_under(one: int, limit: int = limit) -> bool:
            return limit * params["percent"] <= one * 100 < limit * 100

        near = [one for one in others if is_under(one)]
        if is_under(sum_fen) and len(near) + 1 >= params["times"]:
            return {"times": len(near) + 1, "sum_fen": sum_fen + sum(near), "limit_fen": limit}
    return None
