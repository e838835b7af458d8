"""Try the reader on chats of many looks while working on it: ``trying.py [--show] [--save FOLDER] [FIRST-LAST | SEED…]``.

Scored as ``judging`` scores; texts, looks and forms are others. What the engine says is kept in ``build/judging``.
"""

import io
import random
import sys
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from cardcase.screens.rules.layout import log_of  # noqa: E402 - found by the line above
from cardcase.screens.rules.stitching import stitch  # noqa: E402
from screens.judging import judge, scoring, shooting, talks  # noqa: E402
from screens.judging.talks import Entry, Talk  # noqa: E402
from screens.varied import looks, page  # noqa: E402

WORDS = (
    "收到", "嗯", "好", "哦", "2", "?", "？？", "。。。", "88", "ok", "Hi", "一", "不", "在么", "……", "！", "行吧", "没", "k",
    "单号{number}帮忙看看", "我买的是{face}面值，怎么只到了{small}", "{small}+{small}不等于{money}啊",
    "码的最后几位是{tail}，O还是0看不清楚", "退{money}给我就行，别的不要",
    "微信里显示{clock}付的款，现在都{clock}了", "邮箱 {mail}，区服选的 Hong Kong", "Redeem failed: code {tail} (E-{small})",
    "I bought it {clock}, order {number}, please check ASAP", "打 400-{phone} 也没人接",
    "先别确认收货！！等我这边核实完再说，大概要{face}分钟",
    "亲您好，后台查到这张卡是{clock}发出的，{clock}被激活，激活账号尾号{tail}，麻烦您核对一下是不是家里其他人用了，如果都不是，请把手机整屏截图（带时间）发我，我好跟上游交涉，一般{face}小时内有结果",
    "①打开App ②点“我的” ③输入卡密", "型号：Switch OLED\n地区：日服\n面额：{face}", "https://example.com/r/{tail}?id={small}",
    "这不是{face}吗？？怎么又变成{money}了？", "「已兑换」和「已过期」是两回事", "哈哈", "谢谢老板❤️❤️", "😭😭", "👌", "好的😊明天再说",
    "-", "+1", "3Q", "A区 or B区？", "价格：{money}/张，10张起{small}/张", "《原神》648 首充还在不在", "VIP、SVIP都能充吗",
)  # fmt: skip
NICKS = ("青柠不酸", "user_5530187", "Kiki小铺", "数码老陈", "七月半_")
GOODS = ("网易云年卡兑换码", "PSN港服300点卡 秒发", "盒马礼品卡500 电子卡", "Roblox 1000R币美元卡")
NOTICES = (
    "平台不会索要验证码，请保护好卡密",
    "你已添加对方，可以开始聊天了",
    "对方已退出当前会话",
    "消息已发出，但被对方拒收了",
)
CARDS = (
    ("待你发货", "买家已付款 ¥{money}，请在24小时内发货", "去发货"),
    ("等待买家收货", "卡密已送达，{face}小时后自动确认", "提醒收货"),
    ("买家发起了退款", "仅退款 ¥{money}，原因：卡密无效", "处理退款"),
    ("订单已关闭", "超时未付款，系统自动关闭", "再次上架"),
)


def talk(seed: int, length: int) -> Talk:
    """Make up a talk: a piece of the corpus that nobody else draws, with lines of our own strewn in."""
    rng = random.Random(f"varied talk {seed}")
    blocks = talks._conversations("w21")
    said: list[tuple[str, str]] = []
    while len(said) < length:
        for who, words in rng.choice(blocks):
            said.append((who, words))
            if rng.random() < 0.5:
                said.append((rng.choice("BS"), _filled(rng, rng.choice(WORDS))))
    sides = {"B": "me", "S": "them"} if rng.random() < 0.4 else {"B": "them", "S": "me"}
    at = talks.TAKEN_ON - timedelta(rng.choice((0, 1, 2, 4, 9, 70)))
    moment = datetime.combine(at, time(8, rng.randrange(60)))
    entries: list[Entry] = [Entry("time", text=_label(rng, moment), at=moment)]
    for place, (who, words) in enumerate(said[:length]):
        chance = rng.random()
        if place and chance < 0.14:
            moment += timedelta(minutes=rng.randrange(6, 90))
            moment = min(moment, datetime.combine(talks.TAKEN_ON, time(23, 50)))
            entries.append(Entry("time", text=_label(rng, moment), at=moment))
        elif chance < 0.19:
            entries.append(Entry("notice", text=rng.choice(NOTICES)))
        elif chance < 0.26:
            title, body, button = (_filled(rng, one) for one in rng.choice(CARDS))
            entries.append(Entry("card", rng.choice(("me", "them")), title, body=body, button=button))
        elif chance < 0.32:
            entries.append(Entry("picture", sides[who]))
        elif chance < 0.34:
            entries.append(Entry("voice", sides[who], f"{rng.randrange(2, 59)}″"))
        earlier = [one.text for one in entries if one.kind == "text" and 1 < len(one.text) < 20]
        quote = f"{rng.choice(NICKS)}：{rng.choice(earlier)}" if earlier and rng.random() < 0.07 else ""
        entries.append(Entry("text", sides[who], words, quote))
    return Talk(rng.choice(NICKS), rng.choice(GOODS), f"{rng.randrange(9, 999)}", tuple(entries))


def _label(rng: random.Random, at: datetime) -> str:
    days, clock = (talks.TAKEN_ON - at.date()).days, f"{at:%H:%M}"
    if days < 2:
        return ("", "昨天 ")[days] + clock
    return f"{at:%m-%d} {clock}" if rng.random() < 0.5 else f"{at.month}月{at.day}日 {clock}"


def _filled(rng: random.Random, words: str) -> str:
    for _ in range(4):  # each place gets another value
        for name, value in (
            ("number", "".join(rng.choice("0123456789") for _ in range(19)).replace("0", "3", 1)),
            ("face", rng.choice(("30", "50", "100", "300", "648"))),
            ("small", f"{rng.randrange(10, 999)}"),
            ("money", f"{rng.randrange(900, 90000) / 100:.2f}"),
            ("tail", "".join(rng.choice("ABCDEFGHKMNPQRSTXYZ0123456789") for _ in range(4))),
            ("clock", f"{rng.randrange(24):02}:{rng.randrange(60):02}"),
            ("mail", rng.choice(("zhang.q@example.com", "lily_77@example.com"))),
            ("phone", f"{rng.randrange(1000, 9999)}-{rng.randrange(100, 999)}"),
        ):
            words = words.replace(f"{{{name}}}", value, 1)
    return words


def session(running: Any, seed: int) -> tuple[Talk, list[shooting.Shot], looks.Look, bool]:
    """Shoot a chat: a long picture, or screens that overlap while bars move and new messages come in."""
    rng = random.Random(f"varied shots {seed}")
    look = looks.look(seed)
    long, screens = rng.random() < 0.15, rng.choice((2, 3, 4, 5))
    said = talk(seed, 22 if long else 10 * screens)
    context = running.new_context(viewport={"width": look.width, "height": look.height}, device_scale_factor=look.ratio)
    sheet = context.new_page()
    sheet.set_content(page.chat(said, look, long=long, seed=seed))
    sheet.evaluate("document.fonts.ready")
    shots = []
    if long:
        taken = sheet.locator(".phone").screenshot(animations="disabled")
        shots.append(shooting.Shot(_saved(taken, look.file), shooting._seen(sheet)))
    down, known = 0, len(said.entries) - rng.choice((0, 0, 1, 2))
    while not long and len(shots) < screens:
        typing = rng.random() < 0.15
        sheet.evaluate(
            "([typing, known]) => {document.querySelector('.keys').hidden = !typing;"
            "[...document.querySelectorAll('.flow > *')].forEach((one, n) => one.style.display = n < known ? '' : 'none')}",
            [typing, known],
        )
        room = sheet.evaluate("document.querySelector('.view').clientHeight")
        whole = sheet.evaluate("document.querySelector('.flow').scrollHeight")
        most = max(0, whole - room)
        sheet.evaluate(f"document.querySelector('.flow').style.marginTop = '-{min(down, most)}px'")
        shots.append(shooting.Shot(_saved(sheet.screenshot(animations="disabled"), look.file), shooting._seen(sheet)))
        if down >= most:
            if known == len(said.entries):
                break
            known = len(said.entries)
        down = min(down, most) + int(room * (1 - rng.uniform(0.2, 0.6)))
    context.close()
    return said, shots, look, long


def _saved(png: bytes, file: str) -> bytes:
    if file.startswith("webp"):
        kept = io.BytesIO()
        Image.open(io.BytesIO(png)).convert("RGB").save(kept, "WEBP", quality=int(file.split("-")[1]))
        return kept.getvalue()
    return shooting._saved(png, file)


def tried(seeds: Iterable[int], see: judge.See, *, show: bool, folder: Path | None) -> dict[str, scoring.Counts]:
    """Read the chats of these seeds; count."""
    found = {"screens": scoring.Counts(), "talks": scoring.Counts(), "long": scoring.Counts()}
    with shooting.browser() as running:
        for seed in seeds:
            said, shots, look, long = session(running, seed)
            if folder:
                for place, shot in enumerate(shots):
                    (folder / f"{seed:03}-{place}.{look.file.split('-')[0].replace('forward', 'jpeg')}").write_bytes(
                        shot.data
                    )
            logs = [log_of(see(shot.data), picture=place) for place, shot in enumerate(shots)]
            told = []
            for place, (log, shot) in enumerate(zip(logs, shots, strict=True)):
                one = scoring.compare(scoring.wanted(said, [shot.visible]), stitch([log]).entries, with_times=long)
                found["long" if long else "screens"].add(one)
                told.append((f"screen {place}", one))
            if len(shots) > 1:
                together = stitch(logs)
                expected = scoring.wanted(said, [shot.visible for shot in shots])
                whole = scoring.compare(expected, together.entries, with_times=True)
                whole.of["gaps"] += len(together.gaps)
                found["talks"].add(whole)
                told.append((f"talk (gaps {together.gaps})", whole))
            if show and any(counts.notes for _, counts in told):
                sys.stdout.write(f"seed {seed}: {look}\n")
                for name, counts in told:
                    for note in counts.notes:
                        sys.stdout.write(f"   {name}: {note}\n")
                sys.stdout.flush()
    return found


def main() -> int:
    """Try some seeds and print what was counted."""
    words = sys.argv[1:]
    folder = Path(words[words.index("--save") + 1]) if "--save" in words else None
    seeds: list[int] = []
    for one in words:
        if "-" in one[1:] and one.replace("-", "").isdigit():
            first, last = map(int, one.split("-"))
            seeds += range(first, last + 1)
        elif one.isdigit():
            seeds.append(int(one))
    with judge.remembering(judge.KEPT) as see:
        found = tried(seeds or range(20), see, show="--show" in words, folder=folder)
    for name, counts in found.items():
        sys.stdout.write(f"{judge.summary(name, counts)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
