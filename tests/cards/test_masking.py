import time

import pytest

from cardcase.cards import masking, service
from cardcase.connectors.ports import CardNotice
from cardcase.kit.secret import CardCode
from pace import pace

pytestmark = pytest.mark.django_db

MIXED, LETTERS, DIGITS, SIGNS = "K7QM-92XF-LP3D-8WZA", "HJKLMNPQRSTV", "10001187654321234567", "zX#9!kQ-77"


@pytest.fixture
def stocked(system, noon):
    cards = [CardNotice(code=CardCode(code)) for code in (MIXED, LETTERS, DIGITS, SIGNS)]
    cards += [CardNotice(code=CardCode("482913"), number="2336880011223344")]
    service.stock(system, cards, batch="一批", at=noon)
    return system


def one(actor, text):
    return masking.mask_text(actor, text)


@pytest.mark.parametrize(
    "text",
    [
        f"卡密是{MIXED}，请查收",
        "k7qm92xflp3d8wza",
        "K7QM 92XF LP3D 8WZA",
        "K7QM\n92XF\nLP3D\n8WZA",
        "Ｋ７ＱＭ－９２ＸＦ－ＬＰ３Ｄ－８ＷＺＡ",
        "K7QM\u200b-92XF-LP3D-8WZA",
        f"https://example.com/redeem?code={MIXED}",
        f"发你了{LETTERS}用吧",
        f"给你 {DIGITS} 自己充",
        f"这个（{SIGNS}）",
    ],
)
def test_a_code_of_the_stock_is_masked_however_it_is_written(stocked, text):
    masked = one(stocked, text)
    assert masked.had_code
    assert len(masked.card_ids) == 1
    bare = "".join(letter for letter in masked.text.upper() if letter.isascii() and letter.isalnum())
    for code in (MIXED, LETTERS, DIGITS, SIGNS):
        assert CardCode(code).normal_form() not in bare


def test_the_last_four_stay_readable(stocked):
    assert one(stocked, f"卡密：{MIXED} 谢谢").text == "卡密：‥8WZA 谢谢"


def test_a_pin_is_masked_beside_its_card_number_and_the_number_with_it(stocked):
    masked = one(stocked, "2336880011223344 和 482913 是这张卡的")
    assert masked.text == "‥3344 和 ‥ 是这张卡的"
    assert one(stocked, "尾款 482913 元").text == "尾款 482913 元"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("兑换码：ABCDEF", "兑换码：‥"),
        ("密码:838291", "密码:‥"),
        ("密码是 A1B2C3D4", "密码是 ‥C3D4"),
        ("卡密：1234 5678 9012 3456 已发", "卡密：‥3456 已发"),
        ("这是 XK39-PL20-MM18-77QZ 哦", "这是 ‥77QZ 哦"),
        ("5A3F 77C1 09BE D21A", "‥D21A"),
        ("1234-5678-9012-3456", "‥3456"),
        ("code X4GH8KQ2PLM9", "code ‥PLM9"),
        ("Xbox ABCDE-12345-FGHIJ-67890-KLMNO 好了", "Xbox ‥LMNO 好了"),
    ],
)
def test_what_looks_like_a_code_is_masked_though_nobody_knows_it(system, text, masked):
    found = one(system, text)
    assert found.text == masked
    assert found.had_code
    assert found.card_ids == ()


@pytest.mark.parametrize(
    "text",
    [
        "订单号 2226690000000000123",
        "订单2226690000000000123456退款",
        "我电话13800138000",
        "2026-11-24 12:00 付款 193.00 元",
        "2026-11-24T12:00:00Z",
        "宝贝 812345678901 还在吗",
        "看这里 https://www.goofish.com/item?id=812345678901&spm=a21ybx",
        "iPhone15ProMax 能用吗",
        "SF1234567890123 查一下快递",
        "截图 IMG_20261124_120000.jpg",
        "发到 zhangsan12345@example.com",
        "密码错误，兑换码不对啊",
        "密码是多少",
        "面值1000元的卡 100张",
        "this is that then what",
        "",
    ],
)
def test_what_is_no_code_is_left_alone(stocked, text):
    assert one(stocked, text) == masking.Masked(text, had_code=False)


def test_a_masked_text_goes_through_again_unchanged(stocked):
    once = one(stocked, f"卡密：{MIXED}，另一个 XK39-PL20-MM18-77QZ").text
    assert one(stocked, once).text == once


def test_another_shop_does_not_learn_what_is_in_stock(stocked, stranger):
    assert one(stranger, f"发你了{LETTERS}用吧").text == f"发你了{LETTERS}用吧"


def test_ten_thousand_texts_cost_little_more_than_a_loop_and_a_few_queries(stocked, django_assert_max_num_queries):
    texts = [f"亲，这个卡我试了{i}次还是提示已被使用，订单 {2226690000000000000 + i}，怎么办呀" for i in range(9_000)]
    texts += [f"卡密 {MIXED} 第{i}次" for i in range(500)] + [f"AB{i:04d}CDEF{i:04d}" for i in range(500)]
    started = time.process_time()
    with django_assert_max_num_queries(60):
        masked = masking.mask_texts(stocked, texts)
    spent = time.process_time() - started
    assert sum(found.had_code for found in masked) == 1000
    assert spent < 30 * pace()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("亲 密码 8841 打开App添加", "亲 密码 ‥ 打开App添加"),  # a message of its own, after the one with the number
        ("密码8841", "密码‥"),
        ("密码：0O12", "密码：‥"),
        ("PIN 99321 祝使用愉快", "PIN ‥ 祝使用愉快"),
        ("卡密: SBUX7K2M9QF4WTZ1 密码 8841", "卡密: ‥WTZ1 密码 ‥"),
    ],
)
def test_a_short_pin_is_masked_where_it_is_called_one(system, text, masked):
    told = one(system, text)
    assert (told.text, told.had_code) == (masked, True)
    assert one(system, told.text).text == masked


@pytest.mark.parametrize(
    "text", ["密码错误", "密码是6位的吧", "密码 2026年改过", "输密码3次都不对", "密码 1234位的那种"]
)
def test_talk_about_a_pin_stays(system, text):
    assert one(system, text).text == text
