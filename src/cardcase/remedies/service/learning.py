"""Learning: labels of closed cases are derived, values made from them, and a new set kept when anything has changed."""

from datetime import datetime

from django.db import transaction

from cardcase.custody import service as custody
from cardcase.remedies.models import Label, LearnedNumbers
from cardcase.remedies.queries import learned as standing_values
from cardcase.remedies.queries import learning as gather
from cardcase.remedies.queries import priors
from cardcase.remedies.rules import advice, learning
from cardcase.staff.rules import Actor, Permission


def learn(actor: Actor, *, at: datetime) -> tuple[advice.Learned, ...]:
    """Learn anew from everything that has closed. The same labels give the same values and leave no second entry.

    Old sets stay: decisions name the version that they were advised with.
    """
    actor.require(Permission.WORK)
    for cases in gather.unlabelled(actor):
        with transaction.atomic():
            for pk, label in gather.labels_of(actor, cases, at=at).items():
                revision = next(case.revision for case in cases if case.pk == pk)
                Label.objects.update_or_create(
                    shop_id=actor.shop_id,
                    case_id=pk,
                    defaults={
                        "revision": revision,
                        "rules": learning.LABEL_VERSION,
                        "statements": [
                            {"source": one.source.value, "is_owed": one.is_owed} for one in label.statements
                        ],
                        "verdict": label.verdict.value,
                        "is_contested": label.is_contested,
                        "at": at,
                    },
                )
    return _keep(actor, at=at)


@transaction.atomic
def _keep(actor: Actor, *, at: datetime) -> tuple[advice.Learned, ...]:
    numbers = priors(actor).numbers
    told = gather.examples(actor)
    made = learning.learn(told, numbers)
    version, last = advice.version_of(made), standing_values.standing(actor)
    if (last.version, last.base) == (version, numbers.base) if last is not None else not version:
        return made
    labels = sum(one.is_owed is not None or one.verdict is not learning.Verdict.NONE for one in told)
    LearnedNumbers.objects.create(
        shop_id=actor.shop_id,
        version=version,
        base=numbers.base,
        records=[one.model_dump(mode="json", exclude={"source", "certainty"}, exclude_none=True) for one in made],
        labels=labels,
        at=at,
    )
    facts: dict[str, custody.JSON] = {
        "version": version,
        "base": numbers.base,
        "labels": labels,
        "strata": {one.id: one.n for one in made},
    }
    file = custody.Content("numbers", learning.as_toml(made).encode(), "application/toml")
    custody.append(actor, custody.Record("advice.learned", f"advice_{actor.shop_id}", at, facts, (file,)))
    return made
