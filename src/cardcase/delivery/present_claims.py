"""Finished sentences for the claim page, which a buyer reads, and for the page that tells a new link to staff."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.urls import reverse

from cardcase.delivery import pages
from cardcase.delivery.queries import ClaimView, DeliveryView
from cardcase.delivery.rules.claims import LONGEST_TYPED
from cardcase.delivery.service import Shown
from cardcase.kit.text import Text
from cardcase.shell import timing
from cardcase.shell.language import CHINESE, ENGLISH, current, say, speaking
from cardcase.shell.parts import ActionForm, Fact, Input, Link, Notice, Tone

AGREE = Text("我已阅读并同意", "I have read this and agree")
"""The words on the button; they are kept as the buyer's."""

_TITLE = Text("领取卡密", "Get your card code")
_ASK = Text("请在购买时的聊天窗口联系卖家", "Please write to the seller in the chat where you bought it")
_LONGEST_SHOWN = 2


def _page(title: Text, shop: str = "", **more: object) -> pages.ClaimPage:
    return pages.ClaimPage(
        title=say(title),
        shop=shop,
        opening=say(Text("正在打开…", "Opening…")),
        offline=say(Text("没有连上，请检查网络后再试。", "There is no connection. Check the network and try again.")),
        **more,  # type: ignore[arg-type]  # names of the page's own fields
    )


def enter(notice: Notice | None = None) -> pages.ClaimPage:
    """Build the page that asks for the code of a link: without JavaScript, or when a link did not open."""
    label = Text("链接里 # 后面的那一串", "What stands behind the # of your link")
    hint = Text("也可以把整个链接粘贴进来。", "You may also paste the whole link.")
    ask = Input("token", say(label), is_required=True, max_length=LONGEST_TYPED, help=say(hint))
    other = Link("English", "?lang=en") if current() == CHINESE else Link("中文", "?lang=zh-hans")
    return _page(
        _TITLE,
        lead=""
        if notice
        else say(
            Text(
                "请点开卖家发给您的链接；点开后没有反应的，把链接粘贴到下面。",
                "Open the link that the seller sent you. If nothing happens, paste it below.",
            )
        ),
        notice=notice,
        form=ActionForm(
            reverse("claim"),
            say(Text("打开", "Open")),
            inputs=(ask,),
            hidden=(("step", "open"), ("language", current())),
            is_main=True,
        ),
        language_link=other,
    )


def unknown() -> pages.ClaimPage:
    """Build the one answer to a token that is wrong, expired or revoked."""
    said = Text("这个链接打不开", "This link does not open")
    why = Text(
        "可能没有复制完整、已经过期，或者卖家换了新的。" + _ASK.zh + "，要一个新链接。",
        "It may be incomplete, out of date, or replaced by the seller. " + _ASK.en + " and ask for a new one.",
    )
    return enter(Notice(Tone.WARN, say(said), say(why)))


def wait(left: timedelta) -> pages.ClaimPage:
    """Build the page for a network that has tried too many wrong tokens."""
    minutes = max(1, -(-int(left.total_seconds()) // 60))
    said = Text("试的次数太多了", "That was tried too often")
    why = Text(f"请 {minutes} 分钟后再打开链接。", f"Open the link again in {minutes} min.")
    return _page(_TITLE, notice=Notice(Tone.WARN, say(said), say(why)))


def closed(view: ClaimView) -> pages.ClaimPage:
    """Build the page for an order whose codes cannot leave now. Why is between the shop and itself."""
    notice = Notice(Tone.WARN, say(Text("现在还不能领取", "The code cannot be given out now")), say(_stop(_ASK)))
    return _page(_TITLE, view.shop, notice=notice, facts=_facts(view))


def shown(view: ClaimView, *, now: datetime) -> pages.ClaimPage:
    """Build the page for codes that were shown before, or may have been."""
    when = timing.moment_text(view.shown_at, now=now) if view.shown_at else ""
    notice = Notice(
        Tone.PLAIN,
        say(Text(f"卡密已经在 {when} 显示过", f"The code was shown at {when}")),
        say(
            Text(
                f"为了安全只显示一次，这里不会再显示。没有看到或没有记下来，{_ASK.zh}。",
                f"For safety it is shown once and not again. If you did not see it or keep it: {_ASK.en}.",
            )
        ),
    )
    return _page(_TITLE, view.shop, notice=notice, facts=_facts(view))


def terms(view: ClaimView, token: str, text: str, sha256: str) -> pages.ClaimPage:
    """Build the page with the terms in full and the button that agrees to them."""
    return _page(
        _TITLE,
        view.shop,
        lead=say(Text("领取前请先读完须知。", "Please read these terms first.")),
        facts=_facts(view),
        terms_title=say(Text("购买须知", "Terms")),
        terms=text,
        form=_form(token, "agree", AGREE, ("terms", sha256)),
        language=_language(token),
    )


def ready(view: ClaimView, token: str, *, now: datetime) -> pages.ClaimPage:
    """Build the page on which one press shows the codes."""
    agreed = view.terms.answered_at
    when = timing.moment_text(agreed, now=now) if agreed else ""
    is_buyers = view.terms.how != "waived"
    lead = Text(f"您已于 {when} 同意购买须知。", f"You agreed to the terms at {when}.") if is_buyers else Text("", "")
    return _page(
        _TITLE,
        view.shop,
        lead=say(lead),
        facts=_facts(view),
        warning=say(
            Text(
                "卡密只显示一次，关掉或刷新这一页就看不到了。准备好马上兑换或抄下来，再点下面的按钮。",
                "The code is shown once; it is gone when you close or reload this page. Press the button when you are"
                " ready to use it or write it down.",
            )
        ),
        form=_form(token, "reveal", Text("显示卡密", "Show the code")),
        language=_language(token),
    )


def codes(view: ClaimView, token: str, found: Sequence[Shown]) -> pages.ClaimPage:
    """Build the page with the codes, once. The record has them already."""
    return _page(
        Text("您的卡密", "Your card code"),
        view.shop,
        facts=_facts(view),
        codes=tuple(pages.Code(one.brand, one.code.expose(), one.number) for one in found),
        number_label=say(Text("卡号", "Number")),
        code_label=say(Text("卡密", "Code")),
        copy_label=say(Text("复制", "Copy")),
        copied=say(Text("已复制", "Copied")),
        warning=say(
            Text(
                f"只显示这一次：现在就复制或抄下来。不要把卡密发给任何人，包括自称客服的人。兑换有问题，{_ASK.zh}。",
                "Shown this once: copy it or write it down now. Give it to nobody, whoever they say they are. If it"
                f" does not work: {_ASK.en}.",
            )
        ),
        confirm=_form(token, "shown", Text("我看到卡密了", "I have seen the code")),
        put_away=say(Text("卡密已收起。", "The code was put away.")),
    )


def link(view: DeliveryView, address: str, *, expires_at: datetime, now: datetime) -> pages.LinkPage:
    """Build the page that tells staff a new link, once, with a sentence to be sent along with it."""
    until = timing.moment_text(expires_at, now=now)
    with speaking(CHINESE):  # what is sent to the buyer is in the buyer's language, whatever staff reads
        until_zh = timing.moment_text(expires_at, now=now)
    words = (
        f"您好，卡密请在这里领取：\n{address}\n打开后先看须知，同意后显示卡密，只显示一次，请马上兑换或抄下来。"
        f"链接 {until_zh} 前有效，请不要转发。"
    )
    notices = [
        Notice(
            Tone.WARN,
            say(Text("谁拿到这个链接，谁就能领卡密", "Whoever has this link gets the code")),
            say(
                Text(
                    "只发给这位买家；只在允许发链接的渠道用（闲鱼聊天里发站外链接可能被处罚）。",
                    "Send it to this buyer only, and only where links are allowed: some marketplaces punish them.",
                )
            ),
        )
    ]
    if not address.startswith("https://"):
        notices.append(
            Notice(
                Tone.BAD,
                say(Text("这个地址没有加密（不是 https）", "This address is not encrypted (no https)")),
                say(
                    Text(
                        "买家在外面打不开，或者会被人在路上看到。请先设置 base_url，见手册“设置”。",
                        "Buyers cannot open it from outside, or others may read along. Set base_url first.",
                    )
                ),
            )
        )
    return pages.LinkPage(
        title=say(Text("领取链接", "Claim link")),
        back=Link(say(Text("回到这笔发货", "Back to the delivery")), reverse("delivery", args=[view.public_id])),
        link_label=say(Text(f"链接，{until} 前有效", f"Link, good until {until}")),
        link=address,
        words_label=say(Text("可以这样发给买家", "What to send to the buyer")),
        words=words,
        warning=say(
            Text(
                "链接只显示这一次，离开这一页就看不到了；再生成一个，旧的就作废。",
                "The link is shown this once; it is gone once you leave. A new one ends the old.",
            )
        ),
        notices=tuple(notices),
    )


def _facts(view: ClaimView) -> tuple[Fact, ...]:
    return (
        Fact(say(Text("卡", "Card")), f"{view.kind.title()} × {view.quantity}"),
        Fact(say(Text("买家", "Buyer")), _masked(view.buyer_nick) or "–"),
        Fact(say(Text("订单尾号", "Order ends with")), view.order_no[-6:]),
    )


def _masked(nick: str) -> str:
    """Show of a nick its first and last sign, of a short one the first only: enough to know oneself by."""
    nick = nick.strip()
    if not nick:
        return ""
    return f"{nick[0]}‥{nick[-1]}" if len(nick) > _LONGEST_SHOWN else f"{nick[0]}‥"


def _form(token: str, step: str, button: Text, *more: tuple[str, str]) -> ActionForm:
    hidden = (("token", token), ("step", step), ("language", current()), *more)
    return ActionForm(reverse("claim"), say(button), hidden=hidden, is_main=True)


def _language(token: str) -> ActionForm:
    other = ENGLISH if current() == CHINESE else CHINESE
    hidden = (("token", token), ("step", "open"), ("language", other))
    return ActionForm(reverse("claim"), "English" if other == ENGLISH else "中文", hidden=hidden)


def _stop(text: Text) -> Text:
    return Text(f"{text.zh}。", f"{text.en}.")
