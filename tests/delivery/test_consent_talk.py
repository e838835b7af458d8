"""Whether a reply answers the terms or something else the seller asked: as a table, and what a person is then shown."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from cardcase.custody import queries as custody
from cardcase.delivery import queries, service
from cardcase.delivery.models import Terms
from cardcase.delivery.queries.consents import load
from cardcase.delivery.rules.consent import Doubt, Said, Stance, doubt_of, read
from cardcase.staff.models import Staff
from delivery.world import KIND, code, orders, stock

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
TERMS = "卡密属于一经查看即可使用的数字商品，查看后无法收回，非卡密本身的问题不支持无理由退换；有问题请第一时间联系我们。\n\n面值不符包退。"
OLD = "这是我们从前的须知：卡密发出后概不退换，拍下即视为同意，买前请想清楚。"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def talk(*lines):
    """Turn (minute, who, words) into what was said; who is s for the seller and b for the buyer."""
    return [
        Said(f"m{place}", words, NOON + timedelta(minutes=minute), is_seller=who == "s")
        for place, (minute, who, words) in enumerate(lines)
    ]


YES_TALKS = {
    "nothing between": [(1, "b", "好的")],
    "the terms stand in the chat": [(-1, "s", TERMS), (1, "b", "好的")],
    "a question before the terms": [(-2, "s", "要几张？"), (-1, "s", TERMS), (1, "b", "好的")],
    "a question, the terms again": [(1, "s", "充哪个号？"), (2, "s", TERMS), (3, "b", "好的")],
    "the same terms twice": [(-1, "s", TERMS), (5, "s", TERMS), (6, "b", "好的")],
    "the terms cut in two": [(-1, "s", TERMS[:40]), (0, "s", TERMS[40:]), (1, "b", "可以")],
    "the terms in a longer message": [(0, "s", f"亲，发货前请看：{TERMS} 同意请回复。"), (1, "b", "OK")],
    "a greeting": [(1, "s", "在的"), (2, "s", "请回复「同意」"), (3, "b", "同意")],
    "the buyer asks first": [(1, "b", "多久发货"), (3, "b", "好的")],
    "it names the terms": [(1, "s", "充到哪个号？"), (2, "b", "我同意以上须知")],
    "it names them days later": [(3 * 24 * 60, "b", "同意须知")],
    "almost a day": [(24 * 60, "b", "好的")],
}
DOUBTS = {
    "another question": ([(1, "s", "充到哪个号？"), (2, "b", "好的")], Doubt.OTHER),
    "a request without a question mark": ([(1, "s", "把账号发我"), (2, "b", "好的")], Doubt.OTHER),
    "agree, but to what": ([(1, "s", "给您换一张行吗"), (2, "b", "同意")], Doubt.OTHER),
    "something told": ([(1, "s", "五分钟后发货"), (2, "b", "好的")], Doubt.OTHER),
    "two terms, the older ones last": ([(-1, "s", TERMS), (1, "s", OLD), (2, "b", "好的")], Doubt.OTHER),
    "a question in the very same minute": ([(1, "s", "退款行吗？"), (1, "b", "好的")], Doubt.OTHER),
    "a question behind the terms, noted late": (
        [(-3, "s", TERMS), (-2, "s", "要几张？"), (1, "b", "好的")],
        Doubt.OTHER,
    ),
    "one greeting, one question": ([(1, "s", "亲"), (2, "s", "先付差价可以吗"), (3, "b", "可以")], Doubt.OTHER),
    "a short piece is not the terms": ([(1, "s", "不支持退换"), (2, "b", "好的")], Doubt.OTHER),
    "more than a day": ([(24 * 60 + 1, "b", "好的")], Doubt.LATE),
}


@pytest.mark.parametrize("said", YES_TALKS.values(), ids=YES_TALKS)
def test_a_yes_counts_when_the_terms_were_the_last_thing_asked(said):
    lines = talk(*said)
    reply = lines[-1]
    assert read(reply.text, load()) is Stance.YES
    assert doubt_of(reply, lines, TERMS, NOON, load(), is_in_chat=True) is None


@pytest.mark.parametrize(("said", "doubt"), DOUBTS.values(), ids=DOUBTS)
def test_a_yes_to_something_else_is_for_a_person(said, doubt):
    lines = talk(*said)
    reply = lines[-1]
    assert read(reply.text, load()) is Stance.YES
    assert doubt_of(reply, lines, TERMS, NOON, load(), is_in_chat=True) is doubt


@pytest.mark.parametrize(
    "words",
    [
        "不好",
        "好的吧?",
        "好的吧",
        "「充哪个号」好的",
        "> 充哪个号？\n好的",
        "[引用]要几张 好的",
        "好的？",
        "不太好",
        "好不好",
    ],
)
def test_what_is_no_yes_by_itself_never_comes_to_be_weighed(words):
    assert read(words, load()) is not Stance.YES


def test_terms_that_stood_on_the_claim_page_only_are_not_agreed_to_in_the_chat():
    lines = talk((1, "b", "好的"))
    assert doubt_of(lines[0], lines, TERMS, NOON, load(), is_in_chat=False) is Doubt.ELSEWHERE
    sent = talk((1, "s", TERMS), (2, "b", "好的"))
    assert doubt_of(sent[1], sent, TERMS, NOON, load(), is_in_chat=False) is None


# --- What a person is shown -------------------------------------------------------------------------------------------


@pytest.fixture
def order(db, system):
    return orders(system, 1, NOON)[0]


@pytest.fixture
def hear(system, order):
    service.show_terms(system, order, how="chat", at=NOON)

    def hearing(*said):
        return service.hear(system, {order.pk: talk(*said)}, at=NOON + timedelta(days=1))

    return hearing


def kinds(actor, order):
    return [item.kind for item in custody.history(actor, [order.public_id])]


def test_an_unclear_yes_opens_nothing_and_is_told_once(system, order, hear):
    said = ((1, "s", "充哪个号？"), (2, "b", "好的"))
    assert hear(*said) == 0
    assert hear(*said) == 0
    state = queries.terms_of(system, order.pk)
    assert (state.is_open, state.unclear_words, state.unclear_why) == (False, "好的", Doubt.OTHER)
    assert kinds(system, order).count("delivery.terms_unclear") == 1
    assert [(one.order_no, one.words) for one in queries.unclear_consents(system)] == [(order.order_no, "好的")]


def test_a_clear_yes_later_counts_and_ends_the_asking(system, order, hear):
    said = [(1, "s", "充哪个号？"), (2, "b", "好的")]
    hear(*said)
    text = queries.terms_text(system, order).text
    assert hear(*said, (5, "s", text), (6, "b", "同意")) == 1
    state = queries.terms_of(system, order.pk)
    assert (state.is_open, state.words, state.unclear_at) == (True, "同意", None)
    assert queries.unclear_consents(system) == []


def test_a_person_reads_it_on_the_page_and_notes_the_words(agent, system, order, hear):
    stock(system, 1, NOON)
    view = service.allocate(system, order.order_no, KIND, 1, at=NOON)
    hear((1, "s", "充哪个号？"), (2, "b", "好的"))
    client, url = Client(), f"/deliveries/{view.public_id}/"
    client.force_login(Staff.objects.get(pk=agent.staff_id), BACKEND)
    assert "说「好的」，是同意须知吗" in client.get(url).content.decode()
    assert url in client.get("/deliveries/").content.decode()
    assert "要人看一眼" in client.get("/deliveries/").content.decode()
    client.post(f"{url}consent/", {"reason": "好的"})
    assert queries.terms_of(agent, order.pk).how == "staff"
    assert "要人看一眼" not in client.get("/deliveries/").content.decode()


def test_a_no_takes_a_consent_back_whatever_was_asked_before(system, order, hear):
    assert hear((1, "b", "好的")) == 1
    assert hear((1, "b", "好的"), (2, "s", "充哪个号？"), (3, "b", "不同意")) == 1
    assert not queries.terms_of(system, order.pk).is_open


def test_no_code_is_kept_of_what_is_unclear(system, order, hear, monkeypatch):
    stock(system, 2, NOON)
    row = Terms.objects.get()
    service.terms.note_unclear(
        system, order, row, "late_answer"[:4], words=f"好的 {code(1)}", said_at=NOON, message_id="m", at=NOON
    )
    assert code(1) not in Terms.objects.get().unclear_words


def test_the_first_sentence_follows_the_form_of_the_cards(system, order):
    from delivery.parcels_world import boxed

    told = queries.terms_text(system, order)
    assert told.text.startswith("卡密属于")
    assert told.wording.startswith("code@")
    from cardcase.orders.models import Order

    view = boxed(system, NOON + timedelta(hours=1), 1)
    boxed_order = Order.objects.get(pk=view.order_id)
    told = queries.terms_text(system, boxed_order)
    assert told.text.startswith("实体卡寄出前")
    row = service.show_terms(system, boxed_order, how="chat", at=NOON)
    assert (row.text, row.wording) == (told.text, told.wording)
    [shown] = [one for one in custody.history(system, [boxed_order.public_id]) if one.kind == "delivery.terms_shown"]
    assert shown.facts["wording"] == told.wording


def test_a_shops_own_sentence_takes_the_place_of_one_form_only(tmp_path):
    from cardcase.delivery.queries import wording

    own = tmp_path / "terms.toml"
    head = '[catalogue]\nid = "x"\nversion = "1"\nsource = "own"\ncertainty = "J"\n'
    own.write_text(head + '[[wording]]\nid = "physical"\ntext = "拆封即视为使用。"\n')
    found = wording.load(own, 1)
    assert found["physical"].text == "拆封即视为使用。"
    assert found["code"].text == wording.load()["code"].text
