"""The pages of sourcing: suppliers, batches, flags, claims, and the papers themselves."""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cardcase.kit import clock
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.kit.money import parse_yuan
from cardcase.kit.text import Text
from cardcase.shell.download import as_file
from cardcase.shell.page import render
from cardcase.sourcing import present, queries, service
from cardcase.sourcing.rules.papers import LARGEST, BadPaper
from cardcase.sourcing.rules.suppliers import SupplierTold
from cardcase.sourcing.service import LotTold, PaperTold
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor

PAGE: Final = "sourcing/page.html"
Act = Callable[[HttpRequest, Actor, str], HttpResponse]


@require_safe
@signed_in
def suppliers(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the suppliers."""
    return render(request, PAGE, present.suppliers_page(actor, queries.supplier_rows(actor)))


@require_POST
@signed_in
def supplier_new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Register a supplier."""
    made, alike = service.add_supplier(actor, _word(request, "name", 120), _supplier_told(request), at=clock.now())
    messages.success(request, _("已登记。"))
    if alike:
        messages.warning(request, _("名称很像：%s") % "、".join(alike))
    return redirect("supplier", made.public_id)


@require_safe
@signed_in
def supplier(request: HttpRequest, actor: Actor, supplier: str) -> HttpResponse:
    """Show one supplier."""
    return render(request, PAGE, present.supplier_page(actor, queries.supplier_view(actor, supplier)))


@require_POST
@never_cache
@signed_in
def supplier_act(request: HttpRequest, actor: Actor, supplier: str, name: str) -> HttpResponse:
    """Do one thing with a supplier."""
    return _one_of(_SUPPLIER_ACTS, name)(request, actor, supplier)


@require_safe
@signed_in
def batch(request: HttpRequest, actor: Actor, batch: str) -> HttpResponse:
    """Show where a batch came from."""
    return render(request, PAGE, present.lot_page(actor, queries.lot(actor, batch), now=clock.now()))


@require_safe
@signed_in
def card(request: HttpRequest, actor: Actor, card: str) -> HttpResponse:
    """Show how completely one card is papered."""
    view = queries.card_provenance(actor, card)
    return render(request, PAGE, present.card_page(view))


@require_POST
@signed_in
def batch_act(request: HttpRequest, actor: Actor, batch: str, name: str) -> HttpResponse:
    """Do one thing with a batch."""
    return _one_of(_BATCH_ACTS, name)(request, actor, batch)


@require_safe
@signed_in
def flags(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what waits for a person, put together; one group of it; or all flags, decided ones too."""
    now = clock.now()
    if request.GET.get("state") == "all":
        told = request.GET.get("after", "")
        after = int(told) if told.isdecimal() and len(told) < 6 else 0  # noqa: PLR2004 - nobody pages further
        found = queries.flags(actor, state="", limit=present.SHOWN + 1, after=after)
        page = present.flags_page(actor, found, now=now, unasked=queries.unasked(actor), after=after)
    elif rule := request.GET.get("rule", ""):
        groups = queries.flag_groups(actor, rule=rule, supplier=request.GET.get("supplier", ""))
        page = present.group_page(actor, groups[0] if groups else None, now=now)
    else:
        page = present.groups_page(actor, queries.flag_groups(actor), now=now, unasked=queries.unasked(actor))
    return render(request, PAGE, page)


@require_POST
@signed_in
def flags_decide(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Write down one decision about several flags: ``flags`` holds 「id:mark」 for each, as its group's page said."""
    seen = dict(one.partition(":")[::2] for one in request.POST.getlist("flags"))
    decided = service.decide_flags(
        actor, seen, _word(request, "decision", 10), reason=_word(request, "reason", 300), at=clock.now()
    )
    messages.success(request, _("已对 %d 条写下决定。") % len(decided))
    of = _word(request, "supplier", 40)
    left = queries.flag_groups(actor, rule=decided[0].rule, supplier=of) if of else ()
    return redirect(present.group_url(left[0]) if left else "flags")


@require_POST
@signed_in
def flag_decide(request: HttpRequest, actor: Actor, flag: str) -> HttpResponse:
    """Write down a decision about a flag."""
    decided = service.decide_flag(
        actor, flag, _word(request, "decision", 10), reason=_word(request, "reason", 300), at=clock.now()
    )
    messages.success(request, _("已写下决定。"))
    return redirect("batch", decided.subject) if decided.subject_kind == "batch" else redirect("flags")


@require_POST
@signed_in
def flag_signal(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Note something that was seen in a sale."""
    order = queries.order_by_no(actor, _word(request, "order_no", 40))
    service.note_signal(
        actor,
        order.public_id,
        _word(request, "kind", 16),
        payer=_word(request, "payer", 60),
        note=_word(request, "note", 300),
        at=clock.now(),
    )
    messages.success(request, _("已记下。"))
    return redirect("flags")


@require_safe
@signed_in
def claims(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the claims on suppliers."""
    return render(request, PAGE, present.claims_page(actor, queries.claims(actor)))


@require_POST
@signed_in
def claim_act(request: HttpRequest, actor: Actor, claim: str, name: str) -> HttpResponse:
    """Do one thing with a claim."""
    return _one_of(_CLAIM_ACTS, name)(request, actor, claim)


@require_safe
@signed_in
def paper(request: HttpRequest, actor: Actor, paper: str) -> HttpResponse:  # noqa: ARG001 - the gate's
    """Give a paper as a file, never to be run or shown in the page; the record says who had it."""
    data, mime, name = service.open_paper(actor, paper, at=clock.now())
    return as_file(HttpResponse(data, content_type=mime), f"{paper}.{name.rpartition('.')[2]}")


@require_POST
@signed_in
def paper_supersede(request: HttpRequest, actor: Actor, paper: str) -> HttpResponse:
    """Say that a paper no longer counts."""
    gone = service.supersede(actor, paper, reason=_word(request, "reason", 300), at=clock.now())
    messages.success(request, _("已记下：这份单据不再算数。"))
    if gone.batch is not None:
        return redirect("batch", gone.batch.public_id)
    return redirect("supplier", gone.supplier.public_id) if gone.supplier is not None else redirect("claims")


# --- Acts of a supplier -----------------------------------------------------------------------------------------------


def _change(request: HttpRequest, actor: Actor, supplier: str) -> HttpResponse:
    service.change_supplier(actor, supplier, _supplier_told(request), at=clock.now())
    return _back(request, "supplier", supplier)


def _suspend(request: HttpRequest, actor: Actor, supplier: str) -> HttpResponse:
    service.suspend_supplier(actor, supplier, reason=_word(request, "reason", 300), at=clock.now())
    return _back(request, "supplier", supplier)


def _reinstate(request: HttpRequest, actor: Actor, supplier: str) -> HttpResponse:
    service.reinstate_supplier(actor, supplier, reason=_word(request, "reason", 300), at=clock.now())
    return _back(request, "supplier", supplier)


def _details(request: HttpRequest, actor: Actor, supplier: str) -> HttpResponse:
    sealed = service.show_sealed(actor, supplier, reason=_word(request, "reason", 300), at=clock.now())
    response = render(request, PAGE, present.details_page(queries.supplier_view(actor, supplier), sealed))
    response.headers["Cache-Control"] = "no-store"
    return response


def _supplier_paper(request: HttpRequest, actor: Actor, supplier: str) -> HttpResponse:
    service.attach(actor, *_paper(request), supplier=supplier, at=clock.now())
    return _back(request, "supplier", supplier)


# --- Acts of a batch --------------------------------------------------------------------------------------------------


def _set(request: HttpRequest, actor: Actor, batch: str) -> HttpResponse:
    told = LotTold(
        supplier=_word(request, "supplier", 120),
        acquired_on=_day(request, "acquired_on"),
        unit_cost_fen=_fen(request, "unit_cost"),
        claim_until=_day(request, "claim_until"),
        card_kind=_word(request, "card_kind", 8),
        is_named=_yes(request, "is_named"),
        paid_by=_word(request, "paid_by", 12),
        payer_kind=_word(request, "payer_kind", 8),
        is_third_party_paid=_yes(request, "third_party"),
        issuer_place=_word(request, "issuer_place", 40),
        total_fen=_fen(request, "total"),
    )
    service.set_lot(actor, batch, told, at=clock.now())
    return _back(request, "batch", batch)


def _batch_paper(request: HttpRequest, actor: Actor, batch: str) -> HttpResponse:
    service.attach(actor, *_paper(request), batch=batch, at=clock.now())
    return _back(request, "batch", batch)


def _check(request: HttpRequest, actor: Actor, batch: str) -> HttpResponse:
    service.evaluate_batch(actor, batch, at=clock.now())
    return _back(request, "batch", batch)


def _recall(request: HttpRequest, actor: Actor, batch: str) -> HttpResponse:
    service.recall(
        actor,
        batch,
        reason=_word(request, "reason", 300),
        card=_word(request, "card", 40),
        case=_word(request, "case", 40),
        on_suspicion=request.POST.get("suspicion") == "yes",
        is_confirmed=request.POST.get("confirmed") == "yes",
        at=clock.now(),
    )
    return _back(request, "batch", batch)


def _reinstate_batch(request: HttpRequest, actor: Actor, batch: str) -> HttpResponse:
    service.reinstate_batch(actor, batch, reason=_word(request, "reason", 300), at=clock.now())
    return _back(request, "batch", batch)


def _told(request: HttpRequest, actor: Actor, batch: str) -> HttpResponse:
    service.note_told(actor, batch, _word(request, "order", 40), how=_word(request, "how", 120), at=clock.now())
    return _back(request, "batch", batch)


def _claim(request: HttpRequest, actor: Actor, batch: str) -> HttpResponse:
    amount = _fen(request, "amount")
    amounts = dict.fromkeys(request.POST.getlist("cards"), amount)
    service.open_claim(actor, batch, amounts, reason=_word(request, "reason", 300), at=clock.now())
    return _back(request, "batch", batch)


# --- Acts of a claim --------------------------------------------------------------------------------------------------


def _move(request: HttpRequest, actor: Actor, claim: str) -> HttpResponse:
    service.move_claim(
        actor,
        claim,
        _word(request, "event", 20),
        answer=_word(request, "answer", 2000),
        accepted_fen=_fen(request, "accepted"),
        at=clock.now(),
    )
    return _back(request, "claims")


def _add_cards(request: HttpRequest, actor: Actor, claim: str) -> HttpResponse:
    amounts = dict.fromkeys(request.POST.getlist("cards"), _fen(request, "amount"))
    service.add_cards(actor, claim, amounts, at=clock.now())
    return _back(request, "claims")


def _receipt(request: HttpRequest, actor: Actor, claim: str) -> HttpResponse:
    amount, on = _fen(request, "amount"), _day(request, "received_on")
    if amount is None or on is None:
        raise WrongUse("请填金额和日期", "Fill in the sum and the day")
    service.record_receipt(actor, claim, amount, received_on=on, note=_word(request, "note", 300), at=clock.now())
    return _back(request, "claims")


def _claim_paper(request: HttpRequest, actor: Actor, claim: str) -> HttpResponse:
    service.attach(actor, *_paper(request), claim=claim, at=clock.now())
    return _back(request, "claims")


_SUPPLIER_ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "change": _change,
        "suspend": _suspend,
        "reinstate": _reinstate,
        "details": _details,
        "paper": _supplier_paper,
    }
)
_BATCH_ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "set": _set,
        "paper": _batch_paper,
        "check": _check,
        "recall": _recall,
        "reinstate": _reinstate_batch,
        "told": _told,
        "claim": _claim,
    }
)
_CLAIM_ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {"move": _move, "cards": _add_cards, "receipt": _receipt, "paper": _claim_paper}
)


# --- Reading what was typed -------------------------------------------------------------------------------------------


def _one_of(acts: Mapping[str, Act], name: str) -> Act:
    if name not in acts:
        raise NotFound("没有这个操作", "There is no such act")
    return acts[name]


def _back(request: HttpRequest, name: str, *args: str) -> HttpResponse:
    messages.success(request, _("已保存。"))
    return redirect(name, *args)


def _word(request: HttpRequest, name: str, most: int) -> str:
    return request.POST.get(name, "").strip()[:most]


def _yes(request: HttpRequest, name: str) -> bool | None:
    return {"yes": True, "no": False}.get(request.POST.get(name, ""))


def _day(request: HttpRequest, name: str) -> date | None:
    told = _word(request, name, 10)
    try:
        return date.fromisoformat(told) if told else None
    except ValueError as error:
        raise WrongUse("这不是日期", "This is no day", next=Text("写成 2026-11-24。", "Write 2026-11-24.")) from error


def _fen(request: HttpRequest, name: str) -> int | None:
    told = _word(request, name, 20)
    try:
        return parse_yuan(told) if told else None
    except ValueError as error:
        raise WrongUse(  # what was typed is not repeated: a card code may have slipped in
            "这不是金额",
            "This is no amount",
            code="not_an_amount",
            next=Text("写成 200 或 199.50 这样。", "Write it like 200 or 199.50."),
        ) from error


def _paper(request: HttpRequest) -> tuple[bytes, PaperTold]:
    file = request.FILES.get("file")
    if file is None or (file.size or 0) > LARGEST:
        raise BadPaper("请选一个不超过 10 MB 的文件", "Choose a file of at most 10 MB")
    told = PaperTold(
        kind=_word(request, "kind", 16),
        name=file.name or "",
        issued_on=_day(request, "issued_on"),
        valid_from=_day(request, "valid_from"),
        valid_until=_day(request, "valid_until"),
        amount_fen=_fen(request, "amount"),
        counterparty=_word(request, "counterparty", 120),
        number=_word(request, "number", 60),
        note=_word(request, "note", 300),
    )
    return file.read(), told


def _supplier_told(request: HttpRequest) -> SupplierTold:
    def told(name: str, most: int = 300) -> str | None:
        return _word(request, name, most) if name in request.POST else None

    days = _word(request, "claim_days", 5)
    if days and not days.isdecimal():
        raise WrongUse("索赔天数要是数字", "The days to claim are a number")
    return SupplierTold(
        channel=told("channel") or None,
        kind=told("kind") or None,
        legal_name=told("legal_name"),
        id_kind=told("id_kind") or None,
        id_number=told("id_number"),
        contact=told("contact"),
        note=told("note"),
        claim_days=int(days) if days else None,
        claim_covers=told("claim_covers"),
        claim_evidence=told("claim_evidence"),
    )
