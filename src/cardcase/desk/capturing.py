"""Acts that take evidence in: files, mails, notes of calls."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from cardcase.evidence import service as evidence
from cardcase.evidence.rules.exhibits import ENDINGS
from cardcase.staff.rules import Actor

from .acting import Act, fen, moment

if TYPE_CHECKING:
    from collections.abc import Sequence


def keep(actor: Actor, act: Act) -> list[str]:
    """Keep what was handed in as exhibits, one a file, with what it shows; return their ids."""
    facts: dict[str, Any] = {}
    if act.word("usable"):
        facts["is_usable"] = act.word("usable") == "yes"
    if (balance := fen(act, "balance")) is not None:
        facts["balance_fen"] = balance
    for name in ("redeemed_at", "at"):  # when it says the card was redeemed; when what it shows happened
        if (read := moment(act, name)) is not None:
            facts[name] = read.isoformat()
    facts |= {key: act.word(key) for key in ("order_no", "tail4") if act.word(key)}
    originals: Sequence[tuple[str, bytes | None]] = act.files or [("", None)]
    return [
        evidence.add_exhibit(
            actor, act.number, act.word("kind"), act.word("title") or name, data, "", facts, at=act.at, source_file=name
        ).public_id
        for name, data in originals
    ]


def call(actor: Actor, act: Act) -> None:
    """Note a call or a spoken agreement, with its recording when there is one."""
    evidence.note_call(
        actor,
        act.number,
        party=act.word("party"),
        how=act.word("how"),
        held_at=moment(act, "at"),
        said=act.word("said"),
        agreed=act.word("agreed"),
        witness=act.word("witness"),
        recording=act.files[0] if act.files else None,
        is_against_seller=act.word("against") == "yes",
        at=act.at,
    )


def check_mail(actor: Actor, act: Act) -> None:
    """Ask again for the key of a mail's signature."""
    evidence.check_again(actor, act.number, act.word("exhibit"), at=act.at)


def opened_exhibit(actor: Actor, number: str, exhibit: str, reason: str, *, now: datetime) -> tuple[bytes, str, str]:
    """Open a sealed original of a case, on record; return its bytes, its kind and a safe name. Raises NotFound."""
    row = evidence.open_original(actor, number, exhibit, reason=reason, at=now)
    return evidence.original(row), row.file_mime, f"{row.kind}-{row.public_id[-8:]}.{ENDINGS[row.file_mime]}"
