"""Buyers' words go to a model only where the owner has typed his consent to it, and the record says each time."""

import hashlib
import json

import pytest

from cardcase.cases import service as cases
from cardcase.custody import queries as custody
from cardcase.inbox import queries, service
from cardcase.inbox.rules.consent import phrase
from cardcase.inbox.suggesting import suggest
from cardcase.inbox.writer import Destination, destination
from cardcase.kit.errors import NotAllowed, Refused, WrongUse

from . import model_server
from .test_model import FACTS, TALK

pytestmark = pytest.mark.django_db


@pytest.fixture
def use(settings):
    def use(address, name="test"):
        settings.CARDCASE = settings.CARDCASE.model_copy(
            update={"model_url": address, "model_name": name, "model_allow_private": True, "model_seconds": 2}
        )
        return destination()

    return use


def entries(actor, subject, *kinds):
    return [item for item in custody.history(actor, [subject]) if item.kind in kinds]


@pytest.fixture
def about(system, order, noon):
    case, _ = cases.open_case(system, order, None, at=noon)
    return case.public_id


def test_nothing_leaves_before_the_owner_has_agreed(agent, use, about, noon):
    with model_server.serve(model_server.well_behaved) as (address, asked):
        use(address)
        found = suggest(agent, FACTS, TALK, about=about, at=noon)
    assert (found.by_model, found.code, asked) == (False, "not_agreed", [])
    assert entries(agent, about, "reply.model_asked") == []


def test_each_time_words_leave_the_record_says_where_how_much_and_the_digest(owner, agent, use, about, noon):
    with model_server.serve(model_server.well_behaved) as (address, asked):
        to = use(address)
        service.agree(owner, phrase(to.host).en, at=noon)
        assert suggest(agent, FACTS, TALK, about=about, at=noon).by_model
    [(_, body)] = asked
    [entry] = entries(agent, about, "reply.model_asked")
    said = [one["text"] for one in json.loads(json.loads(body)["messages"][1]["content"])["conversation"]]
    assert entry.facts == {
        "host": to.host,
        "model": "test",
        "characters": len(body),
        "buyers": len(said[0]) + len(said[2]),
        "sha256": hashlib.sha256(body.encode()).hexdigest(),
    }
    assert (entry.actor_label, entry.at) == (agent.label, noon)
    assert "已使用" not in json.dumps(entry.facts, ensure_ascii=False)


def test_a_model_that_was_not_reached_was_told_nothing_and_no_entry_says_so(owner, agent, use, about, noon):
    to = use("http://127.0.0.1:9/v1")
    service.agree(owner, phrase(to.host).zh, at=noon)
    assert suggest(agent, FACTS, TALK, about=about, at=noon).code == "not_reached"
    assert entries(agent, about, "reply.model_asked") == []


@pytest.mark.parametrize("typed", ["", "同意", "同意发给 elsewhere.example", "send to"])
def test_consent_is_typed_word_for_word(owner, use, noon, typed):
    to = use("https://llm.example/v1")
    with pytest.raises(WrongUse, match="输入的字不对"):
        service.agree(owner, typed, at=noon)
    assert not queries.has_agreed(owner, to)


def test_only_the_owner_agrees_and_only_to_a_model_that_is_set_up(owner, lead, system, use, noon):
    with pytest.raises(Refused, match="没有配置模型"):
        service.agree(owner, "同意发给 llm.example", at=noon)
    use("https://llm.example/v1")
    for actor in (lead, system):
        with pytest.raises(NotAllowed):
            service.agree(actor, "同意发给 llm.example", at=noon)


def test_another_host_or_model_needs_another_word_and_it_can_be_taken_back(owner, stranger, use, noon):
    to = use("https://llm.example/v1")
    assert to == Destination("llm.example", "test")
    service.agree(owner, " 同意发给  llm.example ", at=noon)
    assert queries.has_agreed(owner, to)
    assert not queries.has_agreed(stranger, to)
    assert not queries.has_agreed(owner, use("https://llm.example/v1", "larger"))
    other = use("https://llm.example:8443/v1")
    assert other.host == "llm.example:8443"
    assert not queries.has_agreed(owner, other)
    service.agree(owner, phrase(other.host).zh, at=noon)
    assert not queries.has_agreed(owner, to)
    service.take_back(owner, at=noon)
    service.take_back(owner, at=noon)
    assert not queries.has_agreed(owner, other)
    kinds = [item.kind for item in entries(owner, f"model_{owner.shop_id}", "model.allowed", "model.forbidden")]
    assert kinds == ["model.allowed", "model.allowed", "model.forbidden"]
