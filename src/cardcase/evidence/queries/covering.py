"""Reading what is covered in a case, and what packs show of each exhibit: its original, or the latest covered copy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cardcase.cards import file_rows
from cardcase.cases.models import Case
from cardcase.evidence import pixels
from cardcase.evidence.models import Cover, Exhibit, Look, Redaction
from cardcase.inbox.models import Conversation, Message
from cardcase.kit.errors import NotFound
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor

from .rows import exhibits


@dataclass(frozen=True, slots=True)
class ShownFile:
    """What others get to see of an exhibit: its own file, or that of a covered copy."""

    row: Exhibit | Redaction

    @property
    def sha256(self) -> str:
        """Which bytes they are."""
        return self.row.file_sha256

    @property
    def mime(self) -> str:
        """Their media type."""
        return self.row.file_mime

    @property
    def redaction(self) -> Redaction | None:
        """The covered copy; None for the original itself."""
        return self.row if isinstance(self.row, Redaction) else None


def redactions(actor: Actor, case: Case) -> list[Redaction]:
    """Return the covered copies of a case's exhibits, oldest first, those that were lifted among them."""
    return list(
        Redaction.objects.visible_to(actor).filter(exhibit__case_id=case.pk).select_related("exhibit").order_by("pk")
    )


def redaction(actor: Actor, public_id: str) -> Redaction:
    """Return one covered copy with its exhibit and case. Raises NotFound, also for another shop's."""
    rows = Redaction.objects.visible_to(actor).select_related("exhibit__case")
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise NotFound("没有这份遮盖件", "There is no such covered copy")
    assert isinstance(found, Redaction)
    return found


def redactions_of(actor: Actor, exhibit: Exhibit) -> list[Redaction]:
    """Return all covered copies of an exhibit, oldest first. Of an original under seal the first covers the code."""
    return list(Redaction.objects.visible_to(actor).filter(exhibit=exhibit).order_by("pk"))


def shown_files(actor: Actor, case: Case) -> Mapping[int, ShownFile]:
    """Return what is shown of each exhibit that has a file, by row id.

    Of an original under seal no copy is shown that leaves open what the first one covered: the card code lies there.
    """
    made = redactions(actor, case)
    first = {one.exhibit_id: one for one in reversed(made)}
    latest = {one.exhibit_id: one for one in made if one.lifted_at is None and _hides(one, first[one.exhibit_id])}
    return {row.pk: ShownFile(latest.get(row.pk, row)) for row in exhibits(actor, case) if row.file_sha256}


def copies_at_hand(actor: Actor, case: Case) -> Mapping[int, Redaction]:
    """Return the covered copies that are shown, by row id of the exhibit; of originals under seal at least the first.

    That one may be lifted: it still says where the code is.
    """
    first = {one.exhibit_id: one for one in reversed(redactions(actor, case)) if one.exhibit.body_sealed is not None}
    shown = {row: file.redaction for row, file in shown_files(actor, case).items() if file.redaction is not None}
    return first | shown


def pages_to_mark(actor: Actor, case: Case, exhibit: Exhibit) -> list[pixels.Page]:
    """Draw what places are marked on: the original, or of one under seal its covered copy. Raises NoPixels."""
    if exhibit.body_sealed is None:
        return pixels.pages(file_rows.read(exhibit), exhibit.file_mime)
    copy = copies_at_hand(actor, case).get(exhibit.pk)
    if copy is None:
        raise pixels.NoPixels(
            "原件里有卡密，已经密封；没有遮盖件可看",
            "A card code stands in this original; it is kept under seal, and there is no covered copy to look at",
            next=Text(
                "有权看卡密的人可以照原件写下要遮的位置。", "Whoever may see codes can write down the places to cover."
            ),
        )
    return pixels.pages(file_rows.read(copy), copy.file_mime)


def _hides(copy: Redaction, first: Redaction) -> bool:
    return copy.exhibit.body_sealed is None or all(area in copy.areas for area in first.areas)


def covers(actor: Actor, case: Case, *, with_lifted: bool = False) -> list[Cover]:
    """Return the words that are covered in a case, oldest first."""
    rows = Cover.objects.visible_to(actor).filter(case_id=case.pk).order_by("pk")
    return list(rows if with_lifted else rows.filter(lifted_at=None))


def cover(actor: Actor, public_id: str) -> Cover:
    """Return one cover with its case. Raises NotFound, also for another shop's."""
    found = Cover.objects.visible_to(actor).filter(public_id=public_id).select_related("case").first()
    if found is None:
        raise NotFound("没有这处遮盖", "There is no such cover")
    assert isinstance(found, Cover)
    return found


def looked_at(actor: Actor, case: Case) -> frozenset[str]:
    """Return the hashes of the files of a case that a person has looked at."""
    rows = Look.objects.visible_to(actor).filter(exhibit__case_id=case.pk)
    return frozenset(rows.values_list("file_sha256", flat=True))


def talks_of(actor: Actor, case: Case) -> list[Conversation]:
    """Return the conversations about a case's order; without any, those with its buyer about the same goods."""
    order = case.order
    rows = Conversation.objects.visible_to(actor).order_by("pk")
    found = list(rows.filter(order=order))
    if not found and order.buyer_id and order.listing is not None and order.listing.item_id:
        found = list(rows.filter(order=None, buyer_id=order.buyer_id, item_id=order.listing.item_id))
    return found


def messages_of(actor: Actor, case: Case, talks: Sequence[Conversation] | None = None) -> list[Message]:
    """Return the messages of a case in the order in which packs number them, from 1."""
    rows = Message.objects.visible_to(actor).filter(conversation__in=talks_of(actor, case) if talks is None else talks)
    return list(rows.select_related("conversation").defer("original_sealed").order_by("said_at", "pk"))


def stands_elsewhere(case: Case, words: str) -> bool:
    """Tell whether words stand in what else is printed of a case: the claim, the ruling, names, exhibits."""
    buyer = case.buyer or case.order.buyer
    refunds = case.order.refunds.all()
    texts = [case.ruling_raw, buyer.nick if buyer else "", *(f"{one.reason_raw} {one.description}" for one in refunds)]
    texts += [f"{one.title} {one.source_file} {one.facts}" for one in case.exhibits.all()]
    return any(words in text for text in texts)
