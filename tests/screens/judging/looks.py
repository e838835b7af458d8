"""Phones, fonts and themes. The judging part has some that neither part for developing (``dev``, ``wide``) has."""

from dataclasses import dataclass

LATIN = {"roboto": "Roboto", "inter": "Inter", "own": ""}


@dataclass(frozen=True)
class Phone:
    """Size in CSS pixels and how many pixels of the screen one is."""

    width: int
    height: int
    scale: float
    notch: bool = False


@dataclass(frozen=True)
class Theme:
    """Colours and forms of a chat page."""

    name: str
    page: str
    mine: str
    mine_ink: str
    theirs: str
    theirs_ink: str
    bars: str
    ink: str
    grey: str
    avatar: int = 40
    avatar_radius: str = "50%"
    radius: int = 12
    gap: int = 16
    border: str = ""
    tail: bool = False
    time_pill: str = ""
    card: str = "wide"
    """Where system cards stand: ``wide`` across the page, ``side`` beside an avatar like a message."""
    quote: str = "inside"
    """``inside`` the bubble above the words, or in a box ``below`` it."""
    read_mark: bool = False
    my_avatar: bool = True
    side: int = 12


PHONES = {
    "dev": [Phone(360, 780, 3), Phone(393, 852, 3, True), Phone(430, 932, 2, True), Phone(360, 640, 2)],
    "wide": [Phone(320, 658, 2), Phone(414, 896, 2, True), Phone(400, 860, 2.7)],
    "judge": [Phone(375, 812, 3, True), Phone(412, 915, 2.625), Phone(390, 844, 3, True), Phone(384, 824, 2.8125)],
}
FONTS = {
    "wide": [("Roboto", "Noto Sans CJK SC"), ("DejaVu Sans", "WenQuanYi Zen Hei"), ("", "Noto Sans CJK SC")],
    "dev": [("Roboto", "Noto Sans CJK SC"), ("", "Noto Sans CJK SC"), ("", "WenQuanYi Zen Hei")],
    "judge": [
        ("Inter", "Noto Sans CJK SC"),
        ("Inter", "WenQuanYi Micro Hei"),
        ("", "WenQuanYi Micro Hei"),
        ("", "Noto Serif CJK SC"),
    ],
}
SIZES = {"dev": [15, 16, 18], "wide": [13, 15, 17, 21], "judge": [14, 16, 17, 20]}
THEMES = {
    "wide": [
        Theme(
            "mint", "#ededed", "#95ec69", "#111", "#fff", "#111", "#ededed", "#111", "#888",
            avatar=40, avatar_radius="5px", radius=5, gap=18, tail=True, time_pill="#cecece", card="side", quote="below",
        ),
        Theme(
            "lined", "#ffffff", "#fff0a8", "#2b2b2b", "#ffffff", "#2b2b2b", "#ffffff", "#222", "#b5b5b5",
            avatar=34, radius=20, gap=9, border="1px solid #dcdcdc", my_avatar=False, side=14, card="wide",
        ),
        Theme(
            "dusk", "#0f1722", "#2d5b3a", "#e9f5ea", "#1f2a38", "#dfe6ee", "#131c28", "#e6edf5", "#7f8b99",
            avatar=38, radius=15, gap=15, read_mark=True, card="side",
        ),
        Theme(
            "sand", "#f8f6f1", "#f7d774", "#3a2f14", "#efe9dc", "#33302a", "#f8f6f1", "#3a362f", "#a59d8d",
            avatar=44, avatar_radius="50%", radius=17, gap=11, quote="below",
        ),
    ],
    "dev": [
        Theme("classic", "#f4f4f4", "#ffe14d", "#222", "#fff", "#222", "#fff", "#111", "#9a9a9a", read_mark=True),
        Theme(
            "night", "#111113", "#f2cf2b", "#1a1a1a", "#2b2b2e", "#ececec", "#1b1b1d", "#eee", "#7d7d82",
            card="side", quote="below", radius=10,
        ),
        Theme(
            "plain", "#ffffff", "#ffe875", "#1f1f1f", "#f1f2f5", "#1f1f1f", "#fff", "#222", "#a3a6ad",
            avatar=36, avatar_radius="6px", radius=8, gap=12, card="side", tail=True,
        ),
    ],
    "judge": [
        Theme(
            "warm", "#f1efe9", "#ffd100", "#141414", "#fffdf8", "#242424", "#fbfaf6", "#141414", "#8f8a80",
            avatar=42, avatar_radius="8px", radius=6, border="1px solid #e9e4d8", tail=True, time_pill="#dcd8cf",
            card="side", quote="below",
        ),
        Theme(
            "midnight", "#1c1c1e", "#50471c", "#f3ead0", "#2f2f33", "#e6e6e8", "#242426", "#f2f2f2", "#8b8b90",
            avatar=36, radius=16, gap=20, read_mark=True, quote="inside",
        ),
        Theme(
            "pale", "#fafafa", "#fff3b0", "#333", "#ececef", "#333", "#fafafa", "#333", "#b0b0b0",
            avatar=32, radius=18, gap=10, card="side", my_avatar=False, side=10, quote="below",
        ),
        Theme("bright", "#ebedf0", "#ffe60f", "#000", "#fff", "#000", "#fff", "#000", "#909399",
              avatar=44, radius=14, time_pill="#d8dade", card="wide"),
    ],
}  # fmt: skip
