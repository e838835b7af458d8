"""Signatures of 闲管家: the vectors of the documents, the window, and everything that must not pass."""

from datetime import UTC, datetime, timedelta

import pytest

from cardcase.connectors.goofish import signing

KEY = "203413189371893"
SECRET = "o9wl81dncmvby3ijpq7eur456zhgtaxs"
BODY = b'{"product_id":"219530767978565"}'
AT = 1636087298
SIGNATURE = "c26c8a48809141f3dd80bd9b9ddb41ea"
NOW = datetime.fromtimestamp(AT, UTC)


def believed(*, body=BODY, secret=SECRET, now=NOW, key=KEY, seller_id=None, **query):
    query = {"appid": KEY, "timestamp": str(AT), "sign": SIGNATURE} | query
    return signing.verify(app_key=key, secret=secret, body=body, query=query, now=now, seller_id=seller_id)


def test_the_vector_for_self_developed_apps():
    assert signing.body_md5(BODY) == "2608f2139cca8755cabf25209251e549"
    assert signing.sign(KEY, SECRET, BODY, AT) == SIGNATURE


def test_the_vector_for_business_partners():
    assert signing.sign(KEY, SECRET, BODY, AT, seller_id=KEY) == "f31947b7a10b9c266a1115d11d334780"


def test_the_vector_of_the_supply_interface():
    signature = signing.sign_supply(
        "677859093659717", "wK63PxlOBaY9NoqMksLeZySzGIW25ifA", b'{"goods_type":1,"goods_no":"12344532"}', 1724414553,
        mch_id="1001", mch_secret=SECRET,
    )  # fmt: skip
    assert signature == "fda5954f48ab32b3b271c84450440ead"


@pytest.mark.parametrize(
    ("body", "md5"), [(b"{}", "99914b932bd37a50b983c5e7c90ae93b"), (b"", "d41d8cd98f00b204e9800998ecf8427e")]
)
def test_an_empty_body_is_hashed_as_it_is_sent(body, md5):
    assert signing.body_md5(body) == md5


@pytest.mark.parametrize("seconds", [-300, -1, 0, 299, 300])
def test_a_push_inside_the_window_is_believed(seconds):
    assert believed(now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-301, 301, 86400])
def test_a_push_outside_the_window_is_not_believed(seconds):
    assert not believed(now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "query",
    [
        {"sign": ""}, {"sign": SIGNATURE[:-1]}, {"sign": SIGNATURE + "0"}, {"sign": SIGNATURE.upper()}, {"sign": "0" * 32},
        {"sign": SIGNATURE + "\n"}, {"timestamp": ""}, {"timestamp": f"{AT}.0"}, {"timestamp": f"-{AT}"}, {"timestamp": f"{AT + 1}"},
        {"timestamp": "１６３６０８７２９８"}, {"timestamp": "1e9"}, {"appid": "1"},
    ],
)  # fmt: skip
def test_a_push_with_anything_changed_is_not_believed(query):
    assert not believed(**query)


def test_a_body_written_anew_is_not_the_body_that_was_signed():
    assert not believed(body=b'{"product_id": "219530767978565"}')


def test_an_empty_secret_or_key_believes_nothing():
    signature = signing.sign(KEY, "", BODY, AT)
    assert not believed(secret="", sign=signature)
    assert not believed(key="")


def test_another_shops_secret_does_not_fit():
    assert not believed(secret=SECRET[::-1])


def test_a_partners_push_needs_the_sellers_id():
    signature = signing.sign(KEY, SECRET, BODY, AT, seller_id=88)
    assert believed(sign=signature, seller_id="88")
    assert not believed(sign=signature, seller_id="89")
    assert not believed(sign=signature)
    assert believed(seller_id="")


def test_a_replay_has_the_key_of_the_first():
    first = signing.replay_key(str(AT), BODY, SIGNATURE)
    assert first == signing.replay_key(str(AT), BODY, SIGNATURE)
    assert first != signing.replay_key(str(AT), BODY + b" ", SIGNATURE)
