from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcase.inbox.rules import drafts
from cardcase.inbox.rules.drafts import DraftFacts, Step, compose, templates
from cardcase.inbox.rules.tone import MOST, check_reply
from cardcase.kit.catalogue import BrokenCatalogue
from cardcase.kit.text import Text
from cardcase.triage.rules import reasons

KNOWN = {
    "brand": "苹果充值卡",
    "tail4": "K4RT",
    "face_fen": 20000,
    "amount_fen": 19300,
    "paid_fen": 19300,
    "balance_fen": 15550,
    "expires_on": date(2027, 11, 24),
    "asks": (Text("买家整屏录屏", "a full-screen recording"), Text("官方客服答复", "the issuer's answer")),
    "due": Text("今天 20:00", "20:00 today"),
    "nonce": "7K2M",
    "ticket": "20261124",
    "policy": "售后政策 3",
}
SUBS = ["", *reasons.SUB_REASONS]


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
@pytest.mark.parametrize("step", list(Step))
def test_every_reason_has_a_fit_reply_for_every_step_with_and_without_facts(step, lang):
    for sub in SUBS:
        for facts in ({}, KNOWN):
            draft = compose(DraftFacts(sub_reason=sub, step=step, seed="AS-2026-000123", lang=lang, **facts))
            assert draft.text, (sub, step)
            assert draft.is_fit, (sub, step, [check for check in draft.checks if not check.ok])
            assert "{" not in draft.text


def test_every_template_passes_every_check_when_filled():
    for record in templates().values():
        for lang, texts in (("zh-hans", record.zh), ("en", record.en)):
            values = drafts.values_of(DraftFacts(lang=lang, **KNOWN))
            for text in texts:
                said = text.format(**values)
                failed = [check.code for check in check_reply(said) if not check.ok]
                assert failed == [], (record.id, said)
                assert len(said) <= MOST


def test_a_missing_fact_leaves_no_blank_but_asks():
    asked = compose(DraftFacts(sub_reason="V1", step=Step.OFFER_PARTIAL, seed="x"))
    assert "余额" in asked.text
    assert "¥" not in asked.text
    told = compose(DraftFacts(sub_reason="V1", step=Step.OFFER_PARTIAL, seed="x", amount_fen=4450, balance_fen=15550))
    assert "¥44.50" in told.text
    assert "¥155.50" in told.text


def test_the_nearest_template_wins():
    assert compose(DraftFacts(sub_reason="A1", step=Step.ASK_EVIDENCE)).template_id.startswith("a1.")
    assert compose(DraftFacts(sub_reason="A4", step=Step.OFFER_FULL)).template_id.startswith("authenticity.")
    assert compose(DraftFacts(sub_reason="A4", step=Step.SETTLED)).template_id.startswith("any.")
    assert compose(DraftFacts(step=Step.ASK_EVIDENCE)).template_id.startswith("any.")


def test_the_same_facts_give_the_same_words_and_the_next_turn_others():
    facts = DraftFacts(sub_reason="O5", step=Step.CLARIFY, seed="AS-2026-000001")
    assert compose(facts) == compose(facts)
    texts = {compose(DraftFacts(step=Step.CLARIFY, seed="AS-2026-000001", turn=turn)).text for turn in range(2)}
    assert len(texts) == 2


def test_words_from_outside_cannot_make_a_reply_unfit():
    draft = compose(DraftFacts(sub_reason="A1", step=Step.WAIT_ISSUER, ticket="XJ7K-9Q2M-PL4T-88ZA", due=KNOWN["due"]))
    assert draft.is_fit
    assert "XJ7K" not in draft.text
    draft = compose(DraftFacts(sub_reason="A5", step=Step.ASK_EVIDENCE, brand="加微信领{amount}", seed="b"))
    assert draft.is_fit


@given(st.text(max_size=40), st.text(max_size=20), st.sampled_from(SUBS), st.sampled_from(list(Step)))
@settings(max_examples=150)
def test_any_facts_give_a_reply(brand, seed, sub, step):
    draft = compose(DraftFacts(sub_reason=sub, step=step, seed=seed, brand=brand, ticket=brand))
    assert draft.text
    assert draft.template_id


def test_a_shops_own_wording_lies_over_ours(tmp_path):
    (tmp_path / "templates.toml").write_text(
        '[catalogue]\nid = "own"\nversion = "1"\nsource = "the shop"\ncertainty = "J"\n'
        '[[template]]\nid = "any.settled"\nreasons = ["any"]\nstep = "settled"\n'
        'zh = ["办好啦，谢谢您。"]\nen = ["Done, thank you."]\n',
        "utf-8",
    )
    assert compose(DraftFacts(step=Step.SETTLED), overrides=tmp_path).text == "办好啦，谢谢您。"


@pytest.mark.parametrize(
    "row",
    [
        'reasons = ["Z9"]\nstep = "settled"\nzh = ["好"]\nen = ["ok"]',
        'reasons = ["any"]\nstep = "dance"\nzh = ["好"]\nen = ["ok"]',
        'reasons = ["any"]\nstep = "settled"\nzh = ["{unknown}"]\nen = ["ok"]',
        'reasons = ["any"]\nstep = "settled"\nzh = ["{amount}"]\nen = ["{amount}"]',
        'reasons = ["any"]\nstep = "settled"\nzh = ["好", "行"]\nen = ["ok"]',
    ],
)
def test_a_broken_template_is_refused(tmp_path, row):
    head = '[catalogue]\nid = "own"\nversion = "1"\nsource = "the shop"\ncertainty = "J"\n'
    (tmp_path / "templates.toml").write_text(f'{head}[[template]]\nid = "own.bad"\n{row}\n', "utf-8")
    with pytest.raises(BrokenCatalogue):
        templates(tmp_path)
