"""Turns a replacement card into its page: what stands for it, and what may be done next."""

import dataclasses
from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from cardcase.cards.acts import check_form
from cardcase.delivery import pages, present_parcels
from cardcase.delivery.queries import Replacement
from cardcase.delivery.rules import SHOWABLE, TITLES, DeliveryState
from cardcase.delivery.service import Shown
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Fact, Input, InputKind, Link, Notice, Pill, Tone
from cardcase.staff.rules import Actor, Permission

from .present import TONES, codes_page, slot_text


def row(found: Replacement) -> pages.Row:
    """Build the line of a replacement in the list 「待发货」."""
    parts = (found.buyer_nick, f"…{found.order_no[-6:]}", say(Text("换给买家的卡", "a replacement")))
    return pages.Row(
        title=f"{found.card.title} {found.card.masked}",
        text=" · ".join(part for part in parts if part),
        url=reverse("replacement", args=[found.card.public_id]),
        state=_pill(found),
    )


def _pill(found: Replacement) -> Pill:
    waits = found.parcels is not None and found.state is DeliveryState.ALLOCATED
    title = Text("待寄出", "To be shipped") if waits else TITLES[found.state]
    return Pill(say(title), TONES.get(found.state, Tone.PLAIN))


def page(actor: Actor, found: Replacement, *, now: datetime) -> pages.DeliveryPage:
    """Build the page of a replacement."""
    is_open = found.state in SHOWABLE
    slot = found.slot if found.parcels is None else dataclasses.replace(found.slot, display=None)
    notices = [Notice(Tone.WARN, say(text)) for text in (found.stops if is_open else ())]
    notices += [Notice(Tone.PLAIN, say(text)) for text in (found.warnings if is_open else ())]
    return pages.DeliveryPage(
        title=say(Text(f"换卡 {found.card.title}", f"Replacement {found.card.title}")),
        back=Link(say(Text("返回待发货", "Back to the list")), reverse("deliveries")),
        state=_pill(found),
        facts=(
            Fact(say(Text("买家", "Buyer")), found.buyer_nick or "–"),
            Fact(say(Text("订单号", "Order")), found.order_no),
        ),
        cards_title=say(Text("换给买家的卡", "The replacement")),
        cards=(slot_text(slot),),
        terms_title=say(Text("说明", "Note")),
        terms=(
            Fact(
                say(Text("为什么在这里", "Why it is here")),
                say(
                    Text(
                        "售后单定了换卡，这张卡已经留给这位买家。",
                        "A case decided to replace; this card is kept for it.",
                    )
                ),
            ),
        ),
        notices=tuple(notices),
        acts=tuple(_acts(actor, found)) if found.parcels is None else (),
        parcels=present_parcels.of_replacement(actor, found, now=now),
    )


def _acts(actor: Actor, found: Replacement) -> Iterator[ActionForm]:
    back = reverse("replacement", args=[found.card.public_id])
    if found.state in SHOWABLE:
        if actor.may(Permission.REVEAL) and not found.stops:
            why = Input("reason", say(Text("为什么", "Why")), is_required=True, max_length=300)
            yield _form(
                found, "show", Text("取出卡密（只显示一次）", "Take the code out (shown once)"), why, is_main=True
            )
        if actor.may(Permission.WORK):
            opens = Text("查过余额？记下来", "Looked at its balance? Note it")
            yield check_form(found.card.public_id, opens=opens, back=back)
    elif found.state in (DeliveryState.AUTHORISED, DeliveryState.UNKNOWN):
        if actor.may(Permission.WORK):
            yield _form(found, "confirm", Text("已发给买家", "Sent to the buyer"), is_main=True)
        if actor.may(Permission.REVEAL):
            yield _settle(found)


def _form(found: Replacement, act: str, button: Text, *inputs: Input, is_main: bool = False) -> ActionForm:
    url = reverse("replacement-act", args=[found.card.public_id, act])
    return ActionForm(url=url, button=say(button), inputs=inputs, is_main=is_main)


def _settle(found: Replacement) -> ActionForm:
    answers = (
        Choice("yes", say(Text("看到了", "seen"))),
        Choice("no", say(Text("没看到，可以再发同一张", "not seen: the same may be sent again"))),
    )
    return ActionForm(
        url=reverse("replacement-act", args=[found.card.public_id, "settle"]),
        button=say(Text("核实", "Settle")),
        inputs=(
            Input("seen", say(Text("买家看到没有", "Did the buyer see it")), InputKind.SELECT, choices=answers),
            Input("reason", say(Text("依据", "What shows it")), is_required=True, max_length=300),
        ),
        opens=say(Text("核实买家看到没有", "Settle whether the buyer saw it")),
    )


def codes(actor: Actor, found: Replacement, shown: Shown, *, reason: str, at: datetime) -> pages.CodesPage:
    """Build the page with the code of a replacement, once. The record has it already."""
    url = reverse("replacement", args=[found.card.public_id])
    back = Link(say(Text("回到这张卡", "Back to the card")), url)
    title = say(Text(f"换卡 {found.card.title}", f"Replacement {found.card.title}"))
    return codes_page(actor, title, back, [shown], url=f"{url}confirm/", reason=reason, at=at)
