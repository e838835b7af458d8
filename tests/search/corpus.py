"""Made-up messages with everything in them that makes search hard; seeded, so that a truth set can be made again."""

import random

SUBJECTS = [
    "老板",
    "这张卡",
    "卡密",
    "充值卡",
    "苹果卡",
    "禮品卡",
    "餘額",
    "訂單",
    "Steam",
    "iTunes",
    "ＡＰＰ",
    "客服",
    "𠮷野家",
    "退款",
]
VERBS = [
    "充不进去",
    "用不了",
    "顯示無效",
    "已经被兑换",
    "没收到",
    "發錯了",
    "过期了",
    "不想要了",
    "能退吗",
    "怎么退",
    "是真的吗",
    "绑定不了",
    "锁区了",
]
ENDS = ["啊", "呀", "了", "！", "？", "...", "😡", "👍", "❤️", "\u200b", " ", "　", "~", "👨\u200d👩\u200d👧"]
COMMON = "的一是了我不在人有来他这上着个地到大里说就去子得也和那要下看天时过出小么起你都把好还多没为又可家学只以主会样年想生同老中十从自面前头道它后然走很像见两用她国动进成回什边作对开而己些现山民候经发工向事命给长水几义三声于高手知理"
RARE = "𠮷𩸽㐂㎏①㈱ﬁßİéÀñ龘齉Ωжｶﾞ각‥№½"


def message(dice: random.Random) -> str:
    luck = dice.random()
    if luck < 0.1:
        return dice.choice(["在吗", "好的", "嗯嗯", "？", "1", "👍", "ok", "OK", "ＯＫ"])
    parts = [
        dice.choice(SUBJECTS) + dice.choice(VERBS) + dice.choice(ENDS) for _ in range(dice.choice([1, 1, 1, 2, 3]))
    ]
    parts.append("".join(dice.choices(COMMON, k=dice.randint(0, 9))))
    if luck > 0.7:
        parts.append("".join(dice.choices(RARE, k=dice.randint(1, 3))))
    if luck > 0.8:
        parts.append(f" {dice.randint(1, 9999)} 元")
    if luck > 0.97:  # longer than PostgreSQL keeps places for
        parts.append("".join(dice.choices(COMMON, k=dice.randint(200, 900))))
    dice.shuffle(parts)
    return "".join(parts)


def messages(count: int, seed: int) -> list[str]:
    dice = random.Random(seed)
    return [message(dice) for _ in range(count)]


def questions(texts: list[str], count: int, seed: int) -> list[str]:
    """Pieces of the texts of any length, single characters, pieces of two texts, and words that stand nowhere."""
    dice = random.Random(seed)
    found = []
    for number in range(count):
        text = dice.choice(texts)
        length = dice.choice([1, 1, 2, 2, 2, 3, 4, 6, 12, 40])
        start = dice.randrange(max(1, len(text) - length + 1))
        piece = text[start : start + length]
        if number % 9 == 0:
            piece = "".join(dice.choices(COMMON, k=dice.choice([2, 3])))
        if number % 11 == 0:
            piece += " " + dice.choice(dice.choice(texts) or "的")
        if number % 13 == 0:
            piece = f'"{piece}"'
        if number % 17 == 0:
            piece = piece.upper()
        found.append(piece)
    return found
