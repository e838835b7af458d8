"""What counts as a consent in a chat: the rule on its own, and the hearing of what buyers said."""

from datetime import timedelta

import pytest

from cardcase.custody import queries as custody
from cardcase.delivery import queries, service
from cardcase.delivery.models import Terms
from cardcase.delivery.queries.consents import load
from cardcase.delivery.rules.consent import Said, Stance, answers, read
from cardcase.kit.catalogue import BrokenCatalogue
from delivery.world import KIND, agreed, code, given, orders, stock

YES = (
    "好的", "好", "同意", "我同意", "OK", "ok", "Ok。", "ＯＫ", "okay", "知道了同意", "知道了，同意", "知道了 同意！", "好的，同意", "好的好的",
    "好的👌", "好的~", "好的～～", "好的……", " 好的\n", "好的！！！", "好的[微笑]", "好的[OK]", "好的👍🏻", "同意✅", "我已阅读并同意", "「同意」",
    "已阅读，同意", "好滴", "好嘞", "没问题", "可以", "Yes.", "I agree", "i agree!", "Agreed", "同意\u200b", "OK的", "我同意以上须知。",
)  # fmt: skip
NO = (
    "不同意", "我不同意", "不同意！", "不好", "不行", "不", "好吧算了", "算了", "不要了", "不接受", "No", "I don't agree", "I don’t agree",
    "不同意，这是霸王条款", "我不同意，退款", "撤回同意", "取消同意", "不\u200b同意", "不　同意",
)  # fmt: skip
OTHER = (
    "同意吗?", "同意吗？", "好的？", "好的?", "OK?", "好的❓", "不同意吗？", "同意⁉", "好的,但是…", "好的，但是我要先看", "好的 不过能退吗", "同意才怪",
    "不太同意", "好的吧", "好吧", "嗯", "嗯嗯", "收到", "知道了", "哦", "1", "好的1", "👌", "👍", "[OK]", "", "   ", "。。。", "好的👎", "同意❌",
    "好的🙅‍♀️", "好的[不同意]", "好的[炸弹]", "同̶意̶", "没同意", "没有同意", "谁同意了", "如果不同意", "不好意思", "不好意思，同意", "好的不同意", "同意不了",
    "同意个鬼", "同意同意同意", "οκ", "ok?ok", "好的" + "。" * 80, "好的。卡密发我", "好的，谢谢", "什么须知", "\U000e0041好的", "同意" * 200,
)  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "stance"),
    [(text, Stance.YES) for text in YES]
    + [(text, Stance.NO) for text in NO]
    + [(text, Stance.OTHER) for text in OTHER],
)
def test_a_reply_is_a_consent_only_when_it_says_that_and_nothing_else(reply, stance):
    assert read(reply, load()) is stance


def test_words_of_one_moment_keep_their_order(noon):
    said = [Said("b", "不同意", noon), Said("a", "同意", noon), Said("c", "在吗", noon - timedelta(hours=1))]
    assert [(one.message_id, stance) for one, stance in answers(said, load())] == [("b", Stance.NO), ("a", Stance.YES)]


def test_a_shop_adds_its_own_phrases_and_a_broken_file_is_named(tmp_path):
    own = tmp_path / "consents.toml"
    head = '[catalogue]\nid = "x"\nversion = "1"\nsource = "own"\ncertainty = "J"\n'
    own.write_text(head + '[[consent]]\nid = "one"\nphrases = ["1"]\n')
    assert read("1", load(own, 1)) is Stance.YES
    assert read("好的", load(own, 1)) is Stance.YES
    own.write_text(head + '[[consent]]\nid = "one"\nphrase = ["1"]\n')
    with pytest.raises(BrokenCatalogue):
        load(own, 2)


# --- Hearing ----------------------------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(system, noon):
    return orders(system, 1, noon)[0]


@pytest.fixture
def talk(system, order, noon):
    """Let the buyer say things, each some minutes after the terms were shown, and hear all of them a day later."""
    service.show_terms(system, order, how="chat", at=noon)

    def hearing(*said):
        told = [Said(f"m{minute}-{text}", text, noon + timedelta(minutes=minute)) for minute, text in said]
        return service.hear(system, {order.pk: told}, at=noon + timedelta(days=1))

    return hearing


def kinds(actor, order):
    return [item.kind for item in custody.history(actor, [order.public_id])]


def test_the_buyers_yes_is_kept_with_words_message_and_time(system, order, talk, noon):
    assert talk((-5, "好的"), (1, "在吗"), (3, "好的👌"), (4, "同意")) == 1
    state = queries.terms_of(system, order.pk)
    assert (state.how, state.words, state.answered_at) == ("chat", "好的👌", noon + timedelta(minutes=3))
    assert Terms.objects.visible_to(system).get(order=order).message_id == "m3-好的👌"


def test_the_same_chat_again_changes_nothing(system, order, talk):
    said = ((1, "不同意"), (3, "同意"), (5, "不同意"), (9, "好的"))
    assert talk(*said) == 3
    before = (kinds(system, order), queries.terms_of(system, order.pk))
    assert talk(*said) == 0
    assert (kinds(system, order), queries.terms_of(system, order.pk)) == before


def test_a_later_yes_counts_after_a_first_no(system, order, talk):
    assert talk((1, "不同意")) == 0
    assert not queries.terms_of(system, order.pk).is_open
    assert talk((1, "不同意"), (2, "同意")) == 1
    assert queries.terms_of(system, order.pk).words == "同意"


def test_a_consent_that_is_taken_back_closes_the_terms_and_is_on_record(owner, system, order, talk, noon):
    stock(system, 1, noon)
    view = service.allocate(system, order.order_no, KIND, 1, at=noon)
    talk((3, "好的"))
    assert not queries.delivery(owner, view.public_id).stops
    assert talk((3, "好的"), (7, "不同意，太霸道了")) == 1
    state = queries.terms_of(system, order.pk)
    assert (state.is_open, state.withdrawn_words) == (False, "不同意，太霸道了")
    assert queries.delivery(owner, view.public_id).stops
    assert kinds(system, order)[-1] == "delivery.terms_withdrawn"
    kept = Terms.objects.visible_to(system).filter(order=order, answered_at__isnull=False).get()
    assert kept.words == "好的"


def test_words_said_before_the_consent_was_taken_back_are_no_new_consent(system, order, talk, noon):
    talk((3, "好的"), (7, "不同意"))
    assert talk((5, "同意")) == 0
    assert not queries.terms_of(system, order.pk).is_open
    assert talk((8, "同意")) == 1


def test_at_one_moment_the_order_of_the_chat_decides(system, order, talk):
    assert talk((3, "好的"), (3, "不同意")) == 2
    assert talk((3, "好的"), (3, "不同意")) == 0
    assert not queries.terms_of(system, order.pk).is_open


def test_a_no_of_the_same_moment_before_the_yes_takes_nothing_back(system, order, talk):
    assert talk((3, "不同意"), (3, "好的")) == 1
    assert talk((3, "不同意"), (3, "好的")) == 0
    assert queries.terms_of(system, order.pk).is_open


def test_what_the_owner_waived_is_closed_by_the_buyers_no(owner, system, order, talk, noon):
    service.waive_terms(owner, order, reason="老客户", at=noon)
    assert talk((3, "我不同意")) == 1
    assert not queries.terms_of(system, order.pk).is_open


@pytest.mark.django_db(transaction=True)
def test_once_the_code_has_left_nothing_is_taken_back(owner, system, noon):
    stock(system, 1, noon)
    [order] = orders(system, 1, noon)
    view = given(system, order, noon)
    service.authorise(owner, view.public_id, to="buyer", how="chat", reason="发货", at=noon)
    said = [Said("m1", "不同意", noon + timedelta(minutes=1))]
    assert service.hear(system, {order.pk: said}, at=noon + timedelta(hours=1)) == 0
    assert queries.terms_of(system, order.pk).is_open
    assert order.pk not in queries.orders_to_hear(system, [order.pk])


def test_without_terms_nothing_is_heard_and_no_code_is_kept(system, order, noon):
    said = [Said("m1", "好的", noon)]
    assert service.hear(system, {order.pk: said}, at=noon) == 0
    agreed(system, order, noon)
    no = [Said("m2", f"不同意 {code(1)}", noon + timedelta(minutes=1))]
    assert service.hear(system, {order.pk: no}, at=noon + timedelta(hours=1)) == 1
    assert code(1) not in queries.terms_of(system, order.pk).withdrawn_words


def test_words_from_the_future_wait(system, order, noon):
    service.show_terms(system, order, how="chat", at=noon)
    said = [Said("m1", "好的", noon + timedelta(hours=2))]
    assert service.hear(system, {order.pk: said}, at=noon + timedelta(hours=1)) == 0
