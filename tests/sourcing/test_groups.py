"""Flags that say the same thing, put together: one decision of a person, one step and record entry for each flag."""

import json

import pytest
from click.testing import CliRunner
from django.test import Client

from cardcase.cards.models import CardBatch
from cardcase.custody import queries as ledger
from cardcase.kit.errors import NotAllowed, NotFound, Refused, WrongUse
from cardcase.project.cli import cli
from cardcase.sourcing import present, queries, service
from cardcase.sourcing.models import FlagEvent, RiskFlag
from cardcase.sourcing.queries import NO_SUPPLIER
from cardcase.sourcing.service import LotTold
from cardcase.staff import service as staff
from cardcase.staff.models import Staff
from cardcase.staff.rules import Role
from evidence.world import World

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
RULE = "J-no-identity"


@pytest.fixture
def world(shop, owner, system, noon):
    return World(shop, owner, system, noon)


@pytest.fixture
def lots(world, owner, noon):
    """Give three batches of one supplier and one of another, each flagged because nobody knows who the supplier is."""
    made = [CardBatch.objects.get(pk=world.stock()[0].batch_id) for _ in range(4)]
    service.set_lot(owner, made[3].public_id, LotTold(supplier="福礼汇"), at=noon)
    for lot, total in zip(made, (100_000, 200_000, 300_000, 999_000), strict=True):
        service.set_lot(owner, lot.public_id, LotTold(total_fen=total), at=noon)
        service.evaluate_batch(owner, lot.public_id, at=noon)
    return made


@pytest.fixture
def client(owner):
    client = Client()
    client.force_login(Staff.objects.get(pk=owner.staff_id), BACKEND)
    return client


def group_of(actor, lot):
    lot.refresh_from_db()
    [group] = queries.flag_groups(actor, rule=RULE, supplier=lot.supplier.public_id)
    return group


def marks(group):
    return {one.public_id: one.mark for one in group.members}


def test_open_flags_of_one_rule_and_one_supplier_are_one_group_with_its_money(owner, lots):
    group = group_of(owner, lots[0])
    assert [one.subject for one in group.members] == [lot.public_id for lot in reversed(lots[:3])]
    assert (group.fen, group.unpriced, group.supplier_name) == (600_000, 0, "官方旗舰店")
    assert set(group.lots) == {lot.name for lot in lots[:3]}
    assert len(group_of(owner, lots[3]).members) == 1


def test_the_group_with_the_newest_flag_comes_first(owner, lots, noon):
    first = RiskFlag.objects.get(rule=RULE, subject=lots[0].public_id)
    RiskFlag.objects.exclude(pk=first.pk).update(changed_at=noon.replace(hour=1))
    group = queries.flag_groups(owner)[0]
    assert (group.rule, group.newest_at, group.members[0].public_id) == (RULE, noon, first.public_id)


def test_an_order_stands_under_the_supplier_of_its_card_and_one_without_a_card_under_none(world, owner, noon):
    [card] = world.stock()
    sold = world.order(card=card)
    bare = world.order()
    for order in (sold, bare):
        service.note_signal(owner, order.public_id, "off_platform", at=noon)
    found = {
        member.subject: (group.supplier, member.fen)
        for group in queries.flag_groups(owner)
        for member in group.members
        if member.subject_kind == "order"
    }
    assert found[sold.public_id] == (card.batch.supplier.public_id, 19300)
    assert found[bare.public_id] == (NO_SUPPLIER, 19300)


def test_one_decision_is_recorded_for_each_flag_of_the_chosen(owner, lots, noon):
    group = group_of(owner, lots[0])
    kept, *chosen = marks(group).items()
    service.decide_flags(owner, dict(chosen), "accept", reason="老供应商", at=noon)
    for public_id, _ in chosen:
        flag = RiskFlag.objects.get(public_id=public_id)
        assert (flag.state, flag.reason, flag.decided_by) == ("accepted", "老供应商", owner.label)
        assert FlagEvent.objects.filter(flag=flag, event="accept", reason="老供应商").count() == 1
        [entry] = [one for one in ledger.history(owner, [public_id]) if one.kind == "flag.decided"]
        assert entry.facts["together"] == 2
    assert list(marks(group_of(owner, lots[0]))) == [kept[0]]


def test_nothing_is_decided_when_one_of_them_changed_since_it_was_seen(owner, lots, noon):
    seen = marks(group_of(owner, lots[0]))
    RiskFlag.objects.filter(rule=RULE, subject=lots[1].public_id).update(facts_sha256="0" * 64)
    with pytest.raises(Refused, match="1 条"):
        service.decide_flags(owner, seen, "clear", reason="看过", at=noon)
    assert len(group_of(owner, lots[0]).members) == 3


def test_nothing_is_decided_twice_when_two_people_look_at_one_group(owner, lots, noon):
    seen = marks(group_of(owner, lots[0]))
    [first, *_] = seen
    service.decide_flag(owner, first, "clear", reason="核对过", at=noon)
    with pytest.raises(Refused) as refused:
        service.decide_flags(owner, seen, "accept", reason="接受", at=noon)
    assert refused.value.problem_code == "flags_changed"
    assert RiskFlag.objects.get(public_id=first).state == "cleared"
    assert RiskFlag.objects.filter(public_id__in=seen, state="open").count() == 2


def test_stopping_a_group_sets_every_batch_of_it_aside_and_no_other(owner, lots, noon):
    service.decide_flags(owner, marks(group_of(owner, lots[0])), "stop", reason="货源不明", at=noon)
    assert [CardBatch.objects.get(pk=lot.pk).is_quarantined for lot in lots] == [True, True, True, False]


def test_an_agent_decides_nothing_a_lead_may_only_stop(owner, lead, agent, lots, noon):
    seen = marks(group_of(owner, lots[0]))
    for who, decision in ((agent, "stop"), (lead, "clear"), (lead, "accept")):
        with pytest.raises(NotAllowed):
            service.decide_flags(who, seen, decision, reason="x", at=noon)
    assert service.decide_flags(lead, seen, "stop", reason="x", at=noon)


def test_what_is_not_there_not_chosen_or_too_much_is_refused(owner, stranger, lots, noon):
    seen = marks(group_of(owner, lots[0]))
    with pytest.raises(NotFound):
        service.decide_flags(stranger, seen, "clear", reason="x", at=noon)
    with pytest.raises(NotFound):
        service.decide_flags(owner, {**seen, "flag_x": ""}, "clear", reason="x", at=noon)
    with pytest.raises(WrongUse, match="没有选提示"):
        service.decide_flags(owner, {}, "clear", reason="x", at=noon)
    with pytest.raises(WrongUse, match="501"):
        service.decide_flags(owner, {f"flag_{n}": "" for n in range(501)}, "clear", reason="x", at=noon)
    assert RiskFlag.objects.filter(public_id__in=seen, state="open").count() == 3


def test_the_page_lists_groups_and_one_post_decides_the_ticked(client, owner, lots):
    page = client.get("/flags/").content.decode()
    assert "3 条" in page
    assert "涉及 ¥6000.00" in page
    group = group_of(owner, lots[0])
    url = present.group_url(group)
    inside = client.get(url).content.decode()
    values = [f"{one.public_id}:{one.mark}" for one in group.members]
    assert all(f'value="{value}" checked' in inside for value in values)
    data = {"flags": values[:2], "supplier": group.supplier, "decision": "accept", "reason": "老供应商"}
    answer = client.post("/flags/decide/", data)
    assert answer.headers["Location"] == url  # one is left there
    answer = client.post("/flags/decide/", {**data, "flags": values[2:]})
    assert answer.headers["Location"] == "/flags/"
    assert "没有需要核对的提示" in client.get(url).content.decode()
    assert client.get("/flags/?state=all").content.decode().count("老供应商") == 3


def test_a_group_longer_than_its_ticks_is_decided_whole(client, owner, lots, monkeypatch):
    monkeypatch.setattr(present.groups, "TICKED", 2)
    group = group_of(owner, lots[0])
    page = client.get(present.group_url(group)).content.decode()
    assert "还有 1 条" in page
    assert page.count('type="checkbox" name="flags"') == 2
    assert page.count('type="hidden" name="flags"') == 3


def test_an_agent_sees_the_group_and_no_form(agent, owner, lots):
    client = Client()
    client.force_login(Staff.objects.get(pk=agent.staff_id), BACKEND)
    page = client.get(present.group_url(group_of(owner, lots[0]))).content.decode()
    assert "决定由主管或店主来写" in page
    assert "flags/decide" not in page


def test_the_api_reads_groups_and_decides_by_the_marks(client, owner, lots, noon):
    found = client.get("/api/v1/sourcing/flag-groups").json()["groups"]
    [group] = [one for one in found if one["rule"] == RULE and len(one["flags"]) == 3]
    wish = {"flags": {one["id"]: one["mark"] for one in group["flags"]}, "decision": "clear", "reason": "核对过"}
    token = staff.create_token(owner, label="脚本", role=Role.OWNER, at=noon).plain

    def decide(key):
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        body = json.dumps(wish)
        url = "/api/v1/sourcing/flags/decide"
        return Client().post(url, body, content_type="application/json", headers=headers)

    assert [one["state"] for one in decide("first").json()["decided"]] == ["cleared"] * 3
    again = decide("second")
    assert (again.status_code, again.json()["code"]) == (409, "flags_changed")


def test_the_command_decides_a_group_only_as_it_was_listed(owner, lots):
    def run(*words):
        return CliRunner().invoke(cli, ["flag", *words])

    rows = [line.split("\t") for line in run("groups").output.splitlines()]
    [(name, seen, *_)] = [row for row in rows if row[0].startswith(RULE) and row[2] == "3 条"]
    words = ("decide", "--group", name, "--decision", "accept", "--reason", "老供应商")
    assert run(*words, "--seen", "0" * 16).exit_code == 2
    assert run("decide", "--decision", "accept", "--reason", "x").exit_code == 2
    assert run(*words, "--seen", seen).output.count("accepted") == 3
    [left] = RiskFlag.objects.filter(rule=RULE, state="open")
    assert "cleared" in run("decide", left.public_id, "--decision", "clear", "--reason", "x").output
