"""Looks of chats by seed, every trait drawn for itself: so no app's, and no two alike. For working on the reader."""

import random
from dataclasses import dataclass

FONTS = (
    "'Noto Sans CJK SC'",
    "Roboto,'Noto Sans CJK SC'",
    "Inter,'Noto Sans CJK SC'",
    "'WenQuanYi Micro Hei'",
    "'Roboto Condensed','WenQuanYi Micro Hei'",
    "'DejaVu Sans','WenQuanYi Zen Hei'",
    "'Noto Serif CJK SC'",
)
_LIGHT_PAGES = ("#fff", "#f5f5f5", "#ededed", "#f2f3f7", "#faf8f2", "#eaf1ee", "#f7f7f7", "#e5ddd5")
_DARK_PAGES = ("#000", "#111", "#191919", "#1c1c1e", "#0b141a", "#202327")
_OWN_LIGHT = ("#ffe14d", "#95ec69", "#ffd84a", "#c9e7ff", "#dcf8c6", "#ffe9a8", "#3478f6", "#ff8f3c", "#e8e8ea")
_OWN_DARK = ("#7a6416", "#3eb575", "#264a7a", "#d6b528", "#005c4b", "#47474e")
_PEER_DARK = ("#2c2c2e", "#26262a", "#303236", "#202c33")


@dataclass(frozen=True)
class Look:
    """All that decides how a chat looks. Lengths are CSS pixels; ``ratio``: pixels of the picture to one of them."""

    width: int
    height: int
    ratio: float
    is_dark: bool
    page: str
    bar: str
    bar_line: bool
    ink: str
    faint: str
    peer: str
    own: str
    own_ink: str
    outline: str
    """Thin line around bubbles and cards: of whom: none, peer, both; then the peer's ground is the page's own colour."""
    line: str
    shadow: bool
    font: str
    size: int
    leading: float
    radius: int
    corner: int
    """Radius of the corner beside the avatar; -1: like the others."""
    tail: bool
    face: int
    face_radius: int
    own_face: bool
    gap: int
    pad: str
    read: str
    """Mark of reading beside own bubbles: none, beside, below."""
    pill: bool
    goods: bool
    notice_bar: bool
    chips: bool
    quote: str
    """Where a quotation stands: inside above, inside below, or in a box of its own under the bubble."""
    card: str
    """Cards: wide ones of the platform, or beside a face as bubbles."""
    jump: bool
    file: str
    """png, jpeg-60 … jpeg-95, webp-80, or forward-720: scaled to so many pixels and saved as JPEG."""


def look(seed: int) -> Look:
    """Draw lots for every trait."""
    rng = random.Random(f"look {seed}")
    dark = rng.random() < 0.3
    page = rng.choice(_DARK_PAGES if dark else _LIGHT_PAGES)
    outline = "none" if dark else rng.choice(("none", "none", "none", "peer", "both"))
    if outline != "none":
        page = rng.choice(("#fff", "#fff", "#fafafa", "#f6f6f6"))
    peer = rng.choice(_PEER_DARK) if dark else "#fff" if page != "#fff" else rng.choice(("#f0f0f2", "#e9ebef"))
    own = rng.choice(_OWN_DARK if dark else _OWN_LIGHT)
    if outline != "none":
        peer = page if rng.random() < 0.7 else "#fff"
        own = page if outline == "both" else own
    white_ink = own in ("#3478f6", "#264a7a", "#005c4b", "#7a6416", "#47474e", "#3eb575") or own == "#ff8f3c"
    ink = "#e8e8ea" if dark else rng.choice(("#111", "#1f1f1f", "#222", "#333"))
    width = rng.choice((320, 360, 375, 384, 393, 411, 412, 430))
    return Look(
        width=width,
        height=round(width * rng.uniform(1.7, 2.25)),
        ratio=rng.choice((1.5, 2, 2, 2.25, 2.625, 2.75, 3, 3, 3.5)),
        is_dark=dark,
        page=page,
        bar=page
        if rng.random() < 0.5
        else rng.choice(("#1a1a1c", "#2a2a2c"))
        if dark
        else rng.choice(("#fff", "#f9f9f9", "#f0f0f0")),
        bar_line=rng.random() < 0.5,
        ink=ink,
        faint=rng.choice(("#77787e", "#8a8a90")) if dark else rng.choice(("#999", "#b0b0b4", "#888")),
        peer=peer,
        own=own,
        own_ink="#fff" if white_ink else "#161616" if dark else ink,
        outline=outline,
        line=rng.choice(("#ddd", "#e5e5e5", "#d0d0d4", "#c8c8c8", "#ececec")),
        shadow=not dark and rng.random() < 0.2,
        font=rng.choice(FONTS),
        size=rng.choice((13, 14, 15, 15, 16, 16, 17, 18, 20)),
        leading=rng.choice((1.25, 1.35, 1.4, 1.5, 1.6)),
        radius=rng.choice((3, 5, 8, 10, 14, 18)),
        corner=rng.choice((-1, -1, 2, 4)),
        tail=rng.random() < 0.3,
        face=rng.choice((32, 36, 38, 40, 42, 46)),
        face_radius=rng.choice((3, 6, 10, 50)),
        own_face=rng.random() < 0.85,
        gap=rng.choice((8, 12, 16, 20, 24)),
        pad=rng.choice(("8px 11px", "10px 12px", "11px 14px", "7px 10px", "12px 16px")),
        read=rng.choice(("none", "none", "beside", "below")),
        pill=rng.random() < 0.25,
        goods=rng.random() < 0.5,
        notice_bar=rng.random() < 0.2,
        chips=rng.random() < 0.3,
        quote=rng.choice(("above", "below", "box")),
        card=rng.choice(("wide", "beside", "beside")),
        jump=rng.random() < 0.05,
        file=rng.choice(
            ("png", "png", "jpeg-60", "jpeg-75", "jpeg-85", "jpeg-95", "webp-80", "forward-720", "forward-900")
        ),
    )
