"""What an import does, without doing it: order of its stages, its report, refunds that other papers imply. Pure."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import PurePath
from typing import Any, Final

from cardcase.cards.rules import Arrival
from cardcase.connectors.findings import finding
from cardcase.connectors.ports import (
    CardNotice,
    DeliveryNotice,
    FileKind,
    MessageNotice,
    Notice,
    OrderNotice,
    Origin,
    RefundNotice,
    RefundState,
    SystemEvent,
)
from cardcase.kit.errors import Finding
from cardcase.orders.rules.reading import MADE_UP

_RANK: Final = {"known": 0, "changed": 1, "new": 2}
_OF_RANK: Final = tuple(_RANK)

STAGES: Final[tuple[type[Notice], ...]] = (CardNotice, OrderNotice, RefundNotice, DeliveryNotice, MessageNotice)
"""Cards come first so that a code said in a chat is known as a code; messages last, when their order is known."""

SELLER_CALLS_HIMSELF: Final = ("我",)
"""What copied chats write for the one who copied them, beside the shop's name."""

BATCH: Final = 500
"""Rows in one transaction: large enough that the flush costs little, small enough that a page never waits long."""

IN_BULK: Final = 2000
"""Messages or cards in one transaction: written in bulk, so many take no longer than five hundred of another kind."""


def rows_at_once(stage: type[Notice]) -> int:
    """Return how many rows of a kind go into one transaction."""
    return IN_BULK if stage in (MessageNotice, CardNotice) else BATCH


class RunState(StrEnum):
    """How an import stands."""

    WAITING = "waiting"  # promised as a job, not begun
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # all or nothing was asked for, and it is nothing
    FAILED = "failed"  # it cannot be done; ``trouble`` says why


MANY: Final = 5000
"""Rows from which the pages and the API run an import as a job: about a second's work. Our own choice."""


def rows_guessed(data: bytes) -> int:
    """Guess how many rows a file has, before it is read: line ends of a text, fifteen packed bytes a row of a workbook.

    Fifteen is a low guess (a sheet with nothing but codes packs to twenty), so that a large workbook is not missed.
    """
    return len(data) // 15 if data.startswith(b"PK") else data.count(b"\n") + 1


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it came: its name and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDefaults:
    """What a seller says of a whole card file, because many hold nothing but codes. Never overrules a row's own word.

    ``batch`` names the purchase; without it each file is a batch of its own name. Face value in 分.
    """

    batch: str = ""
    supplier: str = ""
    brand: str = ""
    region: str = ""
    face_fen: int | None = None
    cost_fen: int | None = None
    expires_on: date | None = None

    def batch_for(self, file: str) -> str:
        """Return the batch of a file."""
        return self.batch or PurePath(file.replace("\\", "/")).stem or "cards"

    def fill(self, notice: CardNotice) -> CardNotice:
        """Return a card with what its row left out."""
        return replace(
            notice,
            brand=notice.brand or self.brand,
            region=notice.region or self.region,
            face_fen=notice.face_fen if notice.face_fen is not None else self.face_fen,
            cost_fen=notice.cost_fen if notice.cost_fen is not None else self.cost_fen,
            expires_on=notice.expires_on or self.expires_on,
        )


NOTHING_TOLD: Final = CardDefaults()


@dataclass(slots=True)
class FileReport:
    """What became of every row of one file."""

    file: str
    kind: FileKind
    encoding: str
    new: int = 0
    known: int = 0
    changed: int = 0
    refused: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)  # what was taken but is worth a look

    rows: dict[tuple[str, int], int] = field(default_factory=dict, repr=False)

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing was refused."""
        return not self.refused

    def count(self, origin: Origin, outcome: str) -> None:
        """Count a row once, whatever number of things it told: new beats changed beats known.

        ``origin.file`` names the sheet of a workbook, so that row 2 of two sheets are two rows.
        """
        key = (origin.file, origin.row) if origin.row is not None else ("", -len(self.rows))
        rank = _RANK[outcome]
        before = self.rows.get(key)
        if before is not None and before >= rank:
            return
        if before is not None:
            self._add(_OF_RANK[before], -1)
        self.rows[key] = rank
        self._add(outcome, 1)

    def _add(self, outcome: str, number: int) -> None:
        setattr(self, outcome, getattr(self, outcome) + number)


@dataclass(slots=True)
class ImportReport:
    """What became of all files of one import, and which cases it opened or touched."""

    run: str
    is_dry_run: bool
    files: list[FileReport] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    state: RunState = RunState.RUNNING
    account: Arrival | None = None  # of its cards, None when there are none

    @property
    def is_clean(self) -> bool:
        """Tell whether no file had anything refused."""
        return all(report.is_clean for report in self.files)

    def take_nothing(self) -> None:
        """Say that all or nothing was asked for and that it is nothing: no row of any file was taken."""
        self.state = RunState.REFUSED
        for file in self.files:
            file.new = file.known = file.changed = 0
            file.rows.clear()

    def refuse_doubles(self) -> None:
        """Name the cards that stand in the import twice, or in the stock already, among the refused rows."""
        if self.account is None:
            return
        for repeat in self.account.repeats:
            found = finding("card_twice", file=repeat.file, row=repeat.row, of_row=repeat.of_row)
            self._file_of(repeat.file).refused.append(found)
        for present in self.account.present:
            found = finding("card_in_stock", file=present.file, row=present.row)
            self._file_of(present.file).refused.append(found)

    def _file_of(self, place: str) -> FileReport:
        """Return the report of a file by the place of a row: its name, or name and sheet."""
        fits = (file for file in self.files if place == file.file or place.startswith(f"{file.file}#"))
        return next(fits, self.files[0])


_FROM_CHAT: Final = {
    SystemEvent.REFUND_OPENED: RefundState.AWAITING_SELLER,
    SystemEvent.REFUND_AGREED: RefundState.SUCCEEDED,
    SystemEvent.REFUND_PAID: RefundState.SUCCEEDED,
    SystemEvent.REFUND_REFUSED: RefundState.REFUSED,
    SystemEvent.REFUND_WITHDRAWN: RefundState.CLOSED,
}


_REFUND_WORDS: Final = re.compile(
    "退|腿款|赔|还我|还钱|换[一个张]|假|骗|坑|无效|失效|失败|错误|不存在|用不|不能用|没法用|充不|兑不|绑不|过期|到期"
    "|余额|没收到|没到账|投诉|举报|维权|差评|平台介入|小二|refund|invalid|fake",
    re.IGNORECASE,
)


def speaks_of_refund(said: Sequence[MessageNotice]) -> bool:
    """Tell whether a conversation could be about a refund at all, before it is read in earnest.

    Only a sieve for thousands of everyday chats: what passes is read by triage, what a refund paper names always is.
    """
    return any(
        message.event in _FROM_CHAT or (message.event is None and _REFUND_WORDS.search(message.text) is not None)
        for message in said
    )


def implied_by_chat(messages: Sequence[MessageNotice], order_no: str, channel: str) -> RefundNotice | None:
    """Make the refund that the platform's own texts in a chat speak of, from the last of them; None without any."""
    spoken = [message for message in messages if message.event in _FROM_CHAT]
    if not spoken:
        return None
    opened = next((message for message in spoken if message.event is SystemEvent.REFUND_OPENED), None)
    last = spoken[-1]
    assert last.event is not None
    return RefundNotice(
        channel=channel,
        order_no=order_no,
        state=_FROM_CHAT[last.event],
        state_raw=last.text[:40],
        applied_at=opened.said_at if opened else None,
        modified_at=last.said_at,
        origin=last.origin,
    )


def order_no_of_chat(conversation_id: str) -> str:
    """Name the order of a chat that tells no order number, so that the case has something to hang on."""
    return f"{MADE_UP}{hashlib.sha256(conversation_id.encode()).hexdigest()[:20]}"


def is_order_no_made_up(order_no: str) -> bool:
    """Tell whether an order number was made by ``order_no_of_chat``."""
    return order_no.startswith(MADE_UP)


def files_document(files: Sequence[FileReport]) -> list[dict[str, Any]]:
    """Write what became of the files for programs: the stable form of ``import --json`` and of the API."""
    return [
        {
            "file": file.file,
            "kind": file.kind.value,
            "encoding": file.encoding,
            "new": file.new,
            "known": file.known,
            "changed": file.changed,
            "refused": [_line(finding) for finding in file.refused],
            "notes": [_line(finding) for finding in file.notes],
        }
        for file in files
    ]


def _line(finding: Finding) -> dict[str, Any]:
    return {
        "row": finding.row,
        "column": finding.column,
        "code": finding.code,
        "reason": finding.message.zh,
        "next": finding.next.zh,
        "reason_en": finding.message.en,
        "next_en": finding.next.en,
    }
