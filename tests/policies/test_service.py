"""Publishing policies, finding the one an order was bought under, and a shop's own rules."""

import os
from datetime import UTC, date, datetime, timedelta

import pytest

from cardcase.custody import queries as custody
from cardcase.kit.errors import NotAllowed, NotFound, Refused, WrongUse
from cardcase.policies import queries, service

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)

OWN_RULES = """
[catalogue]
id = "rules"
version = "1"
source = "the shop's own reading of the App, 2026-11-20"
certainty = "L"

[[deadline]]
id = "D6"
kind = "platform_response"
trigger = "refund_applied"
allowance = "PT24H"
title_zh = "普通商品回应时限"
title_en = "Ordinary goods"
text_zh = "App 显示 24 小时。"
text_en = "The App shows 24 hours."
"""


def test_versions_count_up_and_an_order_keeps_the_one_under_which_it_was_paid(owner, noon):
    first = service.publish(owner, "售后政策", "未兑换七日内可退。", effective_from=noon, at=noon)
    second = service.publish(owner, "售后政策", "未兑换三日内可退。", effective_from=noon + 2 * DAY, at=noon)
    assert (first.version, second.version) == (1, 2)
    assert service.version_for(owner, noon - DAY) is None
    assert service.version_for(owner, noon) == first
    assert service.version_for(owner, noon + DAY) == first
    assert service.version_for(owner, noon + 2 * DAY) == second
    assert service.version_for(owner, None) is None
    assert queries.policy_versions(owner) == [second, first]


def test_a_publication_is_in_the_record(owner, noon):
    service.publish(owner, "售后政策", "未兑换七日内可退。", effective_from=noon, at=noon)
    [entry] = custody.history(owner, [f"policy_{owner.shop_id}-1"])
    assert (entry.kind, entry.facts["version"], entry.facts["title"]) == ("policy.published", 1, "售后政策")


def test_a_policy_never_reaches_back_nor_before_one_already_published(owner, noon):
    with pytest.raises(Refused, match="过去"):
        service.publish(owner, "售后政策", "正文", effective_from=noon - DAY, at=noon)
    service.publish(owner, "售后政策", "正文", effective_from=noon + 5 * DAY, at=noon)
    with pytest.raises(Refused) as refused:
        service.publish(owner, "售后政策", "正文", effective_from=noon + DAY, at=noon)
    assert refused.value.problem_code == "policy_out_of_order"


def test_a_policy_needs_its_words_and_somebody_who_may(owner, agent, noon):
    with pytest.raises(WrongUse):
        service.publish(owner, " ", "正文", effective_from=noon, at=noon)
    with pytest.raises(NotAllowed):
        service.publish(agent, "售后政策", "正文", effective_from=noon, at=noon)


def test_another_shops_policy_is_not_ours(owner, stranger, noon):
    service.publish(stranger, "别家政策", "正文", effective_from=noon, at=noon)
    assert service.version_for(owner, noon) is None
    assert service.publish(owner, "本店政策", "正文", effective_from=noon, at=noon).version == 1


def test_a_rule_is_found_by_id_as_it_stood_on_a_day(owner):
    assert queries.rule(owner, "D1", TODAY).allowance == timedelta(hours=72)
    assert queries.rule(owner, "L21", TODAY).id == "L21"
    with pytest.raises(NotFound):
        queries.rule(owner, "L21", date(2026, 8, 31))
    with pytest.raises(NotFound):
        queries.rule(owner, "D99", TODAY)
    assert "L11" not in {rule.id for rule in queries.rules_on(owner, date(2025, 4, 30))}
    assert "L11" in {rule.id for rule in queries.rules_on(owner, date(2025, 5, 1))}


def test_a_shops_own_rule_replaces_the_shipped_one_for_that_shop_only(owner, stranger, shop, data):
    folder = data / "overrides" / shop.slug
    folder.mkdir(parents=True)
    (folder / "rules.toml").write_text(OWN_RULES, "utf-8")
    own = queries.rule(owner, "D6", TODAY)
    assert (own.allowance, own.certainty.value) == (timedelta(hours=24), "L")
    assert queries.rule(stranger, "D6", TODAY).allowance is None
    assert queries.rule(owner, "D1", TODAY).allowance == timedelta(hours=72)


def test_a_changed_override_is_read_again_without_a_restart(owner, shop, data):
    folder = data / "overrides" / shop.slug
    folder.mkdir(parents=True)
    file = folder / "rules.toml"
    file.write_text(OWN_RULES, "utf-8")
    assert queries.rule(owner, "D6", TODAY).allowance == timedelta(hours=24)
    file.write_text(OWN_RULES.replace("PT24H", "PT36H"), "utf-8")
    later = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    os.utime(file, (later, later))
    assert queries.rule(owner, "D6", TODAY).allowance == timedelta(hours=36)


def test_a_playbook_is_found_by_sub_reason_and_no_reason_means_unstated(agent):
    assert queries.playbook(agent, "A2").next_step.zh == "下一步：比对兑换与交付时间"
    assert queries.playbook(agent, "").id == "unstated"
    assert queries.playbook(agent, "unstated").next_step.zh == "请先问一句"
    with pytest.raises(NotFound):
        queries.playbook(agent, "Z9")


def test_the_today_list_gets_all_next_steps_at_once(agent, django_assert_num_queries):
    with django_assert_num_queries(0):
        steps = queries.next_steps(agent)
    assert steps["V1"].zh == "下一步：核对余额截图"


def test_every_data_file_is_checked_at_start_and_a_broken_one_is_named(shop, data):
    queries.check_data()
    folder = data / "overrides" / shop.slug
    folder.mkdir(parents=True)
    (folder / "playbooks.toml").write_text("[catalogue]\nid = 3\n", "utf-8")
    with pytest.raises(Exception, match=r"playbooks\.toml"):
        queries.check_data()
