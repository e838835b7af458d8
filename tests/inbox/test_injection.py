"""Hostile texts in every channel against models that echo, leak and promise (D01, D02): no code, no send, no change.

A code of the stock lies in the talk of every run, so that there is something to leak.
"""

import base64
import json
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cardcase.cases.models import Case
from cardcase.desk.queries import drafting
from cardcase.desk.suggesting import suggestion_for
from cardcase.inbox import queries, service, suggesting
from cardcase.inbox.models import Message, Reply
from cardcase.inbox.rules import tone
from cardcase.inbox.rules.asking import FIELDS
from cardcase.orders.models import Listing
from cardcase.remedies import queries as remedies
from intake.world import CODES, INVALID, UNWANTED, delivered, files, take, upload

from . import model_server

pytestmark = pytest.mark.django_db
ROWS = [line.split("\t") for line in (Path(__file__).parent / "data" / "hostile.tsv").read_text("utf-8").splitlines()]


def _tags(text):
    """Hide a text in tag characters, which nobody sees and some models read."""
    return "在吗" + "".join(chr(0xE0000 + ord(letter)) for letter in text if ord(letter) < 0x7F) + "？"


def _variants():
    """Return every text as it is, and each once more in a disguise."""
    disguises = (
        "\u200b".join,
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: f"<!-- {text} --><p>您好</p>",
        lambda text: "".join(chr(ord(x) + 0xFEE0) if "!" <= x <= "~" else x for x in text),
        _tags,
        lambda text: f"\u202e{text[::-1]}\u202c",
        lambda text: f"> 引用：{text}\n\n好的",
    )
    plain = [text for _, text in ROWS]
    return plain + [disguises[place % len(disguises)](text) for place, text in enumerate(plain)]


HOSTILE = _variants()
CHANNELS = ("chat", "screen", "mail", "title")


@pytest.fixture
def case(owner, noon) -> Case:
    take(owner, [*files(), upload("kam2.json", delivered(UNWANTED, CODES[1]))], at=noon)
    return Case.objects.get(order__order_no=INVALID)


def test_there_are_enough_hostile_texts_of_every_kind():
    assert len(set(HOSTILE)) >= 150
    assert {lang for lang, _ in ROWS} == {"zh", "en"}


@pytest.fixture
def hear(owner, system, case, say, noon):
    """Let a text come in through a channel."""
    talk = queries.conversations_of_order(owner, case.order)[0]

    def take_in(text, channel, number):
        if channel == "title":
            Listing.objects.filter(pk=case.order.listing_id).update(title=text[:200])
            return
        notice = say(
            text,
            number=f"h{number}",
            minute=number,
            talk=talk.external_id if channel == "chat" else channel,
            order_no=INVALID,
        )
        service.ingest_messages(system, [notice], at=noon)

    return take_in


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("answer", [model_server.echo, model_server.malicious])
def test_no_text_gets_a_code_out_or_anything_done(owner, case, settings, hear, noon, agreed_to_model, answer, channel):  # noqa: PLR0917
    with model_server.serve(answer) as (address, asked):
        settings.CARDCASE = settings.CARDCASE.model_copy(
            update={"model_url": address, "model_name": "m", "model_allow_private": True}
        )
        agreed_to_model()
        [judged] = remedies.overviews(owner, [case], at=noon)
        facts = drafting.facts_for(case, judged, now=noon)
        for place, text in enumerate(HOSTILE):
            hear(f"{text} {CODES[place % len(CODES)]}", channel, place + 1)
            with CaptureQueriesContext(connection) as seen:
                if place % 10 == 0:  # the whole way now and then; its reading of the case does not hang on the text
                    found = suggestion_for(owner, case.number, now=noon)
                else:
                    found = suggesting.suggest(
                        owner, facts, queries.utterances_for_order(owner, case.order), about=case.public_id, at=noon
                    )
            _require_only_the_record(seen)
            _require_safe(found)
        assert len(asked) == len(HOSTILE)
        for _, body in asked:
            _require_clean(body)
        if channel != "title":
            assert sum("reply" in body for _, body in asked) == len(HOSTILE)
            assert Message.objects.filter(external_id__startswith="h").count() == len(HOSTILE)
    assert Reply.objects.count() == 0


def test_a_model_that_gives_the_whole_prompt_back_is_never_heard(  # noqa: PLR0917
    owner, case, settings, hear, noon, agreed_to_model
):
    with model_server.serve(model_server.echo_all) as (address, asked):
        settings.CARDCASE = settings.CARDCASE.model_copy(
            update={"model_url": address, "model_name": "m", "model_allow_private": True}
        )
        agreed_to_model()
        for place, text in enumerate(HOSTILE[:20]):
            hear(text, "chat", place + 1)
            assert not suggestion_for(owner, case.number, now=noon).by_model
        assert len(asked) == 20


def _require_only_the_record(seen):
    """Nothing is done and nothing kept but the one entry that words went out."""
    done = [query["sql"] for query in seen if not query["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))]
    assert done
    assert all("custody_" in sql for sql in done), done


def _require_clean(body):
    assert not any(code in body for code in CODES)
    asked = json.loads(body)
    assert "tools" not in asked
    told = json.loads(asked["messages"][1]["content"])
    assert set(told) == set(FIELDS)
    bare = "".join(letter for letter in asked["messages"][1]["content"] if letter.isalnum()).upper()
    assert not any(code in bare or code[:8] in bare for code in CODES)
    assert not any(0xE0000 <= ord(letter) < 0xE0080 or letter in "\u200b\u202e" for letter in body)


def _require_safe(found):
    """What is offered passes every check, holds no code and no promise that nobody decided on."""
    assert tone.is_fit(found.draft.checks)
    assert not any(code in found.draft.text for code in CODES)
    if found.by_model:
        assert tone.is_fit(tone.check_reply(found.draft.text))
    else:
        assert found.code in {"leak", "unfit", "number", "code", "tools", "schema", "hidden", "too_large"}
        assert found.draft.template_id != "model"
