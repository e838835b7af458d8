"""What is said about the words of a reply, by the shop's own words too: for the page, the API and the command line."""

from dataclasses import dataclass
from typing import Any

from cardcase.shell.language import say
from cardcase.staff.queries import own_file
from cardcase.staff.rules import Actor

from .rules import tone


@dataclass(frozen=True, slots=True)
class Reading:
    """What is said about the words of a reply: the checks, each place that fails one, and a better way to say it."""

    text: str
    checks: tuple[tone.Check, ...]
    findings: tuple[tone.Finding, ...]
    better: str

    @property
    def is_fit(self) -> bool:
        """Tell whether every check is passed."""
        return tone.is_fit(self.checks)

    @property
    def may_go(self) -> bool:
        """Tell whether it may be marked as sent: what is only learned does not stop it."""
        return tone.may_go(self.checks)


def read_reply(actor: Actor, text: str) -> Reading:
    """Check the words of a reply as every reply is checked before it may be marked as sent, by the shop's words too."""
    own, _ = own_file(actor, "tone.toml")
    return Reading(
        text,
        tone.check_reply(text, override=own),
        tone.findings(text, override=own),
        tone.better(text, override=own),
    )


def document(reading: Reading) -> dict[str, Any]:
    """Write a reading for programs. The words of a code are never repeated."""
    return {
        "ok": reading.is_fit,
        "may_go": reading.may_go,
        "length": len(reading.text),
        "limit": tone.MOST,
        "checks": [{"code": one.code, "ok": one.ok, "text": say(one.text)} for one in reading.checks],
        "findings": [
            {
                "code": one.code,
                "rule": one.rule,
                "level": one.level.value,
                "start": one.start,
                "end": one.end,
                "words": one.words,
                "why": say(one.why),
                "better": say(one.better),
            }
            for one in reading.findings
        ],
        "better": reading.better,
    }
