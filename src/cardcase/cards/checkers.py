"""The port for programs that look at balances. None is shipped: issuers offer no interface, and scraping is not for us.

An installation that has an agreed interface of an issuer installs a package beside Cardcase that names a class in the
entry point group ``cardcase.checkers``. Without one, a person opens the page that ``queries.check_guide`` names and
notes what is there: the method "manual".
"""

from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import Final, Protocol

import structlog

from cardcase.kit.errors import WrongUse
from cardcase.kit.secret import CardCode
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor

log = structlog.get_logger("cardcase.cards")

GROUP: Final = "cardcase.checkers"
"""Entry point group in which packages name their checker: a class that is made without arguments."""

MANUAL: Final = "manual"
"""Method of a look by a person on the issuer's own page."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a checker saw. ``balance_fen`` in 分, None when not told; ``proof`` a file that shows it."""

    balance_fen: int | None = None
    is_usable: bool | None = None
    proof: bytes | None = field(default=None, repr=False)
    note: str = ""


class Checker(Protocol):
    """A program that looks at the balance of a card."""

    def check(self, actor: Actor, code: CardCode, brand: str) -> Finding | None:
        """Look; None when nothing could be found out. Must not keep the code, nor redeem or bind the card."""
        ...


_checkers: Final[dict[str, Checker]] = {}


def register(name: str, checker: Checker) -> None:
    """Add a checker under a name. Raises ValueError for "manual" and for a name that is taken by another."""
    if name == MANUAL or _checkers.get(name, checker) is not checker:
        raise ValueError(f"the name {name} is taken")
    _checkers[name] = checker


def unregister(name: str) -> None:
    """Take a checker out again, if it is there."""
    _checkers.pop(name, None)


@cache
def load_installed() -> None:
    """Register the checkers of installed packages, once a process. A broken one is left out and named in the log."""
    for point in entry_points(group=GROUP):
        try:
            register(point.name, point.load()())
        except Exception as error:  # noqa: BLE001 - another's package must not keep the desk from opening
            log.warning("checker_broken", checker=point.name, error=type(error).__name__)


def names() -> tuple[str, ...]:
    """Return the ways to look: by hand, and the installed checkers."""
    load_installed()
    return (MANUAL, *sorted(_checkers))


def named(name: str) -> Checker:
    """Return an installed checker. Raises WrongUse when there is none of the name; "manual" is nobody's program."""
    load_installed()
    found = _checkers.get(name)
    if found is None:
        raise WrongUse(
            "没有这个查验程序",
            "There is no such checker",
            next=Text(
                "按提示打开官方页面人工查验，再记录结果。", "Look on the issuer's page by hand and note the result."
            ),
            code="checker_unknown",
        )
    return found
