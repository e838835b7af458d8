"""Remedy facts made from the cases of tests/evidence, judged by the shipped matrix."""

from typing import Any

from cardcase.evidence.rules import CaseFacts, checklist, decline_gaps, find, read_matrix
from cardcase.remedies.rules import RemedyFacts, RemedySeen
from evidence.builders import NOON, an_exhibit, with_exhibits

MATRIX = read_matrix()


def standing(case: CaseFacts, **changes: Any) -> RemedyFacts:
    findings = find(case, MATRIX)
    items = checklist(case, MATRIX)
    values = {"stock_equal": 3, **changes}
    return RemedyFacts(
        case=case,
        findings=findings,
        items=items,
        gaps=decline_gaps(items, case, MATRIX, findings=findings),
        **values,
    )


def a_remedy(kind: str = "full_refund", state: str = "executed", value_fen: int = 19300, **changes: Any) -> RemedySeen:
    is_money = kind.endswith("refund") or kind == "goodwill"
    return RemedySeen(public_id="rem_1", kind=kind, state=state, value_fen=value_fen, is_money=is_money, **changes)


def dead(case):
    return with_exhibits(case, an_exhibit("E3", tail4="K4RT", is_usable=False, at=NOON, clock_source="issuer"))
