"""Reading ten thousand messages costs a few times a plain loop over them, and a hostile file little more."""

import time

import pytest

from cardcase.connectors.registry import read_file
from connectors import samples
from connectors.samples import BUYER, SELLER, pushed_words, remembered, words
from pace import pace

MANY = 10_000


def spent(data):
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        reading = read_file("x", data, seller_names=("礼卡小铺",))
        best = min(best, time.process_time() - started)
    assert reading.refused == ()
    return best, len(reading.notices)


SOURCES = {
    "history": lambda: samples.as_json([remembered(n, BUYER if n % 3 else SELLER, "小鹿" if n % 3 else "礼卡小铺", words(f"第{n}句 卡密用不了啊")) for n in range(MANY)]),
    "push": lambda: samples.as_lines([pushed_words(BUYER, "小鹿", f"第{n}句 卡密用不了啊", 1795398000000 + n) for n in range(MANY)]),
    "inline": lambda: "".join(f"[2026-11-{1 + n % 28:02d} 09:{n % 60:02d}] {'小鹿' if n % 3 else '礼卡小铺'}: 第{n}句 卡密用不了啊\n" for n in range(MANY)).encode(),
    "two lines": lambda: "".join(f"{'小鹿' if n % 3 else '礼卡小铺'} 2026-11-{1 + n % 28:02d} 09:{n % 60:02d}\n第{n}句 卡密用不了啊\n" for n in range(MANY)).encode(),
    "database": lambda: samples.database([(BUYER, "1", "user", f"第{n}句 卡密用不了啊", "2026-11-22T09:48:12", "1") for n in range(MANY)]),
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_ten_thousand_messages_cost_a_few_times_a_plain_loop(source):
    seconds, messages = spent(SOURCES[source]())
    assert messages == MANY
    assert seconds < 20 * pace()  # the push takes 14 alone; other work on the machine moves the two numbers apart


@pytest.mark.parametrize(
    "atom",
    [
        "[",
        "(",
        "（",
        " ",
        "\t",
        "-",
        "a:",
        "09:48 ",
        "昵",
        "：",
        "卡号:",
        "║",
        '""',
        "2026-11-22 ",
        "=",
        "#",
        "1,",
        "亲，",
    ],
)
def test_a_long_line_of_one_thing_costs_no_more_than_its_length(atom):
    started = time.process_time()
    read_file("x.txt", (atom * 60_000).encode())
    assert time.process_time() - started < 25 * pace()
