"""Every verb that writes words keeps the index in step: making it anew afterwards finds nothing to put right."""

from datetime import timedelta

import pytest
from django.db import transaction

from cardcase.cases import service as cases
from cardcase.cases.models import Case, Note
from cardcase.desk.queries.finding import Asked, find
from cardcase.inbox import service as inbox
from cardcase.inbox.models import Message
from cardcase.intake import service as intake
from cardcase.orders.models import Buyer
from cardcase.privacy import queries as privacy_queries
from cardcase.privacy import service as privacy
from cardcase.privacy.rules import MARK
from cardcase.search import engine, queries, service
from cardcase.search.models import Building
from cardcase.search.rules import ask
from cardcase.search.sources import REMOVED, SOURCES
from cardcase.staff.rules import Actor
from intake.world import INVALID, UNWANTED, files, order_row, orders_csv, said, upload
from privacy.conftest import AT, LATER, NICK, WORDS, data, world  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db(transaction=True)


def found(actor, words, **asked) -> list[str]:
    answer = find(actor, Asked(words=words, **asked), now=AT, limit=50)
    return [f"{hit.found.kind.name}:{hit.found.text}" for hit in (*answer.things, *answer.said)]


def put_right(owner) -> int:
    return service.rebuild(owner)


def test_imports_notes_replies_and_moves_leave_nothing_to_put_right(owner, noon):
    intake.import_files(owner, files(), at=noon)
    case = Case.objects.get(order__order_no=INVALID)
    cases.add_note(owner, case.number, "电话里说周五前处理完", at=noon)
    inbox.save_reply(owner, case.number, "亲，我们在查这张卡", at=noon)
    inbox.save_reply(owner, case.number, "亲，查到了，马上给您换", at=noon)
    cases.snooze(owner, case.number, noon + timedelta(hours=2), "等发卡方回信", revision=_revision(case), at=noon)
    assert engine.numbers(after=-1, limit=10_000)
    assert put_right(owner) == 0
    assert any("周五前" in one for one in found(owner, "周五前"))
    assert found(owner, "我们在查这张卡") == []
    assert any(one.startswith("REPLY") for one in found(owner, "马上给您换"))
    assert any(one.startswith("CASE") for one in found(owner, "发卡方回信"))
    assert any(one.startswith("CASE") for one in found(owner, case.number))
    assert any(one.startswith("ORDER") for one in found(owner, INVALID))
    assert any(one.startswith("BUYER") for one in found(owner, "云朵"))
    assert any(one.startswith("LISTING") for one in found(owner, "蘋果充值"))


def _revision(case) -> int:
    case.refresh_from_db()
    return case.revision


def test_what_is_told_anew_is_found_by_its_new_words_only(owner, noon):
    intake.import_files(
        owner, [upload("a.csv", orders_csv(order_row(UNWANTED, nick="旧名字", refund="不想要了")))], at=noon
    )
    later = orders_csv(order_row(UNWANTED, nick="新名字", refund="卡密无效"))
    intake.import_files(owner, [upload("b.csv", later)], at=noon + timedelta(days=1))
    names = set(Buyer.objects.filter(shop_id=owner.shop_id).values_list("nick", flat=True))
    for name in ("旧名字", "新名字"):
        assert any(one.startswith("BUYER") for one in found(owner, name)) == (name in names)
    assert put_right(owner) == 0


def test_the_same_file_again_leaves_every_message_once(owner, noon):
    chat = upload("chat.json", said("50000001", "2201", "云朵", "退款退款", "😡 𠮷"))
    for _ in range(2):
        intake.import_files(owner, [chat], at=noon)
    assert len([one for one in found(owner, "退款") if one.startswith("MESSAGE")]) == 1
    assert len(found(owner, "𠮷")) == 1
    assert put_right(owner) == 0


def test_a_transaction_that_is_rolled_back_leaves_nothing_to_be_found(owner, noon):
    intake.import_files(owner, files(), at=noon)
    case = Case.objects.get(order__order_no=INVALID)
    with transaction.atomic():
        cases.add_note(owner, case.number, "独一无二的备注", at=noon)
        assert found(owner, "独一无二")
        transaction.set_rollback(True)
    assert found(owner, "独一无二") == []


# ---- buyers who are erased -------------------------------------------------------------------------------------------


def test_the_mark_of_what_was_removed_is_the_same_for_both_rooms():
    assert REMOVED == MARK


def test_a_restricted_buyer_is_found_no_more_and_is_found_again_when_it_is_lifted(world):  # noqa: F811
    service.rebuild(world.actor)
    before = found(world.actor, WORDS[0][:6])
    assert before
    world.close()
    privacy.restrict(world.actor, NICK, ground="buyer_request", at=LATER)
    for words in (WORDS[0][:6], WORDS[1][-4:], NICK, "小周", "难缠", "已移除", "removed"):
        assert found(world.actor, words) == [], words
    assert put_right(world.actor) == 0
    privacy.lift(world.actor, f"buyer_{world.buyer.pk}", reason="买家又来了", at=LATER)
    assert found(world.actor, WORDS[0][:6]) == before
    assert put_right(world.actor) == 0


def test_an_erased_buyer_is_gone_from_the_index_with_the_rows(world):  # noqa: F811
    service.rebuild(world.actor)
    world.close()
    plan = privacy_queries.plan(world.actor, NICK)
    privacy.erase(world.actor, NICK, ground="retention_over", confirmation=plan.phrase.zh, stamp=plan.stamp, at=LATER)
    for words in (WORDS[0][:6], WORDS[1][-4:], NICK, "小周", "难缠", "已移除"):
        assert found(world.actor, words) == [], words
    assert any(one.startswith("ORDER") for one in found(world.actor, INVALID)), "books stay"
    assert put_right(world.actor) == 0


# ---- making it anew --------------------------------------------------------------------------------------------------


@pytest.fixture
def filled(owner, noon):
    intake.import_files(owner, files(), at=noon)
    chat = said("50000009", "2209", "晚风", *(f"第{number}句话退款" for number in range(60)))
    intake.import_files(owner, [upload("long.json", chat)], at=noon)
    return sorted(engine.numbers(after=-1, limit=10_000))


def test_an_index_from_nothing_is_the_one_that_was_kept_in_step(owner, filled):
    steps = []
    assert service.rebuild(owner, from_nothing=True, step=lambda *told: steps.append(told)) == len(filled)
    assert sorted(engine.numbers(after=-1, limit=10_000)) == filled
    assert {label for _, _, label in steps} >= {source.label for source in SOURCES.values()}
    assert all(done <= total for done, total, _ in steps)
    assert queries.is_complete(owner)


def test_what_is_missing_wrong_or_left_over_is_put_right(owner, filled):
    engine.remove(filled[:5])
    Message.objects.filter(text__startswith="第3句").update(text="悄悄改过的话")
    Note.objects.bulk_create(
        Note(shop_id=owner.shop_id, case=case, text="没有登记的备注", by="x", at=AT) for case in Case.objects.all()[:1]
    )
    engine.write(
        [engine.Entry(engine_number, owner.shop_id, "没有这一行") for engine_number in (999_999, (5 << 33) | 3)]
    )
    assert service.rebuild(owner) >= 9
    assert service.rebuild(owner) == 0
    assert found(owner, "没有这一行") == []
    assert found(owner, "没有登记的备注")
    assert found(owner, "悄悄改过")


def test_killed_half_way_it_says_so_and_goes_on_where_it_stood(owner, filled, monkeypatch):
    monkeypatch.setattr("cardcase.search.service.building.BATCH", 7)
    steps = []

    def kill(done, total, label):
        steps.append((done, label))
        if len(steps) == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        service.rebuild(owner, from_nothing=True, step=kill)
    half = engine.numbers(after=-1, limit=10_000)
    assert 0 < len(half) < len(filled)
    assert not queries.is_complete(owner)
    assert not find(owner, Asked(words="退款"), now=AT).is_complete
    more = []
    service.rebuild(owner, step=lambda *told: more.append(told))
    assert more[0][0] >= steps[-2][0] > 0, "not from the beginning"
    assert sorted(engine.numbers(after=-1, limit=10_000)) == filled
    assert queries.is_complete(owner)


def test_what_is_written_while_it_is_being_made_is_there_once(owner, filled, noon, monkeypatch):
    monkeypatch.setattr("cardcase.search.service.building.BATCH", 7)
    case = Case.objects.get(order__order_no=INVALID)

    def write(done, total, label):
        if label == "inbox.Message" and done < total:
            cases.add_note(owner, case.number, f"写于第{done}条", at=noon)

    service.rebuild(owner, from_nothing=True, step=write)
    notes = Note.objects.filter(text__startswith="写于").count()
    assert notes > 3
    assert len(found(owner, "写于第")) == notes
    assert service.rebuild(owner) == 0


def test_another_way_of_folding_is_noticed_and_caught_up_with(owner, filled):
    service.rebuild(owner)
    assert service.catch_up(Actor.system(0)) == 0
    Building.objects.update(folding="older")
    assert not queries.is_complete(owner)
    engine.remove(filled[:3])
    assert service.catch_up(Actor.system(0)) == 3
    assert queries.is_complete(owner)
    assert ask("退款")


def test_only_the_owner_makes_it_anew(agent):
    from cardcase.kit.errors import NotAllowed

    with pytest.raises(NotAllowed):
        service.rebuild(agent)
