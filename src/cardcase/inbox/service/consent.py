"""Whether buyers' words may go to a model: the owner agrees by typing it, takes it back, and each time is recorded."""

from datetime import datetime
from typing import Final

from django.db import transaction

from cardcase.custody import service as custody
from cardcase.inbox import queries
from cardcase.inbox.models import ModelConsent
from cardcase.inbox.rules import consent as words
from cardcase.inbox.writer import Leaving, destination
from cardcase.kit.errors import NotAllowed, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

_LABEL_MAX: Final = 80


@transaction.atomic
def agree(actor: Actor, typed: str, *, at: datetime) -> ModelConsent:
    """Let the owner agree that buyers' words go to the model that is set up. Another host or model needs a new word.

    Raises NotAllowed unless the owner does it himself, Refused while no model is set up, WrongUse for other words.
    """
    actor.require(Permission.MANAGE_SHOP)
    if not actor.is_person:
        raise NotAllowed("要店主本人同意", "Only a person agrees to this")
    to = destination()
    if to is None:
        raise Refused(
            "没有配置模型，没有什么可同意的",
            "No model is set up: there is nothing to agree to",
            next=Text("先在配置里填 model_url。", "Set model_url in the configuration first."),
            code="no_model",
        )
    asked = words.phrase(to.host)
    if not words.is_phrase(typed, to.host):
        raise WrongUse(
            "输入的字不对，没有开启",
            "Those are not the words: nothing was switched on",
            next=Text(f"请照样输入：{asked.zh}", f"Type exactly: {asked.en}"),
            code="not_the_words",
        )
    _end(actor, at=at)
    given: ModelConsent = ModelConsent.objects.create(
        shop_id=actor.shop_id, host=to.host, model=to.model, by=actor.label[:_LABEL_MAX], given_at=at
    )
    facts: dict[str, custody.JSON] = {"host": to.host, "model": to.model, "typed": asked.zh}
    custody.append(actor, custody.Record("model.allowed", f"model_{actor.shop_id}", at, facts))
    return given


@transaction.atomic
def take_back(actor: Actor, *, at: datetime) -> None:
    """End the consent; from now on nothing leaves. Does nothing where there is none. Raises NotAllowed."""
    actor.require(Permission.MANAGE_SHOP)
    ended = _end(actor, at=at)
    if ended is not None:
        facts: dict[str, custody.JSON] = {"host": ended.host, "model": ended.model}
        custody.append(actor, custody.Record("model.forbidden", f"model_{actor.shop_id}", at, facts))


def _end(actor: Actor, *, at: datetime) -> ModelConsent | None:
    Shop.objects.select_for_update().get(pk=actor.shop_id)  # two owners at once follow each other
    given = queries.consent(actor)
    if given is not None:
        given.ended_at, given.ended_by = at, actor.label[:_LABEL_MAX]
        given.save(update_fields=["ended_at", "ended_by"])
    return given


@transaction.atomic
def record_asking(actor: Actor, about: str, told: Leaving, *, at: datetime) -> None:
    """Record that a buyer's words go out now: where to, how many characters, the digest of the bytes; not one word.

    Committed before they leave. Raises Refused when the consent was taken back in the meantime.
    """
    actor.require(Permission.WORK)
    if not queries.has_agreed(actor, told.to):
        raise Refused("店主刚刚收回了同意", "The owner has just taken the consent back", code="not_agreed")
    facts: dict[str, custody.JSON] = {
        "host": told.to.host,
        "model": told.to.model,
        "characters": told.characters,
        "buyers": told.buyers,
        "sha256": told.sha256,
    }
    custody.append(actor, custody.Record("reply.model_asked", about, at, facts))
