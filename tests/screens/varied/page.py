"""The page of a chat in a look, with its truth marked as ``judging.shooting`` measures it."""

import html
import random

from screens.judging.page import EMOJI
from screens.judging.talks import Entry, Talk
from screens.varied.looks import Look

_CSS = """
*{box-sizing:border-box;margin:0}
.phone{width:%(width)dpx;display:flex;flex-direction:column;background:%(page)s;color:%(ink)s;font:%(size)dpx/%(leading)s %(font)s,'Noto Color Emoji';
 position:relative;overflow:hidden}
.head{background:%(bar)s;flex:none;%(line_below)s}
.status{height:34px;padding:0 18px;display:flex;justify-content:space-between;align-items:center;font-size:13px;font-weight:600}
.title{height:46px;display:flex;align-items:center;justify-content:center;font-size:17px;position:relative}
.title i{position:absolute;left:14px;font-style:normal;font-size:22px}
.goods{display:flex;gap:10px;padding:8px 14px;align-items:center}
.goods b{width:44px;height:44px;border-radius:6px;background:linear-gradient(135deg,#c0392b,#8e44ad)}
.goods span{flex:1;font-size:13px;line-height:1.4}.goods em{color:#e64a35;font-style:normal}
.goods u{text-decoration:none;background:#ffe14d;color:#222;border-radius:14px;padding:4px 12px;font-size:13px}
.safety{background:#fff7e0;color:#8a6d1d;font-size:12px;padding:5px 14px}
.view{flex:1;overflow:hidden;position:relative}
.flow{padding:14px 0 10px;display:flex;flex-direction:column;gap:%(gap)dpx}
.row{display:flex;padding:0 12px;gap:9px;align-items:flex-start}
.row.me{flex-direction:row-reverse}
.face{width:%(face)dpx;height:%(face)dpx;border-radius:%(face_radius)dpx;flex:none;overflow:hidden;display:flex;align-items:center;justify-content:center;color:#fff;font-size:16px}
.hold{max-width:%(most)dpx;position:relative;display:flex;flex-direction:column}
.me .hold{align-items:flex-end}.them .hold{align-items:flex-start}
.bubble{padding:%(pad)s;border-radius:%(radius)dpx;background:%(peer)s;overflow-wrap:anywhere;white-space:pre-wrap;position:relative;%(shadow)s;%(peer_line)s}
.me .bubble{background:%(own)s;color:%(own_ink)s;%(own_line)s}
.them .bubble{border-top-left-radius:%(corner)dpx}.me .bubble{border-top-right-radius:%(corner)dpx}
.tail.them .bubble:before,.tail.me .bubble:before{content:'';position:absolute;top:12px;left:-5px;border:6px solid transparent;border-left:0;border-right-color:%(peer)s}
.tail.me .bubble:before{left:auto;right:-5px;border:6px solid transparent;border-right:0;border-left-color:%(own)s}
.quote{font-size:%(small)dpx;opacity:.55;border-left:2px solid currentColor;padding-left:6px;margin:2px 0 5px;line-height:1.35}
.below{font-size:%(small)dpx;color:%(faint)s;background:%(box)s;border-radius:6px;padding:4px 8px;margin-top:4px;line-height:1.35}
.read{font-size:11px;color:%(faint)s;align-self:flex-end;flex:none}
.under{font-size:11px;color:%(faint)s;margin-top:3px}
.mid{align-self:center;font-size:12px;color:%(faint)s;text-align:center;max-width:80%%;line-height:1.45}
.pill{background:%(box)s;border-radius:9px;padding:2px 9px}
.photo{border-radius:%(photo)dpx;overflow:hidden;display:block}
.card{background:%(sheet)s;border-radius:10px;padding:12px 14px;font-size:14px;line-height:1.5;%(card_line)s}
.wide{margin:0 16px}
.card h4{font-size:15px;font-weight:600}.card p{color:%(faint)s;font-size:13px}
.card a{display:block;text-align:center;border-radius:16px;background:#ffe14d;color:#222;margin-top:9px;padding:4px;font-size:14px}
.card.text a{background:none;border-top:1px solid %(line)s;border-radius:0;color:%(ink)s}
.foot{background:%(bar)s;flex:none;%(line_above)s;padding:8px 12px 14px;display:flex;gap:9px;align-items:center}
.foot div{flex:1;height:36px;border-radius:8px;background:%(field)s;color:%(faint)s;font-size:14px;padding:7px 12px}
.chips{flex:none;display:flex;gap:8px;padding:6px 12px}.chips span{background:%(box)s;border-radius:14px;padding:4px 11px;font-size:12px}
.keys{background:%(box)s;height:230px;flex:none;display:grid;grid-template-columns:repeat(10,1fr);gap:5px;padding:8px 4px}
.keys s{text-decoration:none;background:%(sheet)s;border-radius:5px;text-align:center;font-size:16px;padding-top:8px}
.jump{position:absolute;right:12px;bottom:12px;background:%(sheet)s;color:#f08020;border-radius:14px;padding:4px 12px;font-size:12px;box-shadow:0 1px 4px #0004}
"""


def chat(talk: Talk, look: Look, *, long: bool, seed: int) -> str:
    """Return the whole page. ``long``: as high as the talk, as stitching apps make them."""
    rng = random.Random(f"page {seed}")
    most = look.width - 2 * (look.face + 21) if look.own_face else look.width - look.face - 60
    line, thin = look.line, f"border:1px solid {look.line}"
    style = _CSS % {
        **{name: getattr(look, name) for name in look.__dataclass_fields__},
        "corner": look.radius if look.corner < 0 else look.corner,
        "most": most,
        "small": max(11, look.size - 3),
        "line_below": f"border-bottom:1px solid {line}" if look.bar_line and not look.is_dark else "",
        "line_above": f"border-top:1px solid {line}" if look.bar_line and not look.is_dark else "",
        "peer_line": thin if look.outline != "none" else "",
        "own_line": thin if look.outline == "both" else "border:0",
        "card_line": thin if look.outline != "none" else "",
        "shadow": "box-shadow:0 1px 3px #0002" if look.shadow else "",
        "sheet": "#2a2b2f"
        if look.is_dark
        else look.page
        if look.outline != "none"
        else "#fff"
        if look.page != "#fff"
        else "#f5f5f7",
        "box": "#2b2c30" if look.is_dark else "#e9e9ec",
        "field": "#303136" if look.is_dark else "#f1f1f3" if look.bar == "#fff" else "#fff",
        "photo": rng.choice((0, 4, 10)),
    }
    faces = {"me": _face(rng), "them": _face(rng)}
    rows = "".join(_entry(place, one, look, rng, faces) for place, one in enumerate(talk.entries))
    height = "" if long else f"height:{look.height}px"
    goods = (
        f"<div class=goods><b></b><span>{html.escape(talk.goods)}<br><em>¥{talk.price}</em></span><u>{rng.choice(('去发货', '立即购买', '查看'))}</u></div>"
        if look.goods
        else ""
    )
    safety = "<div class=safety>请勿轻信站外交易，谨防诈骗</div>" if look.notice_bar else ""
    chips = "<div class=chips><span>发优惠</span><span>催付款</span><span>商品参数</span></div>" if look.chips else ""
    keys = "<div class=keys hidden>" + "".join(f"<s>{key}</s>" for key in "qwertyuiopasdfghjklzxcvbnm") + "</div>"
    jump = "<div class=jump>3条新消息</div>" if look.jump and not long else ""
    return (
        f"<!doctype html><meta charset=utf-8><style>{style}.keys[hidden]{{display:none}}</style><body style='margin:0'>"
        f"<div class=phone style='{height}'><div class=head><div class=status><span>{rng.randrange(7, 24)}:{rng.randrange(60):02}</span>"
        f"<span>5G {rng.randrange(12, 100)}</span></div><div class=title><i>‹</i>{html.escape(talk.nick)}</div>{goods}{safety}</div>"
        f"<div class=view><div class=flow>{rows}</div>{jump}</div>{chips}"
        f"<div class=foot><div>{rng.choice(('想跟TA说点什么…', '发消息', ''))}</div>☺ ＋</div>{keys}</div>"
    )


def _face(rng: random.Random) -> str:
    hue = rng.randrange(360)
    kind = rng.choice(("plain", "letter", "fade", "photo"))
    if kind == "plain":
        return f"<div class=face style='background:hsl({hue} 50% 60%)'></div>"
    if kind == "letter":
        return f"<div class=face style='background:hsl({hue} 55% 50%)'>{rng.choice('林安陈小Lk7')}</div>"
    if kind == "fade":
        return f"<div class=face style='background:linear-gradient(hsl({hue} 60% 75%),hsl({hue + 60} 50% 40%))'></div>"
    dots = "".join(f"<circle cx={rng.randrange(40)} cy={rng.randrange(40)} r={rng.randrange(3, 12)} fill='hsl({rng.randrange(360)} 50% {rng.randrange(20, 90)}%)'/>" for _ in range(12))  # fmt: skip
    return f"<div class=face><svg width=46 height=46 viewBox='0 0 40 40' style='background:hsl({hue} 30% 80%)'>{dots}</svg></div>"


def _photo(rng: random.Random) -> str:
    wide, high = rng.choice(((120, 160), (150, 110), (130, 230), (180, 130), (100, 100)))
    hue = rng.randrange(360)
    if rng.random() < 0.4:  # a picture of a screen, with words that nobody in the chat said
        words = "".join(f"<p style='margin:5px 8px'>{one}</p>" for one in rng.sample(("兑换失败", "请输入卡号和密码", "错误码 E-2031", "余额 0.00 元", "该卡已被使用", "重新输入"), 4))  # fmt: skip
        ground = rng.choice(("#fff", "#f4f4f4", "#1d1d1f"))
        ink = "#ddd" if ground == "#1d1d1f" else "#444"
        return f"<div style='width:{wide}px;height:{high}px;background:{ground};color:{ink};font-size:9px;line-height:1.3;overflow:hidden'><div style='background:hsl({hue} 60% 45%);height:18px'></div>{words}</div>"
    dots = "".join(
        f"<ellipse cx={rng.randrange(wide)} cy={rng.randrange(high)} rx={rng.randrange(6, 50)} ry={rng.randrange(6, 40)} fill='hsl({rng.randrange(360)} 45% {rng.randrange(15, 90)}%)'/>"
        for _ in range(22)
    )
    return f"<svg width={wide} height={high} style='display:block;background:linear-gradient(hsl({hue} 50% 70%),hsl({hue + 90} 40% 30%))'>{dots}</svg>"


def _waves() -> str:
    arcs = "".join(
        f"<path d='M{x} {10 - r} A{r + 2} {r + 2} 0 0 1 {x} {10 + r}'/>" for x, r in ((4, 2), (9, 5), (14, 8))
    )
    return f"<svg width=20 height=20 style='margin-right:8px;fill:none;stroke:currentColor;stroke-width:2'>{arcs}</svg>"


def _words(text: str) -> str:
    return EMOJI.sub(lambda found: f"<span class=emoji>{found.group()}</span>", html.escape(text))


def _entry(place: int, one: Entry, look: Look, rng: random.Random, faces: dict[str, str]) -> str:
    if one.kind in ("time", "notice"):
        pill = " pill" if look.pill else ""
        return f"<div class='mid{pill} words' data-n={place}>{_words(one.text)}</div>"
    button = "text" if look.card == "wide" else ""
    if one.kind == "card":
        inner = f"<h4>{_words(one.text)}</h4><p>{_words(one.body)}</p><a>{_words(one.button)}</a>"
        if look.card == "wide":
            return f"<div class='card wide {button}' data-n={place}>{inner}</div>"
        inner = f"<div class='card {button}' style='width:{round(look.width * 0.62)}px' data-n={place}>{inner}</div>"
    elif one.kind == "picture":
        inner = f"<div class=photo data-n={place}>{_photo(rng)}</div>"
    else:
        text = one.text
        waves = _waves() if one.kind == "voice" and rng.random() < 0.6 else ""
        quote = f"<div class=quote>{_words(one.quote)}</div>" if one.quote else ""
        above, below = (quote, "") if look.quote == "above" else ("", quote)
        under = ""
        if look.quote == "box" and one.quote:
            above, below, under = "", "", f"<div class=below>{_words(one.quote)}</div>"
        inner = f"<div class=bubble data-n={place}>{above}<div style='display:flex;align-items:center'>{waves}<div class=words>{_words(text)}</div></div>{below}</div>{under}"
    mark = ""
    if one.who == "me" and look.read == "beside":
        mark = f"<span class=read>{rng.choice(('已读', '已读', '未读'))}</span>"
    elif one.who == "me" and look.read == "below":
        inner += "<div class=under>已读</div>"
    face = faces[one.who] if one.who == "them" or look.own_face else ""
    tail = " tail" if look.tail else ""
    return f"<div class='row {one.who}{tail}'>{face}<div class=hold>{inner}</div>{mark}</div>"
