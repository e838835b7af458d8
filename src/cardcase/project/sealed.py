"""Every column that holds values sealed by the vault: what a rotation of keys goes through, and what is counted.

Here, because the room of the vault lies below the rooms that use it. A test compares this list with all columns of
bytes there are: whoever adds one says there whether it is sealed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings

from cardcase.cards import vault
from cardcase.cards.queries import WRAPPINGS, SealedCount, SealedPlace, sealed_counts
from cardcase.cards.vault import keys
from cardcase.cards.vault.keys import KeyVersion
from cardcase.kit.errors import Problem
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor

_TRIAL: Final = "trial|nothing|trial|1"

PLACES: Final = (
    SealedPlace("cards.Card", "code_sealed", version_field="key_version"),
    SealedPlace("cards.Card", "number_sealed"),
    SealedPlace("cards.Supplier", "id_sealed"),
    SealedPlace("cards.Supplier", "contact_sealed"),
    SealedPlace("cards.ProofFile", "key_sealed"),
    SealedPlace("sourcing.SourceDocument", "body_sealed", at_once=4),
    SealedPlace("delivery.ParcelFile", "key_sealed"),
    SealedPlace("evidence.Exhibit", "body_sealed", at_once=4),
    SealedPlace("evidence.Exhibit", "key_sealed"),
    SealedPlace("evidence.Redaction", "key_sealed"),
    SealedPlace("packs.Pack", "key_sealed"),
    SealedPlace("inbox.Message", "original_sealed"),
    SealedPlace("notices.NoticeTarget", "address_sealed"),
    SealedPlace("intake.Channel", "secret_sealed"),
    SealedPlace("privacy.Removal", "key_half"),
    SealedPlace("intake.PendingFile", "sealed", at_once=4),
    SealedPlace("screens.CapturedPicture", "original_sealed", at_once=4),
    SealedPlace("screens.CapturedPicture", "seen_sealed", at_once=4),
)


@dataclass(frozen=True, slots=True)
class VaultStatus:
    """The keys as they stand: where, which, what is under each, whether they work, and what to be warned of."""

    folder: str
    provider: str
    address: str
    keys: tuple[KeyVersion, ...]
    counts: tuple[SealedCount, ...]
    missing: int
    exported_at: datetime | None
    is_exported: bool
    are_keys_with_data: bool
    works: bool
    why: Text
    warnings: tuple[Text, ...]


def status(actor: Actor) -> VaultStatus:
    """Look at the ring, count what is under each key, and seal and open a trial value. Raises when it is unreadable."""
    config = settings.CARDCASE
    held = tuple(keys.key_versions())
    counts = tuple(sealed_counts(actor, (*PLACES, WRAPPINGS)))
    copy = keys.exported()
    works, why = True, Text("", "")
    try:
        trial = vault.seal(b"trial", context=_TRIAL)
        works = vault.open_sealed(trial, context=_TRIAL) == b"trial"
    except Problem as problem:
        works, why = False, problem.message
    is_exported = copy is not None and {key.version for key in held} <= set(copy.versions)
    return VaultStatus(
        folder=str(config.keys),
        provider=config.vault_provider,
        address=config.vault_address if config.vault_provider == keys.TRANSIT else "",
        keys=held,
        counts=counts,
        missing=sum(count.missing for count in counts),
        exported_at=copy.at if copy else None,
        is_exported=is_exported,
        are_keys_with_data=config.are_keys_with_data,
        works=works,
        why=why,
        warnings=tuple(_warnings(held, is_exported=is_exported)),
    )


def _warnings(held: Sequence[KeyVersion], *, is_exported: bool) -> Iterator[Text]:
    config = settings.CARDCASE
    if config.are_keys_with_data:
        yield WITH_DATA
    if not is_exported:
        yield NOT_EXPORTED
    if len(held) > 1:
        yield Text(
            "上一次换密钥还没做完，再运行 cardcase vault rotate",
            "the last rotation has not ended: run cardcase vault rotate again",
        )
    elif any(key.is_current and key.provider != config.vault_provider for key in held):
        yield Text(
            f"设置要用 {config.vault_provider}，运行 cardcase vault rotate 后才换过去",
            f"the setting says {config.vault_provider}: cardcase vault rotate moves there",
        )


WITH_DATA: Final = Text(
    "密钥在数据目录里面：拷走这个目录的人两样都有。设 keys_folder 放到别处",
    "the keys lie inside the data folder: a copy of it carries both. Set keys_folder to put them elsewhere",
)
NOT_EXPORTED: Final = Text(
    "最近一次换密钥以后还没有导出副本：cardcase vault export",
    "no copy of the keys has been made since the last rotation: cardcase vault export",
)
