"""What the page /verify shows. ``web_verify`` fills it, ``jinja2/packs/verify.html`` draws it.

Every ``str`` is a finished sentence in the reader's language. Nothing of any shop of this installation stands here.
"""

from dataclasses import dataclass

from cardcase.shell.parts import Fact, Input, Notice, Tone


@dataclass(frozen=True, slots=True)
class Said:
    """One finding: what it says, and where and under which code: 「data/records.jsonl · withheld」."""

    text: str
    place: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class VerifyPage:
    """核对证据包. ``verdict`` and what follows it are empty before a pack was given.

    ``inputs`` stand open, ``more`` behind ``more_title``. ``facts`` are what the pack says of itself; ``limits`` what
    no check of a pack proves. ``caution`` says what a check on somebody else's page is worth.
    """

    form_url: str
    lead: str
    caution: str
    inputs: tuple[Input, ...]
    more: tuple[Input, ...]
    more_title: str
    button: str
    notices: tuple[Notice, ...] = ()
    verdict: Notice | None = None
    said: tuple[Said, ...] = ()
    said_title: str = ""
    facts: tuple[Fact, ...] = ()
    facts_title: str = ""
    limits: tuple[str, ...] = ()
    limits_title: str = ""
