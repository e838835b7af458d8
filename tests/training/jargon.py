"""A made-up shop whose buyers tell what happened in words of their own, which the shipped reader reads otherwise."""

import random
from collections.abc import Sequence

WORDS = {
    "A1": ("哑火", "死票", "点不着"),
    "A2": ("二手命", "被截胡", "吃剩的"),
    "V1": ("空壳", "瘪的", "肚里没货"),
    "O1": ("放鸽子", "没上岸", "石沉大海"),
    "P1": ("翻篇了", "散了吧", "缘尽"),
    "P2": ("手瓢了", "手滑", "点岔"),
    "V4": ("馊了", "发霉", "过气"),
    "V5": ("挨刀", "宰熟", "杀猪"),
}
_FRAMES = (
    "老板这张{}", "{}，咋整", "我这个{}", "亲 又{}了", "{} 给个说法", "昨天那张{}啊", "在吗 {}", "朋友买的{}", "两张都{}",
    "这回{} 退我", "{}了帮看下", "真的{} 没骗你",
)  # fmt: skip
_TAILS = ("", "", "", "谢谢", "急", "等你", "哈哈", " 周末用的", " 星巴克的", " 苹果200的")


def said(count: int, seed: int, reasons: Sequence[str] = tuple(WORDS)) -> list[tuple[str, str]]:
    """Return what buyers say and what it means: (text, sub-reason)."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        reason = chance.choice(reasons)
        found.append((chance.choice(_FRAMES).format(chance.choice(WORDS[reason])) + chance.choice(_TAILS), reason))
    return found
