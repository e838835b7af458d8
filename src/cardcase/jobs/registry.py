"""Who does which kind of job. Rooms say so in their ``tasks`` modules; ``discover`` reads them all once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in the hands of one worker, good until the lease ends. ``fence`` is what its writes are checked by."""

    job_id: int
    kind: str
    args: Mapping[str, Any]
    key: str
    shop_id: int | None
    fence: int
    attempts: int


Work = Callable[[Claim], None]


@dataclass(frozen=True, slots=True)
class Handler:
    """How a kind of job is done. See ``handles``."""

    kind: str
    work: Work
    is_atomic: bool
    lease: timedelta | None  # None: the worker's own


@dataclass(frozen=True, slots=True)
class Watched:
    """Moments that a room wants to be awake for. See ``watches``."""

    name: str
    next_at: Callable[[], datetime | None]
    work: Callable[[], None]


_handlers: Final[dict[str, Handler]] = {}
_watched: Final[dict[str, Watched]] = {}
_periods: Final[dict[str, timedelta]] = {}


def handles(
    kind: str, *, is_atomic: bool = True, lease: timedelta | None = None, every: timedelta | None = None
) -> Callable[[Work], Work]:
    """Register a handler for a kind of job.

    An atomic handler runs in one transaction with the note that the job is done: its database effects happen exactly
    once, and a worker that lost its lease leaves nothing behind. Work that is slow or reaches outside says
    ``is_atomic=False``, wraps each write in ``service.writing(claim, at=…)`` and is idempotent by the job's key.
    ``lease`` is for work that takes longer than a minute; ``every`` makes the kind periodic. Raises ValueError when two
    functions claim one kind.
    """

    def register(work: Work) -> Work:
        known = _handlers.get(kind)
        if known is not None and known.work.__qualname__ != work.__qualname__:
            raise ValueError(f"two handlers for jobs of kind {kind}")
        _handlers[kind] = Handler(kind, work, is_atomic, lease)
        if every is not None:
            _periods[kind] = every
        return work

    return register


def watches(name: str, *, next_at: Callable[[], datetime | None]) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register work that must be done at its moment, not when a worker happens to be free: within a second or two.

    Every runner has a watch thread that sleeps until the nearest ``next_at`` and then calls the function, in however
    many processes; so the function settles each thing by a conditional update, and ``next_at`` is one look at an index.
    """

    def register(work: Callable[[], None]) -> Callable[[], None]:
        _watched[name] = Watched(name, next_at, work)
        return work

    return register


def discover() -> None:
    """Import the ``tasks`` module of every installed room."""
    from django.utils.module_loading import autodiscover_modules

    autodiscover_modules("tasks")


def handler(kind: str) -> Handler | None:
    """Return the handler of a kind, or None when no room of this release has one."""
    return _handlers.get(kind)


def kinds() -> tuple[str, ...]:
    """Return every kind that this process can do."""
    return tuple(_handlers)


def periods() -> Mapping[str, timedelta]:
    """Return the periodic kinds and how often each is due."""
    return dict(_periods)


def watched() -> tuple[Watched, ...]:
    """Return everything whose moments the watch is awake for."""
    return tuple(_watched.values())
