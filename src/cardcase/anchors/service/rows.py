"""What the verbs of this room share: the settings, the entry of the log about itself, and the next try."""

import random
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from django.conf import settings
from django.db import transaction

from cardcase.anchors.rules import config, plan
from cardcase.anchors.rules.config import Anchors
from cardcase.custody import log
from cardcase.custody.rules.plain import JSON
from cardcase.jobs import service as jobs
from cardcase.staff.rules import Actor

INSTALLATION: Final = 0
_dice = random.SystemRandom()


class Writing(Protocol):
    """Opens the transaction in which an attempt writes: that of a job holds only while the job is still ours."""

    def __call__(self) -> AbstractContextManager[Any]:
        """Open it."""
        ...


def by_hand() -> AbstractContextManager[Any]:
    """Open a plain transaction: for attempts that somebody waits for."""
    return transaction.atomic()


def system() -> Actor:
    """Return the actor of work on the record of all shops."""
    return Actor.system(INSTALLATION, "anchors")


def anchors() -> Anchors:
    """Read ``anchors.toml``. Raises BadAnchors."""
    return config.load(Path(settings.CARDCASE.data))


def write_own(kind: str, at: datetime, facts: Mapping[str, JSON], refs: Mapping[str, str]) -> int:
    """Add an entry of the log about itself, in the caller's transaction and last in it; return its number."""
    head = log.locked_head(at)
    log.write_own(head, kind, at, dict(facts), dict(refs))
    return head.size - 1


def try_again(kind: str, args: Mapping[str, Any], tries: int, *, at: datetime, actor: Actor | None = None) -> datetime:
    """Promise the next attempt after ``tries`` failures and return its moment.

    It is a job of its own, so that a service that is away for days leaves no job stuck. Two keys take turns: the one of
    the running attempt is still held.
    """
    when = at + plan.wait_after(tries, _dice.random())
    key = f"{next(iter(args.values()))}:again{tries % 2}"
    jobs.enqueue(actor, kind, args, at=at, key=key, queue="anchors", run_at=when)
    return when
