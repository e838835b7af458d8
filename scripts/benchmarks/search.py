"""Search over a million messages on both databases, beside LIKE and trigrams over the same texts in the same run.

``search.py search_million`` measures SQLite in this process and PostgreSQL in another (scripts/postgres.py), and prints
one JSON line of rows as measure.py does. ``CARDCASE_BENCH_MESSAGES`` makes it smaller.
"""

import io
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from measure import Row, boot, row

COUNT = int(os.environ.get("CARDCASE_BENCH_MESSAGES", "1000000"))
START = datetime(2025, 1, 1, tzinfo=UTC)
EVERY = timedelta(seconds=60)
TALKS = 20_000
BATCH = 5000
ASKED, SLOWLY = 400, 40
"""Questions for the index and for the whole answer, and for what is slow beside it."""

OPENERS = ["老板", "你好", "亲", "卖家", "那个", "请问", "麻烦", "我说", "哎", "喂", "", "", "", ""]
THINGS = [
    "苹果卡",
    "京东卡",
    "这张卡",
    "卡密",
    "余额",
    "充值卡",
    "礼品卡",
    "订单",
    "截图",
    "密码",
    "Steam卡",
    "沃尔玛卡",
    "面额",
    "链接",
    "兑换码",
]
MATTERS = [
    "充不进去", "充了三次都不行", "显示无效", "已经被兑换了", "余额只有一半", "没收到", "发错了", "过期了", "不想要了", "能退吗",
    "怎么退款", "申请退款了", "什么时候到账", "便宜点吗", "还有货吗", "是真的吗", "看一下", "等了半天", "要投诉你", "给个差评",
    "收到了谢谢", "换一张行不行", "补个差价", "再发一次", "绑定不了", "提示错误", "锁区了", "买错了", "拍错了", "用不了啊",
]  # fmt: skip
ENDINGS = ["啊", "呀", "呢", "吧", "了", "哦", "！", "？", "。", "…", "😡", "👍", "🙏", "~", "", "", ""]
LETTERS = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么"
    "去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又"
    "关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海"
    "通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管"
    "期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北"
)


def message(dice: random.Random) -> str:
    """Make up one message: a matter or two, or somebody's own words."""
    luck = dice.random()
    if luck < 0.12:
        return dice.choice(["在吗", "好的", "嗯嗯", "拍了", "谢谢", "？", "收到", "1", "在的", "好", "ok", "👌"])
    parts = []
    if luck < 0.7:
        parts.append(dice.choice(OPENERS) + dice.choice(THINGS) + dice.choice(MATTERS) + dice.choice(ENDINGS))
    if luck > 0.45:  # the curve of a language: few characters make most of it
        parts.append(
            "".join(
                LETTERS[min(int(dice.paretovariate(0.6)) - 1, 9999) % len(LETTERS)] for _ in range(dice.randint(3, 18))
            )
        )
    if luck > 0.85:
        parts.append(str(dice.randint(1, 99999)))
    dice.shuffle(parts)
    return "".join(parts)


def questions(dice: random.Random, texts: Sequence[str], count: int) -> list[str]:
    """Take pieces of the texts, one to eight characters long, and every eighth time characters that may stand nowhere."""
    found = []
    while len(found) < count:
        length = dice.choice([1, 2, 2, 2, 3, 4, 4, 6, 8])
        text = dice.choice(texts)
        start = dice.randrange(max(1, len(text) - length + 1))
        piece = text[start : start + length]
        if len(found) % 8 == 7:
            piece = "".join(dice.choices(LETTERS[:120], k=dice.choice([2, 3])))
        found.append(piece)
    return found


def fill(actor: Any, texts: Sequence[str]) -> float:
    """Write conversations, messages and the index; return the seconds that the index took."""
    from django.db import connection, transaction

    from cardcase.inbox.models import Conversation, Message, NewMessage, insert_messages
    from cardcase.search import service
    from cardcase.search.rules import Kind

    Conversation.objects.add_all(
        [
            Conversation(
                shop_id=actor.shop_id,
                public_id=f"conv_{number:07d}",
                channel="goofish",
                external_id=f"{number}@goofish",
            )
            for number in range(TALKS)
        ]
    )
    talks = list(Conversation.objects.order_by("pk").values_list("pk", flat=True))
    taken = 0.0
    assert Message.objects.count() == 0
    for start in range(0, len(texts), BATCH):
        rows = [
            NewMessage(
                shop_id=actor.shop_id,
                public_id=f"msg_{start + place:09d}",
                conversation_id=talks[(start + place) % TALKS],
                external_id=str(start + place),
                speaker="buyer" if place % 3 else "seller",
                kind="text",
                event="",
                sender_name="",
                text=text,
                original_sealed=None,
                said_at=START + EVERY * (start + place),
                received_at=START,
                source_file="",
                source_sha256="",
                source_row=None,
            )
            for place, text in enumerate(texts[start : start + BATCH])
        ]
        with transaction.atomic():
            keys = insert_messages(rows)
            began = time.perf_counter()
            said = [(key, one.said_at, one.text) for key, one in zip(keys, rows, strict=True)]
            service.add_rows(actor.shop_id, Kind.MESSAGE, said)
            taken += time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")
    return taken


def fill_beside(texts: Sequence[str]) -> Callable[[str], list[int]] | None:
    """Write the same folded texts into a plain table and a trigram index; return how the trigrams are asked."""
    from django.db import connection, transaction

    from cardcase.search.rules import fold

    rows = [(number, fold(text)) for number, text in enumerate(texts, 1)]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_plain (id bigint PRIMARY KEY, folded text)")
        if connection.vendor == "sqlite":
            cursor.execute("CREATE VIRTUAL TABLE bench_trigram USING fts5(folded, content='', tokenize='trigram')")
            with transaction.atomic():
                cursor.executemany("INSERT INTO bench_plain VALUES (%s, %s)", rows)
                cursor.executemany("INSERT INTO bench_trigram (rowid, folded) VALUES (%s, %s)", rows)
            sql = "SELECT rowid FROM bench_trigram WHERE bench_trigram MATCH %s ORDER BY rowid DESC LIMIT 21"
            return lambda term: _ask(sql, ['"' + term.replace('"', '""') + '"'])
        with transaction.atomic():
            cursor.execute(
                "INSERT INTO bench_plain SELECT * FROM unnest(%s::bigint[], %s::text[])",
                [*map(list, zip(*rows, strict=True))],
            )
        try:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except Exception:  # noqa: BLE001 - without the extension there is nothing to compare with
            return None
        cursor.execute("CREATE TABLE bench_trigram AS SELECT * FROM bench_plain")
        cursor.execute("CREATE INDEX ON bench_trigram USING gin (folded gin_trgm_ops)")
        cursor.execute("CREATE INDEX ON bench_trigram (id)")
        cursor.execute("VACUUM ANALYZE bench_trigram")
        cursor.execute("VACUUM ANALYZE bench_plain")
    sql = "SELECT id FROM bench_trigram WHERE folded LIKE %s ORDER BY id DESC LIMIT 21"
    return lambda term: _ask(sql, [_like(term)])


def like(term: str) -> list[int]:
    """Ask as one would without an index."""
    from django.db import connection

    escape = " ESCAPE '\\'" if connection.vendor == "sqlite" else ""
    return _ask(f"SELECT id FROM bench_plain WHERE folded LIKE %s{escape} ORDER BY id DESC LIMIT 21", [_like(term)])


def _like(term: str) -> str:
    return "%" + term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _ask(sql: str, values: list[Any]) -> list[int]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [number for (number,) in cursor.fetchall()]


def times(ask: Callable[[Any], Any], asked: Sequence[Any]) -> tuple[float, float]:
    """Return the middle and the 95th of a hundred of the milliseconds that questions take, one after the other."""
    taken = []
    for one in asked:
        began = time.perf_counter()
        ask(one)
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return taken[len(taken) // 2], taken[int(len(taken) * 0.95)]


def measure(goal: float) -> Row:
    """Fill and measure the database of this process; ``goal``: milliseconds of the 95th."""
    actor = boot()
    from django.db import connection

    from cardcase.desk.queries.finding import Asked, find
    from cardcase.search import engine
    from cardcase.search.rules import ask, fold, read, span

    dice = random.Random(20261130)
    texts = [message(dice) for _ in range(COUNT)]
    taken = fill(actor, texts)
    trigram = fill_beside(texts)
    asked = [one for words in questions(dice, texts, ASKED + 20) if (one := ask(words)) and len(one.terms) == 1][:ASKED]
    everything = span(things=False)
    newest = [one.terms[0] for one in asked[:SLOWLY]]

    def look(one: Any) -> list[int]:
        return engine.look(actor.shop_id, one, everything, limit=21)

    times(look, asked[:50])
    ours = times(look, asked)
    now = START + EVERY * COUNT
    whole = times(lambda one: find(actor, Asked(words=f'"{one.terms[0]}"'), now=now), asked)
    plain = times(like, newest)
    grams = times(trigram, newest) if trigram else (0.0, 0.0)
    folded = [fold(text) for text in texts]
    wanted = got = right = by_grams = 0
    for one in asked[:SLOWLY]:
        truth = [number for number in range(COUNT, 0, -1) if one.terms[0] in folded[number - 1]]
        answer = [read(number).pk for number in engine.look(actor.shop_id, one, everything, limit=COUNT)]
        wanted, got, right = wanted + len(truth), got + len(answer), right + len(set(truth) & set(answer))
        by_grams += len(truth[:21]) == len(trigram(one.terms[0])) if trigram else 0
        assert [read(number).pk for number in look(one)] == answer[:21], one
    name = "SQLite" if connection.vendor == "sqlite" else "PostgreSQL"
    beside_grams = (
        f"trigrams {grams[0]:.1f}/{grams[1]:.1f} ms, right in {by_grams} of {SLOWLY}" if trigram else "no pg_trgm here"
    )
    return row(
        f"Search of 1–8 characters in {COUNT:,} messages, {name}",
        f"p50/p95 {ours[0]:.2f}/{ours[1]:.1f} ms; rows read, ranked and marked {whole[0]:.1f}/{whole[1]:.1f} ms; "
        f"recall {right / max(wanted, 1):.2f}, precision {right / max(got, 1):.2f}",
        f"p95 ≤ {goal:.0f} ms, recall and precision 1.00",
        f"LIKE {plain[0]:.1f}/{plain[1]:.0f} ms; {beside_grams}; indexing {COUNT / taken:,.0f}/s",
        met=ours[1] <= goal and right == wanted == got,
    )


def search_million() -> list[Row]:
    """Measure both databases."""
    rows = [measure(10)]
    command = [sys.executable, "scripts/postgres.py", "--", sys.executable, __file__, "postgresql"]
    with_postgres = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    if with_postgres.returncode:
        sys.exit(f"PostgreSQL failed:\n{with_postgres.stdout}\n{with_postgres.stderr}")
    return [*rows, json.loads(with_postgres.stdout.splitlines()[-1])]


if __name__ == "__main__":
    out = io.TextIOWrapper(os.fdopen(os.dup(1), "wb"), encoding="utf-8")
    told = measure(20) if sys.argv[1] == "postgresql" else search_million()
    print(json.dumps(told, ensure_ascii=False), file=out, flush=True)
