"""The same papers in any order, each possibly twice: the same open cases with the same words behind them."""

import itertools
import json
import os
import random

import pytest

from cardcase.cases.models import Case
from cardcase.deadlines import queries as deadlines
from cardcase.inbox import queries as inbox
from cardcase.inbox.models import Conversation, Message
from cardcase.orders.models import Order
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, ActorKind, Role
from intake.world import (
    CODES,
    INVALID,
    as_json,
    delivered,
    order_row,
    orders_csv,
    pasted,
    refund_detail,
    said,
    take,
    upload,
)

pytestmark = pytest.mark.django_db
SEED = int(os.environ.get("ARRIVAL_SEED", "20261128"))
ROUNDS = int(os.environ.get("ARRIVAL_ROUNDS", "6"))

FIRST = 1795312837000  # 2026-11-22 10:00:37 in Shanghai: a copied chat tells the minute only
WORDS = ("老板 充的时候一直弹此代码无效", "试了三遍了 卡是假的吧", "在吗", "给我退款")
PUSH = {
    "seller_id": 1, "user_name": "礼卡小铺", "order_no": INVALID, "order_type": 7, "order_status": 21, "refund_status": 1,
    "modify_time": 1795400200, "product_id": 1, "item_id": 772201,
}  # fmt: skip


def papers():
    """One buyer's story, told by nine papers of which none tells all."""
    minutes = [f"2026-11-22 10:{n:02d}" for n in range(len(WORDS) + 1)]
    lines = [("云朵邮差", at, words) for at, words in zip(minutes, WORDS, strict=False)]
    lines.append(("礼卡小铺", minutes[-1], "亲，稍等"))
    table = orders_csv(order_row(INVALID, refund="卡密无效"))
    return {
        "order": upload("orders.csv", orders_csv(order_row(INVALID))),
        "refund": upload("refund.json", refund_detail(INVALID)),
        "push": upload("push.json", as_json(PUSH)),
        "table": upload("refunds.csv", table),
        "chat": upload("chat.json", said("50001", "2201", "云朵邮差", *WORDS, start=FIRST)),
        "paste": upload("paste.txt", pasted(*lines)),
        "part": upload("part.txt", pasted(*lines[2:])),
        "cards": upload(
            "cards.csv", f"卡号,卡密,面值,有效期,成本,品牌\nAP00000000,{CODES[0]},200,2029-12-31,188,苹果\n"
        ),
        "kam": upload("kam.json", delivered(INVALID, CODES[0])),
    }


def canonical(actor):
    """What a seller has to decide upon: no keys, no numbers, no order of arrival."""
    cases = Case.objects.visible_to(actor).filter(is_open=True).select_related("order", "refund", "card")
    running = deadlines.armed(actor, [case.public_id for case in cases])
    return {
        "cases": sorted(
            (
                case.order.order_no,
                case.refund.external_id if case.refund else "",
                case.claimed_reason,
                case.sub_reason,
                case.stage,
                case.status,
                case.claimed_fen,
                case.card.tail4 if case.card else "",
                [(clock.kind.value, clock.source.value, clock.due_at.isoformat()) for clock in running[case.public_id]],
                [(one.speaker.value, one.text) for one in inbox.utterances_for_order(actor, case.order)],
            )
            for case in cases
        ),
        "talks": sorted(
            Conversation.objects.visible_to(actor).filter(same_as=None).values_list("order__order_no", "buyer__nick")
        ),
        "messages": sorted(
            (row.speaker, row.text, row.said_at.isoformat()) for row in Message.objects.visible_to(actor)
        ),
    }


def shop_of(number):
    shop = Shop.objects.create(slug=f"arrival-{number}", name="礼卡小铺")
    return Actor(ActorKind.STAFF, shop.pk, Role.OWNER, None, "cli")


def after(number, order, noon):
    actor = shop_of(number)
    told = papers()
    for name in order:
        take(actor, [told[name]], at=noon)
    return actor, canonical(actor)


BUNDLES = {
    "a chat, a refund without its buyer, the order": ("chat", "refund", "order"),
    "the same with the chat as it was copied": ("paste", "refund", "order"),
    "the chat twice over": ("chat", "paste", "order", "refund"),
    "everything": tuple(papers()),
}


@pytest.mark.parametrize("name", BUNDLES)
def test_papers_in_any_order_and_twice_lead_to_the_same_open_cases(name, noon):
    bundle = BUNDLES[name]
    dice = random.Random(f"{SEED}{name}")
    _, expected = after(0, bundle, noon)
    [case] = expected["cases"]
    assert case[:6] == (INVALID, f"R{INVALID[-4:]}", "authenticity", "A1", "platform_refund", "new")
    assert [text for _, text in case[9]] == [*WORDS, "亲，稍等"]
    for number in range(1, ROUNDS + 1):
        order = [*bundle, *(one for one in bundle if dice.random() < 0.4)]
        dice.shuffle(order)
        assert after(number, order, noon)[1] == expected, f"seed {SEED}: {order}"


def test_every_order_of_three_papers_is_the_same(noon):
    results = {}
    for number, order in enumerate(itertools.permutations(("chat", "refund", "order"))):
        results[order] = json.dumps(after(100 + number, order, noon)[1], ensure_ascii=False)
    assert len(set(results.values())) == 1, results


def test_all_at_once_is_as_one_by_one(noon):
    _, expected = after(200, papers(), noon)
    dice = random.Random(SEED)
    for number in range(201, 205):
        told = list(papers().values())
        dice.shuffle(told)
        actor = shop_of(number)
        take(actor, told, at=noon)
        assert canonical(actor) == expected, [one.name for one in told]
        assert not Order.objects.visible_to(actor).filter(order_no__startswith="chat:", cases__is_open=True).exists()
