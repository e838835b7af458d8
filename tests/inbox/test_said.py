"""No courtesy twice in a conversation, no reply said again; what is left out leaves whole sentences."""

import pytest

from cardcase.inbox.rules import said
from cardcase.inbox.rules.drafts import DraftFacts, Form, Mood, Step, compose, templates, wordings
from cardcase.inbox.rules.tone import MOST
from cardcase.kit.text import Text
from cardcase.triage.rules import reasons

SUBS = list(reasons.SUB_REASONS)
TALK = [Step.ACKNOWLEDGE, Step.ASK_EVIDENCE, Step.REMIND, Step.EXPLAIN, Step.OFFER_PARTIAL, Step.DECLINE, Step.SETTLED]


def _texts():
    return [(record.id, text) for record in templates().values() for text in (*record.zh, *record.en)]


def test_every_courtesy_of_every_template_can_be_left_out():
    cut = 0
    for name, text in _texts():
        held = said.courtesies_in(text)
        if not held:
            continue
        cut += 1
        rest = said.without(text, held)
        assert rest[0] not in "，。！？,.!?;；", (name, rest)
        assert rest[-1] in "。？！.?!", (name, rest)
        assert not said.courtesies_in(rest), (name, rest)
        assert "，。" not in rest, (name, rest)
        assert len(rest) > 12, (name, rest)
    assert cut >= 30


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
@pytest.mark.parametrize("sub", SUBS)
def test_a_whole_conversation_repeats_no_courtesy_and_no_reply(sub, lang):
    before: list[str] = []
    for turn, step in enumerate(TALK):
        facts = DraftFacts(
            sub_reason=sub, step=step, seed="AS-2026-000123", turn=turn, lang=lang, mood=Mood.UPSET, said=tuple(before)
        )
        draft = compose(facts)
        assert draft.is_fit
        assert not draft.is_repeat, (step, draft.text)
        assert not said.courtesies_in(draft.text) & said.spent(before), (step, draft.text, before)
        assert said.likeness(draft.text, before) < said.ALIKE
        before.append(draft.text)


@pytest.mark.parametrize("sub", SUBS)
def test_asked_twice_it_is_said_in_other_words(sub):
    for step in Step:
        first = compose(DraftFacts(sub_reason=sub, step=step, seed="x"))
        again = compose(DraftFacts(sub_reason=sub, step=step, seed="x", said=(first.text,)))
        assert again.text != first.text, (sub, step)
        assert not again.is_repeat, (sub, step, first.text, again.text)


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
@pytest.mark.parametrize("sub", ["", *SUBS])
def test_every_step_can_be_said_in_several_ways(sub, lang):
    for step in Step:
        found = wordings(DraftFacts(sub_reason=sub, step=step, seed="x", lang=lang))
        assert len({one.text for one in found}) == len(found) >= 2, (sub, step)
        assert all(one.is_fit for one in found)


def test_what_cannot_be_said_otherwise_is_said_to_be_a_repetition(tmp_path):
    (tmp_path / "templates.toml").write_text(
        '[catalogue]\nid = "own"\nversion = "1"\nsource = "the shop"\ncertainty = "J"\n'
        '[[template]]\nid = "any.settled"\nreasons = ["any"]\nstep = "settled"\n'
        'zh = ["办好啦，谢谢您。"]\nen = ["Done, thank you."]\n',
        "utf-8",
    )
    draft = compose(DraftFacts(step=Step.SETTLED, said=("办好啦，谢谢您。",)), overrides=tmp_path)
    assert draft.text
    assert draft.is_repeat


def test_an_upset_buyer_is_met_before_the_matter_is_and_each_time_in_other_words():
    calm = compose(DraftFacts(sub_reason="A2", step=Step.ACKNOWLEDGE, seed="x"))
    first = compose(DraftFacts(sub_reason="A2", step=Step.ACKNOWLEDGE, seed="x", mood=Mood.UPSET))
    assert len(first.text) > len(calm.text)
    openers = [one.text.zh for one in said.openers()]
    [used] = [one for one in openers if one in first.text]
    second = compose(DraftFacts(sub_reason="A2", step=Step.EXPLAIN, seed="x", mood=Mood.UPSET, said=(first.text,)))
    assert used not in second.text
    result = compose(DraftFacts(sub_reason="A2", step=Step.OFFER_FULL, seed="x", mood=Mood.UPSET))
    assert not any(one in result.text for one in openers)  # a result needs no preface


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
@pytest.mark.parametrize("sub", SUBS)
def test_in_a_chat_a_reply_is_some_short_lines(sub, lang):
    for step in Step:
        facts = DraftFacts(sub_reason=sub, step=step, seed="x", lang=lang, form=Form.CHAT, said=("在的",))
        draft = compose(facts)
        lines = draft.text.split("\n")
        assert 1 <= len(lines) <= 6
        assert all(line.strip() for line in lines)
        assert len(draft.text) <= MOST
        assert draft.is_fit
        assert not lines[0].startswith(("您好", "Hello"))  # greeted already
    opened = compose(DraftFacts(sub_reason=sub, step=Step.ACKNOWLEDGE, seed="x", lang=lang, form=Form.CHAT))
    assert opened.text.startswith(("您好", "Hello"))


def test_what_was_filled_in_is_told_with_its_source_and_what_is_missing_with_the_way_to_it():
    facts = DraftFacts(
        sub_reason="V1",
        step=Step.OFFER_PARTIAL,
        amount_fen=4450,
        balance_fen=15550,
        sources={"balance": Text("11月22日查验", "check of 22 Nov")},
    )
    draft = compose(facts)
    told = {one.name: one for one in draft.filled}
    assert told.keys() == {"amount", "balance"}
    assert told["balance"].value in draft.text
    assert told["balance"].source == Text("11月22日查验", "check of 22 Nov")
    assert told["amount"].source is None
    assert draft.missing == ()
    bare = compose(DraftFacts(sub_reason="V1", step=Step.OFFER_PARTIAL))
    assert {one.name for one in bare.missing} == {"amount", "balance"}
    assert all(one.how.zh and one.how.en for one in bare.missing)
    assert "？" in bare.text or "告诉我" in bare.text  # the buyer is asked for what we do not know


@pytest.mark.parametrize(
    ("text", "used", "left"),
    [
        ("您好，实在抱歉，让您久等了。卡在查了。", {"apology.sorry"}, "您好，让您久等了。卡在查了。"),
        ("卡已停用，谢谢理解。", {"thanks.understanding"}, "卡已停用。"),
        ("您好，抱歉。", {"apology.sorry"}, "您好，抱歉。"),  # nothing else would remain
        ("Hello, I understand. Let me look.", {"comfort.understand"}, "Hello, let me look."),
    ],
)
def test_a_clause_goes_and_the_sentence_stays_whole(text, used, left):
    assert said.without(text, frozenset(used)) == left
