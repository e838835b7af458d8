"""What is said in the chats that judge the reading: texts of the corpus and hand-written ones, always the same by seed."""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

CORPUS = Path(__file__).parents[3] / "corpus"
TAKEN_ON = date(2026, 11, 27)
"""A Friday: the day on which every screenshot was taken."""

_ORDER = "{order}"
_WORDS = {
    "dev": [
        "订单号{order}，麻烦帮我查一下进度",
        "实付¥{money}，到账只有{less}元，差{gap}怎么算？",
        "卡号后四位{tail}，密码刮开了但是提示无效",
        "{hour}下的单，{later}还没收到卡密",
        "Apple ID 是 {mail}，地区是美国",
        "The code ends with {tail}. It says “already redeemed”.",
        "我手机号19900000{three}，你打给我也行",
        "退款金额{money}元，退到支付宝（尾号{tail}）",
        "可以的，1-2个工作日内原路退回，请注意查收。",
        (
            "您好！这边看到您{day}买的是《塞尔达传说》的点卡，面值{face}元，麻烦您把兑换失败的页面截一张完整的图发过来，要能看到时间和提示的文字，"
            "我核对以后马上给您处理，谢谢您的耐心等待～"
        ),
        "100%正品，假一赔十；不支持无理由退换。",
        "Steam钱包码 $20 和 $50 的都有货吗？",
        "发货时间：{hour}；签收时间：{later}。",
        "好的",
        "?",
        "嗯嗯",
        "在",
        "1",
        "OK",
        "哈哈哈哈😂😂",
        "收到了，谢谢老板👍",
        "流水号：{order}\n金额：{money}\n状态：已支付",
        "我在PS5上兑换，一直报错 WC-40378-0，换Wi-Fi也一样",
        "您看这样行不行：先退{less}元，剩下的{gap}元我补一张卡给您。",
    ],
    "judge": [
        "麻烦看下{order}这一单，谢谢",
        "页面写的是{face}，我付了{money}，余额却显示{less}",
        "尾号{tail}的那张，输了两遍都说已使用",
        "从{hour}等到{later}，一直没有人回我",
        "my email: {mail}, region Japan",
        "It worked on {day}, but now the balance is ${less}.",
        "号码19900000{three}，充错了能撤回吗",
        "差额{gap}元已经转到您支付宝，尾号{tail}，请查收一下",
        "不好意思，刚才在开车没看到消息。",
        (
            "是这样的，{day}您拍下以后系统在{hour}自动发的货，后台能看到您{later}打开过卡密页面。如果兑换时显示“该卡已被激活”，请把那一页连同手机最上面的时间一起"
            "截图发我，我去找上家要激活记录，最迟明天中午12点前给您答复，可以吗？"
        ),
        "支持7天内换新（未刮开），刮开后不退不换！",
        "Xbox Game Pass 3个月 + 礼品卡{face}，一共多少钱",
        "编号：{order}，下单{hour}，付款{later}",
        "行",
        "。",
        "哦哦",
        "亲？",
        "6",
        "yes",
        "谢谢🙏麻烦了",
        "🎉到账了！",
        "商品：视频会员年卡\n数量：2\n合计：{money}元",
        "换了3台手机（iPhone 15、小米14、华为P60）都提示E-1009",
        "要么全额退{money}，要么补发，二选一吧：今天{later}之前给我答复。",
    ],
}
_NOTICES = {
    "dev": ["你撤回了一条消息", "交易前请确认商品信息，谨防诈骗", "对方开启了消息免打扰"],
    "judge": ["对方撤回了一条消息", "请勿脱离平台交易，以免上当受骗", "卡券类商品请当面确认后再收货"],
}
_CARDS = {
    "dev": [
        ("我已付款，等待你发货", "请双方沟通及时确认价格", "去发货"),
        ("我已拍下，待付款", "请尽快付款，超时订单将关闭", "查看订单"),
        ("买家申请退款", "退款金额：¥{money}", "查看详情"),
        ("你已发货", "请提醒买家及时确认收货", "查看物流"),
    ],
    "judge": [
        ("我已付款，等待你发货", "请包装好商品，并按我在闲鱼上提供的地址发货", "去发货"),
        ("退款申请", "对方申请仅退款¥{money}，请在48小时内处理", "去处理"),
        ("退款成功", "¥{money}已原路退回买家账户", "钱款去向"),
        ("交易成功", "钱款已打入你的账户，快去评价吧", "去评价"),
    ],
}
_NICKS = {
    "dev": ["小鹿不吃草", "tb_9037421", "阿May的杂货铺", "夜里的猫", "Leo2019"],
    "judge": ["北方有雪", "xy_k0l8", "橘子汽水_", "Mr.Zhao", "开心果果88"],
}
_GOODS = {
    "dev": [
        "苹果礼品卡美区10-500面值自动发货",
        "Steam充值卡国区100元",
        "京东E卡500元卡密秒发",
        "任天堂eShop点卡港服",
    ],
    "judge": [
        "Xbox礼品卡美国$25官方直发",
        "星巴克星礼卡200电子券",
        "沃尔玛购物卡1000元实体",
        "Google Play 50美元卡",
    ],
}
_VOICE = ("{second}″",)


@dataclass(frozen=True)
class Entry:
    """One thing in the flow of a chat. ``kind``: text, picture, voice, card, notice or time; ``who``: me, them or empty."""

    kind: str
    who: str = ""
    text: str = ""
    quote: str = ""
    body: str = ""
    button: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Talk:
    """A whole chat, with what stands above it."""

    nick: str
    goods: str
    price: str
    entries: tuple[Entry, ...]


def talk(part: str, seed: int, *, length: int) -> Talk:
    """Make the chat of a seed out of about ``length`` entries; ``part`` (dev, judge) has texts that the other has not."""
    rng = random.Random(f"talk {part} {seed}")
    part = "judge" if part == "judge" else "dev"
    said = _sayings(part, rng, length)
    nick = rng.choice(_NICKS[part])
    entries: list[Entry] = []
    moments = _moments(rng, max(2, len(said) // 6))
    gaps = sorted(rng.sample(range(1, max(2, len(said))), min(len(moments) - 1, max(1, len(said) - 1))))
    starts = {0: moments[0], **dict(zip(gaps, moments[1:], strict=False))}
    earlier: list[str] = []
    for place, (who, words) in enumerate(said):
        if place in starts:
            entries.append(Entry("time", text=label(part, rng, starts[place]), at=starts[place]))
        entries += _around(part, rng)
        quote = ""
        if len(earlier) > 3 and rng.random() < 0.08:
            quote = f"{nick}：{rng.choice([one for one in earlier[-6:] if len(one) < 22] or ['在吗'])}"
        entries.append(Entry("text", who, words, quote))
        if "\n" not in words:
            earlier.append(words)
        entries += _aside(rng, who)
    return Talk(
        nick, rng.choice(_GOODS[part]), f"{rng.randrange(9, 998)}.{rng.choice(('00', '50', '80'))}", tuple(entries)
    )


def label(part: str, rng: random.Random, at: datetime) -> str:
    """Write a moment as apps do above messages; the judging part has forms that the other has not."""
    clock = f"{at:%H:%M}"
    if part == "judge" and rng.random() < 0.25:
        clock = f"{'上午' if at.hour < 12 else '下午'}{(at.hour - 1) % 12 + 1}:{at:%M}"
    days = (TAKEN_ON - at.date()).days
    if days == 0:
        return clock
    if days == 1:
        return f"昨天 {clock}"
    week = "一二三四五六日"[at.weekday()]
    if days < 7 and rng.random() < 0.6:
        return f"{rng.choice(('星期', '周')) if part == 'judge' else '星期'}{week} {clock}"
    if at.year != TAKEN_ON.year:
        return f"{at.year}年{at.month}月{at.day}日 {clock}"
    if part == "judge" and rng.random() < 0.4:
        return rng.choice((f"{at:%m-%d} {clock}", f"{at:%Y-%m-%d} {clock}"))
    return f"{at.month}月{at.day}日 {clock}"


def _sayings(part: str, rng: random.Random, length: int) -> list[tuple[str, str]]:
    """Return who says what: a piece of a conversation, with hand-written lines strewn in."""
    blocks = _conversations("w6" if part == "dev" else "w7")
    lines: list[tuple[str, str]] = []
    swap = rng.random() < 0.3
    replies = _replies("s1" if part == "dev" else "s2")
    while len(lines) < length:
        for who, words in rng.choice(blocks):
            lines.append((who, words))
            if rng.random() < 0.35:
                lines.append((rng.choice("BS"), _filled(rng, rng.choice(_WORDS[part]))))
            if rng.random() < 0.12:
                lines.append(("S", rng.choice(replies)))
    sides = {"B": "me", "S": "them"} if swap else {"B": "them", "S": "me"}
    return [(sides[who], words) for who, words in lines[:length]]


def _conversations(prefix: str) -> list[list[tuple[str, str]]]:
    blocks: list[list[tuple[str, str]]] = []
    for path in sorted((CORPUS / "conversations").glob(f"{prefix}-*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("=conv"):
                blocks.append([])
            elif line[:2] in ("B\t", "S\t"):
                blocks[-1].append((line[0], line[2:].replace("\\n", "\n").strip()))
    return [block for block in blocks if block]


def _replies(prefix: str) -> list[str]:
    rows = [
        line.split("\t")
        for path in sorted((CORPUS / "replies").glob(f"{prefix}-*.tsv"))
        for line in path.read_text("utf-8").splitlines()
        if line.startswith("fine\t")
    ]
    return [row[2] for row in rows]


def _filled(rng: random.Random, words: str) -> str:
    money = rng.randrange(2000, 99999)
    less = rng.randrange(100, money)
    hour, minute = rng.randrange(8, 22), rng.randrange(60)
    return words.format(
        order="".join(rng.choice("0123456789") for _ in range(rng.choice((18, 19)))).replace("0", "4", 1),
        money=f"{money / 100:.2f}",
        less=f"{less / 100:.2f}",
        gap=f"{(money - less) / 100:.2f}",
        tail="".join(rng.choice("ABCDEFGHJKLMNPQRTUVWXY346789") for _ in range(4)),
        three=f"{rng.randrange(1000):03}",
        hour=f"{hour:02}:{minute:02}",
        later=f"{hour + 1:02}:{rng.randrange(60):02}",
        day=f"{rng.randrange(1, 13)}月{rng.randrange(1, 29)}日",
        face=rng.choice((25, 50, 100, 200, 500, 1000)),
        mail=f"{rng.choice(('liu.wei', 'mei_0912', 'kk-chen', 'happy2day'))}@example.com",
    )


def _moments(rng: random.Random, many: int) -> list[datetime]:
    """Return that many moments of the last weeks in their order."""
    days = sorted((rng.choice((0, 0, 1, 1, 2, 3, 5, 8, 17, 40, 380)) for _ in range(many)), reverse=True)
    found: list[datetime] = []
    for days_ago in days:
        at = datetime.combine(TAKEN_ON - timedelta(days_ago), time(rng.randrange(7, 23), rng.randrange(60)))
        if found and at <= found[-1]:
            at = found[-1] + timedelta(minutes=rng.randrange(6, 40))
        if at.date() > TAKEN_ON:
            break
        found.append(at)
    return found


def _around(part: str, rng: random.Random) -> list[Entry]:
    chance = rng.random()
    if chance < 0.05:
        return [Entry("notice", text=rng.choice(_NOTICES[part]))]
    if chance < 0.11:
        title, body, button = (_filled(rng, one) for one in rng.choice(_CARDS[part]))
        return [Entry("card", rng.choice(("me", "them")), title, body=body, button=button)]
    return []


def _aside(rng: random.Random, who: str) -> list[Entry]:
    chance = rng.random()
    if chance < 0.06:
        return [Entry("picture", who)]
    if chance < 0.09:
        return [Entry("voice", who, rng.choice(_VOICE).format(second=rng.randrange(2, 59)))]
    return []
