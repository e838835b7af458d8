"""Evidence that the records themselves hold, without anybody adding an exhibit: batch, checks, delivery, chat."""

from collections.abc import Callable, Mapping
from typing import Final

from cardcase.kit import clock
from cardcase.kit.money import yuan
from cardcase.kit.text import Text

from .contradictions import last_check_before_reveal
from .facts import CardSeen, CaseFacts
from .findings import Findings
from .held import Known
from .matrix import Matrix
from .parcels import of_parcel
from .signals import Spotted, spot
from .timing import Timing
from .wording import listed, when

CHANNELS: Final[Mapping[str, Text]] = {
    "issuer_direct": Text("官方直购", "bought from the issuer"),
    "authorised": Text("授权渠道", "authorised reseller"),
    "second_hand": Text("二手渠道，证明力弱", "second-hand, weak"),
    "unknown": Text("渠道未登记", "channel not recorded"),
}

REVEAL_WAYS: Final[Mapping[str, Text]] = {
    "channel_auto": Text("平台自动发货", "sent by the channel"),
    "channel_manual": Text("平台手动发货", "sent by hand on the channel"),
    "marked_sold": Text("手动标记已售", "marked as sold by hand"),
    "parcel": Text("快递签收", "signed for in a parcel"),
}


PAPERS: Final[Mapping[str, Text]] = {
    "invoice": Text("发票", "invoice"),
    "receipt": Text("收据", "receipt"),
    "payment": Text("付款凭证", "proof of payment"),
    "contract": Text("合同", "contract"),
    "authorisation": Text("授权书", "authorisation"),
    "serial_list": Text("序列号清单", "list of serials"),
}
"""Papers that say where cards came from, as they are named in a case. Who issued them is not said (redacted)."""

ANSWERS: Final[Mapping[str, Text]] = {
    "accepted": Text("同意赔付", "accepted the claim"),
    "partly": Text("同意赔付一部分", "accepted a part of the claim"),
    "rejected": Text("拒绝赔付", "rejected the claim"),
    "recovered": Text("已经赔付", "has paid the claim"),
}


def known(facts: CaseFacts, findings: Findings, matrix: Matrix) -> dict[str, Known]:
    """Return what the records hold, by kind. A kind that only exhibits can show is not in it."""
    spotted = spot(facts)
    made: dict[str, Known | None] = {
        "E1": _purchase(facts),
        "E2": _check_before_sale(facts, matrix),
        "E3": _issuer(facts, findings),
        "E5": _delivery(facts),
        "E6": _words(facts, spotted, "E6"),
        "E7": _words(facts, spotted, "E7"),
        "E8": _listing(facts),
        "E18": _siblings(facts),
        "E19": _earlier_orders(facts, matrix),
        "E21": _other_claims(facts),
        "E22": _already_paid(facts),
        "E23": _duplicates(facts),
        "E24": _supplier(facts),
    }
    return {kind: one for kind, one in made.items() if one is not None} | dict(of_parcel(facts))


NO_CARD: Final = Known(
    is_held=False,
    why=Text("还没有关联到卡，先导入卡密列表或卡库", "no card is linked yet: import the delivered codes or the stock"),
)


def _each(facts: CaseFacts, say: Callable[[CardSeen], Known]) -> Known:
    """Judge every card meant; all must hold. Says the first that does not, else the first."""
    cards = facts.cards_meant()
    if not cards:
        return NO_CARD
    said = [say(card) for card in cards]
    first = next((one for one in said if not one.is_held), said[0])
    if len(said) == 1:
        return first
    return Known(
        first.is_held,
        Text(f"{first.why.zh}（共 {len(said)} 张卡）", f"{first.why.en} ({len(said)} cards)"),
        any(one.is_against_seller for one in said),
    )


def _purchase(facts: CaseFacts) -> Known:
    def say(card: CardSeen) -> Known:
        lacks: list[Text] = []
        if not card.batch_name:
            return Known(
                is_held=False, why=Text("这张卡没有登记批次和进货凭证", "no batch and no purchase record for this card")
            )
        if not card.supplier_name:
            lacks.append(Text("货源方", "the supplier"))
        if not card.has_proof:
            lacks.append(Text("发票或收据", "an invoice or receipt"))
        channel = CHANNELS.get(card.supplier_channel, CHANNELS["unknown"])
        head = Text(f"批次 {card.batch_name}", f"batch {card.batch_name}")
        if card.supplier_name:
            head = Text(
                f"{head.zh}，{card.supplier_name}（{channel.zh}）", f"{head.en}, {card.supplier_name} ({channel.en})"
            )
        if lacks:
            missing = listed(lacks, zh="和", en=" and ")
            return Known(
                is_held=False, why=Text(f"{head.zh}，还缺{missing.zh}", f"{head.en}, still lacking {missing.en}")
            )
        named = listed([PAPERS[kind] for kind in card.papers if kind in PAPERS], zh="、", en=", ")
        kept = Text(f"凭证已存：{named.zh}", f"proof kept: {named.en}") if named.zh else Text("凭证已存", "proof kept")
        return Known(
            is_held=True,
            why=Text(f"{head.zh}，{kept.zh}", f"{head.en}, {kept.en}"),
            is_against_seller=card.is_batch_quarantined,
        )

    return _each(facts, say)


def _check_before_sale(facts: CaseFacts, matrix: Matrix) -> Known:
    def say(card: CardSeen) -> Known:
        check = last_check_before_reveal(card, facts)
        if check is None:
            return Known(is_held=False, why=Text("发货前没有查验记录", "no check was recorded before delivery"))
        if check.is_usable is None and check.balance_fen is None:
            return Known(
                is_held=False,
                why=Text("发货前查过，但没记下结果", "checked before delivery, but the result is not recorded"),
            )
        until = card.revealed_at or facts.order.delivered_at or facts.order.paid_at
        age = (until - check.at) if until is not None else None
        zh = f"发货前 {clock.span_text(age)}" if age is not None else when(check.at).zh
        en = f"{clock.span_text(age, lang='en')} before delivery" if age is not None else when(check.at).en
        if check.balance_fen is not None:
            zh, en = f"{zh}，余额 {yuan(check.balance_fen)}", f"{en}, balance {yuan(check.balance_fen)}"
        elif check.is_usable:
            zh, en = f"{zh}，可兑换", f"{en}, redeemable"
        zh, en = (
            (f"{zh}，有截图", f"{en}, with proof") if check.has_proof else (f"{zh}，没有截图", f"{en}, without proof")
        )
        if age is not None and age.total_seconds() > matrix.numbers["check_strong_seconds"]:
            zh, en = f"{zh}；间隔较久，只作佐证", f"{en}; long before, so it only supports"
        return Known(is_held=True, why=Text(zh, en))

    return _each(facts, say)


def _issuer(facts: CaseFacts, findings: Findings) -> Known:
    comparison = findings.comparison
    is_held = findings.timing is not Timing.UNKNOWN or comparison.redeemed_at is not None
    why = comparison.text
    if not is_held and findings.remaining_fen is not None:
        is_held = True
        why = Text(f"查得余额 {yuan(findings.remaining_fen)}", f"balance found: {yuan(findings.remaining_fen)}")
    return Known(
        is_held=is_held and bool(facts.cards_meant()),
        why=why,
        is_against_seller=findings.timing is Timing.REDEEMED_BEFORE_REVEAL,
    )


def _delivery(facts: CaseFacts) -> Known:
    handed = [card for card in facts.cards_meant() if card.has_reveal or card.revealed_at is not None]
    delivered_at = facts.order.delivered_at
    if handed:
        card = handed[0]
        moment = card.revealed_at or delivered_at
        way = REVEAL_WAYS.get(card.reveal_how, Text("平台记录", "on the channel's record"))
        tail = f"‥{card.tail4}" if card.tail4 else ""
        zh = f"{way.zh} {when(moment).zh}" if moment else f"{way.zh}，时间未知"
        en = f"{way.en} {when(moment).en}" if moment else f"{way.en}, time not told"
        more = len(handed) - 1
        twice = next((one for one in handed if one.delivered_to_orders > 1), None)
        if twice is not None:
            zh += f"；同一张卡密交给了 {twice.delivered_to_orders} 笔订单"
            en += f"; the same code went to {twice.delivered_to_orders} orders"
        return Known(
            is_held=True,
            why=Text(
                f"{zh}，卡{tail}" + (f" 等 {more + 1} 张" if more else ""),
                f"{en}, card {tail}" + (f" and {more} more" if more else ""),
            ),
            is_against_seller=twice is not None,
        )
    if delivered_at is not None:
        return Known(
            is_held=False,
            why=Text(
                f"平台显示 {when(delivered_at).zh} 已发货，但没有发出哪张卡的记录",
                f"the channel says delivered {when(delivered_at).en}, but not which card",
            ),
        )
    return Known(is_held=False, why=Text("没有交付记录", "no delivery is on record"))


def _words(facts: CaseFacts, spotted: list[Spotted], kind: str) -> Known:
    delivered_at = facts.delivered_at()
    found = [one for one in spotted if one.kind == kind]
    if found:
        one = found[0]
        said = one.message.text.strip().replace("\n", " ")
        quoted = said if len(said) <= 24 else f"{said[:24]}…"  # noqa: PLR2004 - a quote fits one line on a phone
        moment = when(one.message.said_at) if one.message.said_at else Text("", "")
        return Known(is_held=True, why=Text(f"{moment.zh} 买家说“{quoted}”", f"{moment.en} the buyer said “{quoted}”"))
    if not facts.words:
        return Known(is_held=False, why=Text("还没有导入会话", "no conversation has been imported"))
    if delivered_at is None:
        return Known(is_held=False, why=Text("不知道交付时间，无法认定交付后的话", "the time of delivery is not known"))
    if kind == "E7":
        return Known(is_held=False, why=Text("交付后买家没有说过已使用", "the buyer never said so after delivery"))
    return Known(
        is_held=False, why=Text("交付后买家没有提到过卡密", "the buyer did not mention the code after delivery")
    )


def _listing(facts: CaseFacts) -> Known:
    if not facts.order.listing_title:
        return Known(is_held=False, why=Text("没有下单时的商品页", "the listing as ordered is not on file"))
    title = facts.order.listing_title
    short = title if len(title) <= 20 else f"{title[:20]}…"  # noqa: PLR2004 - fits one line on a phone
    price = facts.order.listing_price_fen
    zh = f"订单里的商品“{short}”" + (f"，标价 {yuan(price)}" if price is not None else "")
    en = f"listing “{short}” from the order" + (f", priced {yuan(price)}" if price is not None else "")
    if facts.policy_version is not None:
        zh, en = f"{zh}，售后政策第 {facts.policy_version} 版", f"{en}, policy version {facts.policy_version}"
    else:
        zh, en = f"{zh}；没有绑定售后政策", f"{en}; no policy version is bound"
    return Known(is_held=True, why=Text(zh, en))


def _siblings(facts: CaseFacts) -> Known:
    cards = [card for card in facts.cards_meant() if card.batch_name]
    if not cards:
        return Known(is_held=False, why=Text("这张卡没有登记批次", "no batch is recorded for this card"))
    sold, failed = cards[0].siblings_sold, cards[0].siblings_failed
    if sold == 0:
        return Known(is_held=False, why=Text("同批还没有卖出别的卡", "no other card of the batch was sold yet"))
    zh, en = f"同批已售 {sold} 张，{failed} 张出错", f"{sold} of the batch sold, {failed} failed"
    return Known(is_held=True, why=Text(zh, en), is_against_seller=failed > 0)


def _earlier_orders(facts: CaseFacts, matrix: Matrix) -> Known:
    least = matrix.numbers["prior_min_orders"]
    first, last = matrix.numbers["prior_from_days"], matrix.numbers["prior_to_days"]
    count = facts.undisputed_orders
    if not facts.is_buyer_known:
        return Known(is_held=False, why=Text("不知道买家是谁", "the buyer is not known"), is_idle=True)
    zh = f"{first} 至 {last} 天前有 {count} 笔无争议订单"
    en = f"{count} undisputed orders {first} to {last} days ago"
    if count >= least:
        return Known(is_held=True, why=Text(zh, en))
    return Known(
        is_held=False,
        why=Text(f"{zh}，要 {least} 笔才有分量", f"{en}; {least} are needed to carry weight"),
        is_idle=not count,
    )


def _other_claims(facts: CaseFacts) -> Known:
    if facts.other_claims:
        return Known(
            is_held=True,
            why=Text(
                f"该买家在别的订单上另有 {facts.other_claims} 笔退款（只是事实，不说明对错）",
                f"this buyer has {facts.other_claims} refunds on other orders (a fact, not a judgement)",
            ),
        )
    return Known(
        is_held=False, why=Text("没有查到该买家的其他退款", "no other refund of this buyer is known"), is_idle=True
    )


def _already_paid(facts: CaseFacts) -> Known:
    paid = [one for one in (facts.refund, *facts.other_refunds) if one.state == "succeeded"]
    if paid:
        amount = paid[0].amount_fen
        zh = "平台显示退款成功" + (f" {yuan(amount)}" if amount is not None else "")
        en = "the channel shows a refund paid" + (f", {yuan(amount)}" if amount is not None else "")
        number = paid[0].refund_no
        return Known(
            is_held=True, why=Text(f"{zh}，退款单 {number}", f"{en}, refund {number}") if number else Text(zh, en)
        )
    if facts.has_executed_remedy:
        return Known(
            is_held=True, why=Text("本单已执行过一次处理", "a remedy has already been carried out on this case")
        )
    return Known(
        is_held=False, why=Text("没有退款成功或补发的记录", "no refund or replacement is on record"), is_idle=True
    )


def _duplicates(facts: CaseFacts) -> Known:
    if not facts.is_buyer_known:
        return Known(is_held=False, why=Text("不知道买家是谁，查不了重复订单", "the buyer is not known"))
    count = len(facts.duplicate_orders)
    if count:
        return Known(
            is_held=True,
            why=Text(
                f"同一买家一天内买了同样的商品 {count + 1} 次：{'、'.join(facts.duplicate_orders)}",
                f"the same buyer bought the same {count + 1} times within a day: {', '.join(facts.duplicate_orders)}",
            ),
        )
    return Known(
        is_held=True,
        why=Text("已比对：前后一天内没有同样的订单", "compared: no equal order within a day"),
    )


def _answered(facts: CaseFacts) -> Known | None:
    """Say what the supplier answered to a claim about a card that is meant, or that its batch was called back (E24).

    An admission supports the buyer: the card was bad before the shop had it.
    """
    for card in facts.cards_meant():
        answer = ANSWERS.get(card.supplier_answer)
        if answer is not None:
            day = when(card.supplier_answered_at) if card.supplier_answered_at else Text("", "")
            said = Text(f"货源方{day.zh}{answer.zh}".strip(), f"the supplier {answer.en} {day.en}".strip())
            return Known(is_held=True, why=said, is_against_seller=card.supplier_answer != "rejected")
    called = [card.recalled_at for card in facts.cards_meant() if card.recalled_at is not None]
    if called:
        day = when(min(called))
        said = Text(f"这批卡 {day.zh} 已召回，坏卡已证实", f"the batch was called back {day.en}, a bad card proven")
        return Known(is_held=True, why=said, is_against_seller=True)
    return None


def _supplier(facts: CaseFacts) -> Known | None:
    answered = _answered(facts)
    if answered is not None:
        return answered
    if any(card.supplier_answer == "sent" for card in facts.cards_meant()):
        return Known(
            is_held=False, why=Text("已向货源方索赔，还没有答复", "a claim was sent to the supplier; no answer yet")
        )
    if any(card.supplier_name for card in facts.cards_meant()):
        names = {card.supplier_name for card in facts.cards_meant() if card.supplier_name}
        who = "、".join(sorted(names))
        return Known(
            is_held=False, why=Text(f"还没有问过货源方（{who}）", f"the supplier ({who}) has not been asked yet")
        )
    return Known(is_held=False, why=Text("不知道货源方是谁", "the supplier is not known"), can_be_asked=False)
