"""Reading exhibits and requests for evidence, always for an actor and in the actor's shop."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from cardcase.cases.models import Case
from cardcase.evidence.models import BuyerAnswer, EvidenceRequest, Exhibit
from cardcase.kit.errors import NotFound
from cardcase.staff.rules import Actor


def exhibits(actor: Actor, case: Case) -> list[Exhibit]:
    """Return the exhibits of a case in the order in which they were added, those set aside among them."""
    return exhibits_of(actor, [case])[case.pk]


def exhibits_of(actor: Actor, cases: Sequence[Case]) -> Mapping[int, list[Exhibit]]:
    """Return the same for several cases, by row id, in one query."""
    found: dict[int, list[Exhibit]] = {case.pk: [] for case in cases}
    for row in Exhibit.objects.visible_to(actor).filter(case_id__in=list(found)).order_by("pk"):
        found[row.case_id].append(row)
    return found


def exhibit(actor: Actor, public_id: str) -> Exhibit:
    """Return one exhibit with its case. Raises NotFound, also for another shop's."""
    found = Exhibit.objects.visible_to(actor).filter(public_id=public_id).select_related("case").first()
    if found is None:
        raise NotFound("没有这份证据", "There is no such exhibit")
    assert isinstance(found, Exhibit)
    return found


def requests(actor: Actor, case: Case) -> list[EvidenceRequest]:
    """Return what was asked for in a case, oldest first."""
    return requests_of(actor, [case])[case.pk]


def requests_of(actor: Actor, cases: Sequence[Case]) -> Mapping[int, list[EvidenceRequest]]:
    """Return the same for several cases, by row id, in one query."""
    found: dict[int, list[EvidenceRequest]] = {case.pk: [] for case in cases}
    for row in EvidenceRequest.objects.visible_to(actor).filter(case_id__in=list(found)).order_by("pk"):
        found[row.case_id].append(row)
    return found


def answers_of(actor: Actor, cases: Sequence[Case]) -> Mapping[int, list[BuyerAnswer]]:
    """Return what buyers answered to guided questions, by row id of the case, oldest first, in one query.

    Of several answers to one question the last counts; the ones before are what was said earlier.
    """
    found: dict[int, list[BuyerAnswer]] = {case.pk: [] for case in cases}
    for row in BuyerAnswer.objects.visible_to(actor).filter(case_id__in=list(found)).order_by("at", "pk"):
        found[row.case_id].append(row)
    return found


def request(actor: Actor, public_id: str) -> EvidenceRequest:
    """Return one request with its case. Raises NotFound, also for another shop's."""
    found = EvidenceRequest.objects.visible_to(actor).filter(public_id=public_id).select_related("case").first()
    if found is None:
        raise NotFound("没有这个索证请求", "There is no such request for evidence")
    assert isinstance(found, EvidenceRequest)
    return found


def open_requests(actor: Actor, case: Case) -> list[EvidenceRequest]:
    """Return what is still asked for in a case, oldest first."""
    rows = EvidenceRequest.objects.visible_to(actor).filter(case_id=case.pk, state="open")
    return list(rows.select_related("case").order_by("pk"))


def has_come(actor: Actor, asked: EvidenceRequest) -> bool:
    """Tell whether every kind that was asked for has come since and still counts."""
    rows = Exhibit.objects.visible_to(actor).filter(
        case_id=asked.case_id, kind__in=asked.kinds, captured_at__gte=asked.asked_at, set_aside_at=None
    )
    return set(rows.values_list("kind", flat=True)) >= set(asked.kinds)


def overdue_requests(actor: Actor, *, at: datetime) -> list[EvidenceRequest]:
    """Return open requests whose time is up."""
    rows = EvidenceRequest.objects.visible_to(actor).filter(state="open", due_at__lte=at)
    return list(rows.select_related("case").order_by("due_at", "pk"))
