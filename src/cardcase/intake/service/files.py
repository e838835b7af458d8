"""Files in: read, take every good row in batches, account for every bad one, then look after the cases concerned."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from cardcase.cards import notices as masked
from cardcase.cards import queries as stock
from cardcase.cards import service as cards
from cardcase.cards.rules import Arrival
from cardcase.connectors import registry
from cardcase.connectors.ports import (
    CardNotice,
    DeliveryNotice,
    FileKind,
    MessageNotice,
    Notice,
    OrderNotice,
    Reading,
    RefundNotice,
)
from cardcase.inbox import service as inbox
from cardcase.intake import rules
from cardcase.intake.rules import RunState
from cardcase.kit import collector, ids
from cardcase.orders import queries as order_queries
from cardcase.orders import service as orders
from cardcase.orders.service import Taken
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor, Permission

from . import casework, runs

Progress = Callable[[int, int, str], None]
"""Told done, total and the stage, after each batch."""


def _silent(_done: int, _total: int, _what: str) -> None:
    """Tell nobody."""


@collector.at_rest()  # a tenth of the time of a large import
def import_files(
    actor: Actor,
    uploads: Sequence[rules.Upload],
    *,
    at: datetime,
    kind: FileKind | None = None,
    encoding: str | None = None,
    cards_are: rules.CardDefaults = rules.NOTHING_TOLD,
    dry_run: bool = False,
    all_or_nothing: bool = False,
    seller_names: tuple[str, ...] = (),
    progress: Progress = _silent,
    run: str = "",
) -> rules.ImportReport:
    """Import files of any accepted form, mixed; return what became of every row and which cases it concerns.

    The same rows twice, late or in another order lead to the same state. Each batch of rows is one transaction, so a
    kill between two batches loses nothing that was taken and doubles nothing when the import is run again. A dry run
    of card files only looks up what is there; of any other files it does the whole work and rolls it back.
    ``all_or_nothing`` takes everything in one transaction, or, when a row of any file is bad or a card stands in the
    files twice or in the stock already, nothing: the report then says why. ``seller_names`` are nicks of the seller
    beside the shop's name, by which a chat tells who is who. ``run`` names the run that was promised as a job.
    Raises NotAllowed without the import permission.
    """
    actor.require(Permission.IMPORT)
    sellers = (*seller_names, staff.shop_of(actor).name, *rules.SELLER_CALLS_HIMSELF)
    readings = [
        registry.read_file(upload.name, upload.data, kind=kind, encoding=encoding, seller_names=sellers)
        for upload in uploads
    ]
    report = rules.ImportReport(run=run or ids.public_id("imp"), is_dry_run=dry_run)
    report.files = [
        rules.FileReport(
            reading.file, reading.kind, reading.encoding, refused=list(reading.refused), notes=list(reading.notes)
        )
        for reading in readings
    ]
    is_kept = bool(run) or not dry_run
    doubtful = all_or_nothing and _is_doubtful(actor, report, readings, cards_are)
    if is_kept:
        runs.begin(actor, report, uploads, readings, at=at, keeps=not dry_run and not doubtful)
    if doubtful:
        report.take_nothing()
    elif dry_run:
        _look(actor, report, readings, at=at, cards_are=cards_are, progress=progress)
    elif all_or_nothing:
        _take_whole(actor, report, readings, at=at, cards_are=cards_are, progress=progress)
    else:
        _take(actor, report, readings, at=at, cards_are=cards_are, progress=progress)
    if report.state is RunState.DONE:  # it was closed with what it took
        return report
    if report.state is RunState.RUNNING:
        report.state = RunState.DONE
    if is_kept:
        runs.close(actor, report, at=at)
    return report


def _cards_told(
    report: rules.ImportReport, readings: Sequence[Reading], cards_are: rules.CardDefaults
) -> list[list[CardNotice]]:
    """Return the cards of each file, filled up with what the seller said of the whole."""
    return [
        [cards_are.fill(notice) for notice in reading.notices if isinstance(notice, CardNotice)]
        for reading, _ in zip(readings, report.files, strict=True)
    ]


def _look(
    actor: Actor,
    report: rules.ImportReport,
    readings: Sequence[Reading],
    *,
    at: datetime,
    cards_are: rules.CardDefaults,
    progress: Progress,
) -> None:
    """Tell what an import would do. Cards alone are only looked up; what chats and orders lead to has to be done."""
    if all(isinstance(notice, CardNotice) for reading in readings for notice in reading.notices):
        report.account = stock.arrival(actor)
        told = _cards_told(report, readings, cards_are)
        for file, notices, outcomes in zip(report.files, told, stock.preview(actor, told, report.account), strict=True):
            for notice, outcome in zip(notices, outcomes, strict=True):
                file.count(notice.origin, outcome.value)
        return
    with transaction.atomic():
        _take(actor, report, readings, at=at, cards_are=cards_are, progress=progress)
        transaction.set_rollback(True)


def _is_doubtful(
    actor: Actor, report: rules.ImportReport, readings: Sequence[Reading], cards_are: rules.CardDefaults
) -> bool:
    """Tell, for an import of all or nothing, whether any row speaks against it; name the doubles in the report."""
    report.account = stock.arrival(actor)
    stock.preview(actor, _cards_told(report, readings, cards_are), report.account)
    report.refuse_doubles()
    return not report.is_clean


class _Overtaken(Exception):  # noqa: N818 - the name says what happened
    """Somebody else brought one of the cards between the look and the taking."""


def _demand_no_doubles(account: Arrival | None) -> None:
    if account is not None and account.has_doubles:
        raise _Overtaken


def _take_whole(
    actor: Actor,
    report: rules.ImportReport,
    readings: Sequence[Reading],
    *,
    at: datetime,
    cards_are: rules.CardDefaults,
    progress: Progress,
) -> None:
    """Take everything in one transaction. Cards are sealed before it begins: others may write meanwhile."""
    account = report.account = stock.arrival(actor)
    staged = _staged(actor, readings, account, at=at, cards_are=cards_are, progress=progress)
    try:
        with transaction.atomic():
            _take(actor, report, readings, at=at, cards_are=cards_are, progress=_silent, staged=staged)
            _demand_no_doubles(report.account)
            report.state = RunState.DONE
            runs.close(actor, report, at=at)  # with the cards: a job that is run again must not meet its own
    except _Overtaken:
        report.state = RunState.RUNNING
        report.refuse_doubles()
        report.take_nothing()


def _staged(
    actor: Actor,
    readings: Sequence[Reading],
    account: Arrival,
    *,
    at: datetime,
    cards_are: rules.CardDefaults,
    progress: Progress,
) -> deque[cards.Staged]:
    """Work out the cards of all files, by the same parts as ``_take`` writes them and lets them go."""
    told = [[notice for notice in reading.notices if isinstance(notice, CardNotice)] for reading in readings]
    total, done = sum(map(len, told)), 0
    made: deque[cards.Staged] = deque()
    for notices in told:
        for part in _parts(notices, CardNotice):
            filled = [cards_are.fill(notice) for notice in part]
            made.append(cards.stage(actor, filled, at=at, account=account))
            done += len(part)
            progress(done, total, "card")
    return made


def _parts(told: Sequence[Any], stage: type[Notice]) -> Iterator[Sequence[Any]]:
    at_once = rules.rows_at_once(stage)
    return (told[start : start + at_once] for start in range(0, len(told), at_once))


def _take(
    actor: Actor,
    report: rules.ImportReport,
    readings: Sequence[Reading],
    *,
    at: datetime,
    cards_are: rules.CardDefaults,
    progress: Progress,
    staged: deque[cards.Staged] | None = None,
) -> None:
    touched: set[int] = set()
    if staged is None and any(isinstance(notice, CardNotice) for reading in readings for notice in reading.notices):
        report.account = stock.arrival(actor)
    for stage in rules.STAGES:
        mine = [
            (
                file,
                _in_batches_that_belong_together([notice for notice in reading.notices if isinstance(notice, stage)]),
            )
            for file, reading in zip(report.files, readings, strict=True)
        ]
        total = sum(len(told) for _, told in mine)
        done = 0
        for file, told in mine:
            for part in _parts(told, stage):
                ready = staged.popleft() if staged is not None and stage is CardNotice else None
                with transaction.atomic():
                    outcomes = _take_batch(
                        actor, stage, part, touched, at=at, cards_are=cards_are, file=file.file,
                        account=report.account, staged=ready,
                    )  # fmt: skip
                for notice, outcome in zip(part, outcomes, strict=True):
                    file.count(notice.origin, outcome.value)
                done += len(part)
                progress(done, total, stage.__name__.removesuffix("Notice").lower())
    talks = [notice for reading in readings for notice in reading.notices if isinstance(notice, MessageNotice)]
    touched.update(casework.hang_conversations(actor, talks, at=at))
    touched |= casework.adopt_chats(actor, sorted(touched), at=at)
    report.cases = casework.refresh(actor, sorted(touched), at=at, progress=progress)


def _in_batches_that_belong_together(told: list[Any]) -> list[Any]:
    """Bring the messages of one conversation side by side: a batch then touches few conversations, not all of them."""
    if told and isinstance(told[0], MessageNotice):
        told.sort(key=lambda notice: (notice.channel, notice.conversation_id))
    return told


def _take_batch(
    actor: Actor,
    stage: type[Notice],
    part: Sequence[Any],
    touched: set[int],
    *,
    at: datetime,
    cards_are: rules.CardDefaults,
    file: str,
    account: Arrival | None,
    staged: cards.Staged | None,
) -> list[Taken]:
    if stage is CardNotice:
        filled = [cards_are.fill(notice) for notice in part]
        batch, supplier = cards_are.batch_for(file), cards_are.supplier
        return cards.stock(actor, filled, batch=batch, supplier=supplier, at=at, account=account, staged=staged)
    if stage is OrderNotice:
        taken = orders.ingest_orders(actor, masked.mask_orders(actor, part), at=at)
        touched.update(order.pk for order, _ in taken)
        return [outcome for _, outcome in taken]
    if stage is RefundNotice:
        refunds = orders.ingest_refunds(actor, masked.mask_refunds(actor, part), at=at)
        touched.update(refund.order_id for refund, _ in refunds)
        return [outcome for _, outcome in refunds]
    if stage is DeliveryNotice:
        outcomes = cards.record_deliveries(actor, part, at=at)
        named = order_queries.orders_by_nos(actor, {notice.order_no for notice in part})
        touched.update(order.pk for order in named.values())
        return outcomes
    return inbox.ingest_messages(actor, part, at=at)
