"""Refusals: what was wrong, where, why and what to do next, in both languages, with a code for programs."""

from dataclasses import dataclass
from typing import Any, ClassVar

from .text import Text

NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one place of an input. A file with findings still yields its good rows."""

    code: str
    message: Text
    next: Text = NOTHING
    file: str = ""
    row: int | None = None
    column: str | None = None


class Problem(Exception):  # noqa: N818 - the API calls them problem documents (RFC 9457), so does the code
    """Base of everything that Cardcase refuses. Subclasses fix ``code``, HTTP ``status`` and CLI ``exit_code``."""

    code: ClassVar[str] = "problem"
    status: ClassVar[int] = 400
    exit_code: ClassVar[int] = 1

    def __init__(self, zh: str, en: str, *, next: Text = NOTHING, code: str | None = None, **facts: Any) -> None:  # noqa: A002
        """Say it in Chinese and English; ``next`` is the way out; ``facts`` are fields for programs, never secrets."""
        super().__init__(f"{zh} / {en}")
        self.message = Text(zh, en)
        self.next = next
        self.facts = facts
        self.problem_code = code or self.code

    def __reduce__(self) -> Any:
        return (_rebuild, (type(self), self.message, self.next, self.problem_code, self.facts))


def _rebuild(kind: type[Problem], message: Text, way_out: Text, code: str, facts: dict[str, Any]) -> Problem:
    problem = kind.__new__(kind)
    Problem.__init__(problem, message.zh, message.en, next=way_out, code=code, **facts)
    return problem


class WrongUse(Problem):
    """The call itself is malformed: exit 2, HTTP 422."""

    code = "wrong_use"
    status = 422
    exit_code = 2


class NotAllowed(Problem):
    """The actor may not do this: exit 3, HTTP 403."""

    code = "not_allowed"
    status = 403
    exit_code = 3


class NotFound(Problem):
    """There is no such thing, or the actor may not know of it: exit 1, HTTP 404."""

    code = "not_found"
    status = 404


class Refused(Problem):
    """A rule of the trade or of a state machine says no: exit 3, HTTP 409."""

    code = "refused"
    status = 409
    exit_code = 3


class Conflict(Refused):
    """Somebody else was first: the caller's revision is stale. Nothing was changed."""

    code = "conflict"


class Unavailable(Problem):
    """A needed service is away: exit 4, HTTP 503."""

    code = "unavailable"
    status = 503
    exit_code = 4
