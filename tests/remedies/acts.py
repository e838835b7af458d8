"""What people do in a case, as one line each; used by the tests of the verbs."""

from cardcase.cards.models import Card
from cardcase.custody import queries as custody
from cardcase.evidence import service as evidence
from cardcase.remedies import service
from cardcase.remedies.rules import phrase
from evidence.world import PNG

REASON = "商品已交付且可正常使用"
WORDS = "您好，卡密已于平台交付，发卡方记录显示卡片有效且未被兑换，请核对后再次兑换。"


def card_of(case) -> Card:
    return Card.objects.get(public_id=case.card.public_id)


def show(world, case, kind="E3", **facts):
    told = {"tail4": card_of(case).tail4, "clock_source": "issuer", "at": world.noon, **facts}
    return evidence.add_exhibit(world.owner, case.number, kind, "查询", PNG, facts=told, at=world.noon)


def concede(world, case, kind="full_refund", amount=19300, *, actor=None):
    actor = actor or world.owner
    fresh = world.fresh(case)
    typed = phrase("concede", kind, amount).zh
    return service.concede(actor, case.number, kind, confirmation=typed, revision=fresh.revision, at=world.noon)


def execute(world, case, kind="full_refund", amount=19300, *, key="k1", **changes):
    fresh = world.fresh(case)
    values = {"key": key, "confirmation": phrase("execute", kind, amount).zh, "revision": fresh.revision}
    return service.execute(world.owner, case.number, **{**values, **changes}, at=changes.pop("at", world.noon))


def dead(world, case):
    show(world, case, is_usable=False)
    world.check(card_of(case), balance_fen=None, is_usable=False)


def kinds_of(world, case):
    return [item.kind for item in custody.history(world.owner, [case.public_id])]
