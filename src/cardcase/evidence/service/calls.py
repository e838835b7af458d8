"""Noting a phone call or a spoken agreement: who, when, what, and who else heard it."""

from datetime import datetime

from cardcase.evidence.models import Exhibit
from cardcase.evidence.rules import spoken
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor

from .exhibits import add_exhibit


def note_call(
    actor: Actor,
    number: str,
    *,
    party: str,
    how: str,
    held_at: datetime | None,
    said: str,
    agreed: str = "",
    witness: str = "",
    recording: tuple[str, bytes] | None = None,
    is_against_seller: bool = False,
    at: datetime,
) -> Exhibit:
    """Keep a note of what was said by voice, with its recording when there is one.

    ``held_at`` is when it was said, never in the future; ``agreed`` what was agreed, ``witness`` who else heard it.
    Raises WrongUse, and what ``add_exhibit`` raises.
    """
    spoken.check(how, said)
    if held_at is None or held_at > at:
        raise WrongUse(
            "要写明什么时候说的，不能在将来",
            "Say when it was said; it cannot lie in the future",
            next=Text("写成 2026-11-25T10:00。", "Write 2026-11-25T10:00."),
            code="not_a_moment",
            field="at",
        )
    name, data = recording or ("", None)
    facts = {"spoken_how": how, "said": said, "agreed": agreed, "witness": witness, "at": held_at}
    return add_exhibit(
        actor,
        number,
        spoken.SPOKEN,
        spoken.title(how, agreed).zh,
        data,
        "",
        facts,
        at=at,
        party=party or "buyer",
        event_at=held_at,
        is_against_seller=is_against_seller,
        source_file=name,
    )
