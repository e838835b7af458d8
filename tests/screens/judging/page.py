"""One chat as a page of HTML, drawn as an app for second-hand goods draws it; each entry says its number."""

import html
import random
import re

from screens.judging.looks import Phone, Theme
from screens.judging.talks import Entry, Talk

EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\u231a\u231b\u23e9-\u23f3\ufe0f\u200d\U0001f1e6-\U0001f1ff\u20e3]+"
)
"""What no reader of letters can read; taken out of the truth and of the reading before they are compared."""

_CSS = """
*{box-sizing:border-box;margin:0}
html,body{background:%(page)s}
.phone{width:%(width)spx;%(height)s;display:flex;flex-direction:column;background:%(page)s;color:%(ink)s;
 font-family:%(fonts)s;font-size:%(size)spx;line-height:1.42;overflow:hidden;position:relative}
.status{height:%(status)spx;padding:0 %(edge)spx;display:flex;align-items:center;justify-content:space-between;background:%(bars)s;font-size:13px;font-weight:600;flex:none}
.status i{font-style:normal;display:inline-block;vertical-align:-2px;margin-left:5px}
.battery{width:24px;height:12px;border:1px solid %(ink)s;border-radius:3px;padding:1px}
.battery b{display:block;height:100%%;background:%(ink)s;border-radius:1px}
.bar1{width:3px;background:%(ink)s;display:inline-block;margin-right:1px}
.nav{height:48px;display:flex;align-items:center;padding:0 14px;background:%(bars)s;flex:none}
.back{width:11px;height:11px;border-left:2px solid %(ink)s;border-bottom:2px solid %(ink)s;transform:rotate(45deg);margin:0 10px 0 4px}
.nick{flex:1;text-align:center;font-size:17px;font-weight:600}
.nick small{display:block;font-size:10px;font-weight:400;color:%(grey)s;line-height:1.1}
.more{letter-spacing:2px;font-weight:700}
.goods{display:flex;align-items:center;gap:10px;padding:8px 12px;background:%(bars)s;border-top:.5px solid #8883;flex:none}
.goods .thumb{width:48px;height:48px;border-radius:6px;flex:none}
.goods div{flex:1;min-width:0}.goods .price{color:#ff4a2d;font-size:16px;font-weight:600}
.goods .name{font-size:12px;color:%(grey)s;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.goods .act{flex:none;background:#ffe14d;color:#222;border-radius:16px;padding:6px 14px;font-size:13px}
.view{flex:1;overflow:hidden;position:relative}
.flow{padding:12px %(side)spx}
.row{display:flex;gap:8px;margin:0 0 %(gap)spx;align-items:flex-start;position:relative}
.row.me{flex-direction:row-reverse}
.avatar{width:%(avatar)spx;height:%(avatar)spx;border-radius:%(round)s;flex:none;overflow:hidden}
.avatar svg,.thumb svg,.picture svg{display:block;width:100%%;height:100%%}
.column{max-width:calc(100%% - %(room)spx);display:flex;flex-direction:column;align-items:flex-start}
.me .column{align-items:flex-end}
.bubble{padding:9px 12px;border-radius:%(radius)spx;background:%(theirs)s;color:%(theirs_ink)s;position:relative;overflow-wrap:anywhere;border:%(border)s}
.me .bubble{background:%(mine)s;color:%(mine_ink)s}
.words{white-space:pre-wrap}
.words .emoji{font-family:"Noto Color Emoji"}
.tail:before{content:"";position:absolute;top:13px;left:-5px;width:10px;height:10px;transform:rotate(45deg);background:inherit}
.me .tail:before{left:auto;right:-5px}
.quote{font-size:.82em;opacity:.62;border-left:3px solid currentColor;padding-left:7px;margin-bottom:5px}
.below{font-size:.8em;margin-top:4px;padding:5px 9px;border-radius:6px;background:#8883;color:%(ink)s;opacity:.75}
.mark{font-size:10px;color:%(grey)s;margin-top:2px}
.time,.notice{text-align:center;color:%(grey)s;font-size:12px;margin:4px 0 %(gap)spx}
.time span{%(pill)s}
.card{background:%(theirs)s;color:%(theirs_ink)s;border-radius:10px;padding:12px 14px;border:%(border)s}
.wide{margin:0 0 %(gap)spx}
.aside{width:250px}
.card h4{font-size:1em;font-weight:600}.card p{font-size:.82em;opacity:.65;margin-top:4px}
.card a{display:block;margin-top:9px;padding-top:8px;border-top:.5px solid #8884;color:#d9662b;font-size:.9em;text-align:center}
.picture{border-radius:8px;overflow:hidden}
.voice{display:flex;gap:8px;align-items:center}.waves{display:flex;gap:3px;align-items:center}
.waves b{width:3px;border-radius:2px;background:currentColor;display:block}
.input{flex:none;background:%(bars)s;padding:8px 12px %(home)spx;display:flex;gap:10px;align-items:center}
.field{flex:1;height:36px;border-radius:18px;background:%(page)s;border:.5px solid #8885;color:%(grey)s;font-size:14px;line-height:35px;padding:0 14px}
.round{width:26px;height:26px;border-radius:50%%;border:2px solid %(ink)s;position:relative;flex:none}
.plus:before,.plus:after{content:"";position:absolute;background:%(ink)s;left:5px;right:5px;top:10px;height:2px}
.plus:after{transform:rotate(90deg)}
"""


def chat(talk: Talk, theme: Theme, phone: Phone, fonts: tuple[str, str], size: int, *, long: bool, seed: str) -> str:
    """Return the page. ``long`` lets the flow grow to its height instead of scrolling in a screen."""
    rng = random.Random(f"page {seed}")
    families = ",".join(f'"{name}"' for name in (*fonts, "Noto Color Emoji") if name) + ",sans-serif"
    numbers: dict[str, object] = {
        **{name: getattr(theme, name) for name in (
            "page", "mine", "mine_ink", "theirs", "theirs_ink", "bars", "ink", "grey", "avatar", "radius", "gap", "side",
        )},
        "border": theme.border or "0", "round": theme.avatar_radius, "width": phone.width, "fonts": families, "size": size,
        "height": "" if long else f"height:{phone.height}px", "status": 47 if phone.notch else 28,
        "edge": 28 if phone.notch else 14, "home": 30 if phone.notch else 10, "room": theme.avatar * 2 + 16 + 8,
        "pill": f"background:{theme.time_pill};color:#fff;padding:2px 8px;border-radius:5px" if theme.time_pill else "",
    }  # fmt: skip
    faces = {"me": _face(rng), "them": _face(rng)}
    flow = "".join(_entry(place, one, theme, faces, rng) for place, one in enumerate(talk.entries))
    return (
        f"<!doctype html><html lang=zh-CN><meta charset=utf-8><style>{_CSS % numbers}</style><div class=phone>"
        f"{_status(rng)}<div class=nav><span class=back></span><span class=nick>{html.escape(talk.nick)}"
        f"<small>{rng.choice(('3小时前来过', '信用极好', '在线'))}</small></span><span class=more>···</span></div>"
        f"<div class=goods><span class=thumb>{_scene(rng, '')}</span><div><p class=price>¥{talk.price}</p>"
        f"<p class=name>{html.escape(talk.goods)}</p></div><span class=act>{rng.choice(('查看订单', '立即购买', '去发货'))}</span></div>"
        f"<div class=view><div class=flow>{flow}</div></div>"
        "<div class=input><span class=round></span><span class=field>想跟TA说点什么…</span><span class=round></span>"
        "<span class='round plus'></span></div></div></html>"
    )


def _status(rng: random.Random) -> str:
    bars = "".join(f"<b class=bar1 style='height:{height}px'></b>" for height in (4, 6, 8, 10))
    charge = rng.randrange(12, 100)
    net = rng.choice(("5G", "4G", ""))
    return (
        f"<div class=status><span>{rng.randrange(0, 24):02}:{rng.randrange(60):02}</span><span><i>{bars}</i><i>{net}</i>"
        f"<i>{charge if rng.random() < 0.5 else ''}</i><i class=battery><b style='width:{charge}%'></b></i></span></div>"
    )


def _entry(place: int, one: Entry, theme: Theme, faces: dict[str, str], rng: random.Random) -> str:
    here = f"data-n={place}"
    if one.kind in ("time", "notice"):
        return f"<div class={one.kind}><span {here} class=words>{html.escape(one.text)}</span></div>"
    if one.kind == "card":
        inner = f"<h4>{html.escape(one.text)}</h4><p>{html.escape(one.body)}</p><a>{html.escape(one.button)}</a>"
        if theme.card == "wide":
            return f"<div class='card wide' {here}>{inner}</div>"
        return _row(one.who, f"<div class='card aside' {here}>{inner}</div>", theme, faces)
    if one.kind == "picture":
        width, height = rng.choice(((150, 200), (180, 130), (120, 210)))
        words = rng.choice(("", "", "此卡已被兑换", "ERROR 1009", "余额不足"))
        inner = f"<div class=picture {here} style='width:{width}px;height:{height}px'>{_scene(rng, words)}</div>"
        return _row(one.who, inner, theme, faces)
    if one.kind == "voice":
        waves = "".join(f"<b style='height:{height}px'></b>" for height in (6, 11, 16))
        inner = f"<div class='bubble voice' {here}><span class=waves>{waves}</span><span class=words>{one.text}</span></div>"
        return _row(one.who, inner, theme, faces)
    tail = "tail" if theme.tail else ""
    quote = f"<div class=quote>{html.escape(one.quote)}</div>" if one.quote and theme.quote == "inside" else ""
    inner = f"<div class='bubble {tail}' {here}>{quote}<div class=words>{_words(one.text)}</div></div>"
    if one.quote and theme.quote == "below":
        inner += f"<div class=below>{html.escape(one.quote)}</div>"
    if theme.read_mark and one.who == "me":
        inner += f"<div class=mark>{rng.choice(('已读', '已读', '未读'))}</div>"
    return _row(one.who, inner, theme, faces)


def _words(text: str) -> str:
    return EMOJI.sub(lambda found: f"<span class=emoji>{found.group()}</span>", html.escape(text))


def _row(who: str, inner: str, theme: Theme, faces: dict[str, str]) -> str:
    face = "" if who == "me" and not theme.my_avatar else f"<div class=avatar>{faces[who]}</div>"
    return f"<div class='row {who}'>{face}<div class=column>{inner}</div></div>"


def _face(rng: random.Random) -> str:
    """Draw an avatar: a photo-like scene, or a face."""
    if rng.random() < 0.5:
        return _scene(rng, "")
    skin, hair, back = (
        rng.choice(("#f2c9a1", "#e0ac7e", "#fbe0c8")),
        rng.choice(("#2b1b12", "#704c2a", "#c94f4f")),
        _colour(rng),
    )
    return (
        f"<svg viewBox='0 0 40 40'><rect width=40 height=40 fill='{back}'/><circle cx=20 cy=20 r=10 fill='{skin}'/>"
        f"<path d='M9 18a11 11 0 0 1 22 0q-11-7-22 0' fill='{hair}'/><circle cx=16 cy=21 r=1.3 /><circle cx=24 cy=21 r=1.3 />"
        f"<path d='M16 25q4 3 8 0' stroke='#933' fill=none /><rect x=10 y=31 width=20 height=12 rx=5 fill='{_colour(rng)}'/></svg>"
    )


def _scene(rng: random.Random, words: str) -> str:
    """Draw something like a photograph: clouds of noise over two colours, a thing in front, perhaps with words on it."""
    name = f"n{rng.randrange(10**9)}"
    label = (
        f"<text x=50 y=58 font-size=13 text-anchor=middle fill='#fff' stroke='#0006' stroke-width=.4>{words}</text>"
        if words
        else ""
    )
    return (
        f"<svg viewBox='0 0 100 100' preserveAspectRatio='xMidYMid slice'><defs><linearGradient id={name} x2=1 y2=1>"
        f"<stop stop-color='{_colour(rng)}'/><stop offset=1 stop-color='{_colour(rng)}'/></linearGradient><filter id={name}f>"
        f"<feTurbulence type=fractalNoise baseFrequency={rng.choice(('.02', '.05', '.4'))} numOctaves=3 seed={rng.randrange(99)} />"
        "<feColorMatrix values='.6 0 0 0 .2 0 .6 0 0 .2 0 0 .6 0 .2 0 0 0 .55 0'/></filter></defs>"
        f"<rect width=100 height=100 fill='url(#{name})'/><rect width=100 height=100 filter='url(#{name}f)'/>"
        f"<ellipse cx={rng.randrange(25, 75)} cy={rng.randrange(30, 80)} rx={rng.randrange(10, 30)} ry={rng.randrange(8, 24)} "
        f"fill='{_colour(rng)}' opacity=.8 />{label}</svg>"
    )


def _colour(rng: random.Random) -> str:
    return f"hsl({rng.randrange(360)},{rng.randrange(25, 75)}%,{rng.randrange(30, 75)}%)"
