import pytest

from cardcase.cards import masking


@pytest.mark.parametrize("code", ["xmqoufvf3mlykemd", "xpjuxecaukoyv0wf", "xisfkwqzbgrjt0pa"])
def test_a_code_typed_small_with_a_single_number_is_masked_before_it_is_known(owner, code):
    [masked] = masking.mask_texts(owner, [f"我输的是 {code} 一直说无效"])
    assert masked.had_code
    assert code not in masked.text


@pytest.mark.parametrize(
    "text", ["我手机是iphone15promax 充不进去", "用的 redmi-note-12 手机", "订单 3310145690545023994 帮我看看"]
)
def test_products_and_order_numbers_stay_readable(owner, text):
    [masked] = masking.mask_texts(owner, [text])
    assert masked.text == text
