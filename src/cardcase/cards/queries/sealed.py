"""Where sealed values lie, and under which keys: counted by their heads, without opening any. Of the installation."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.db.models import BinaryField, Count, Model, QuerySet
from django.db.models.functions import Substr

from cardcase.cards.models import KeptWrapping
from cardcase.cards.vault import envelope, keys
from cardcase.custody import files
from cardcase.staff.rules import Actor, Permission

KEPT_FILES: Final = "kept files"
"""How the originals among the kept files are called where places are counted."""

HEADS_AT_ONCE: Final = 5000
"""Heads that are read in one question, a few bytes each."""


@dataclass(frozen=True, slots=True)
class SealedPlace:
    """A column that holds sealed values: model as ``app.Model``, field, and the column that repeats the key version.

    ``at_once`` is how many values of it are held in memory together: few where a value may be a whole file.
    """

    model: str
    field: str
    version_field: str = ""
    at_once: int = 500

    @property
    def name(self) -> str:
        """Return how people see it."""
        return f"{self.model}.{self.field}"

    def table(self) -> type[Model]:
        """Return the model."""
        return apps.get_model(self.model)

    def rows(self) -> QuerySet[Any]:
        """Return the rows that hold a value, each with its ``sealed_head``: empty is a key that was destroyed."""
        rows = self.table()._base_manager.exclude(**{self.field: None}).exclude(**{self.field: b""})  # noqa: SLF001 - Django's documented model API
        head = Substr(self.field, 1, envelope.HEAD, output_field=BinaryField())
        found: QuerySet[Any] = rows.annotate(sealed_head=head)
        return found


WRAPPINGS: Final = SealedPlace("cards.KeptWrapping", "wrapping")
"""Of this room itself: the present wrappings of kept originals."""


@dataclass(frozen=True, slots=True)
class SealedCount:
    """How many values lie in one place under each version of the ring, under no key of it, and unsealed."""

    place: str
    by_version: Mapping[int, int] = field(default_factory=dict)
    missing: int = 0
    unsealed: int = 0


def sealed_counts(actor: Actor, places: Sequence[SealedPlace]) -> list[SealedCount]:
    """Count all sealed values of the installation by key, place by place, the kept files last."""
    actor.require(Permission.MANAGE_SHOP)
    counted = []
    for place in places:
        heads = place.rows().values("sealed_head").annotate(times=Count("pk"))
        found = heads.order_by().values_list("sealed_head", "times")
        counted.append(_sum(place.name, ((bytes(head or b""), times) for head, times in found)))
    return [*counted, _sum(KEPT_FILES, ((head, 1) for _, head in kept_heads(actor)))]


def kept_heads(actor: Actor) -> Iterator[tuple[Path, bytes]]:
    """Go through the kept files that are sealed: the file and the head that counts for it, its row's or its own.

    Among them lie papers that are not sealed, and one may begin as if it were: a head counts when it names a key that
    this ring has or had.
    """
    actor.require(Permission.MANAGE_SHOP)
    ring = keys.ring()
    fresh = {sha256: bytes(head) for sha256, head in KeptWrapping.objects.values_list("sha256", "wrapping").iterator()}
    for path in sorted(Path(settings.CARDCASE.files).glob("[0-9a-f][0-9a-f]/*")):
        with path.open("rb") as file:
            head = file.read(envelope.HEAD)
        counts = fresh.get(path.name, head)[: envelope.HEAD]
        named = envelope.head_of(counts)
        if named is not None and (
            keys.held_by(ring, named.mark, named.version, named.fingerprint) is not None
            or ring.retired.get(named.version) == named.fingerprint
        ):
            yield path, counts


def open_original(actor: Actor, sha256: str, *, context: str) -> bytes:
    """Open a sealed original among the kept files, with the wrapping that counts now.

    Raises NotFound, DamagedFile, and what opening raises.
    """
    actor.require(Permission.MANAGE_SHOP)
    sealed = files.read(sha256)
    fresh = KeptWrapping.objects.filter(sha256=sha256).values_list("wrapping", flat=True).first()
    return envelope.open_sealed(
        sealed if fresh is None else envelope.with_wrapping(sealed, bytes(fresh)), context=context
    )


def _sum(place: str, heads: Iterable[tuple[bytes, int]]) -> SealedCount:
    ring = keys.ring()
    by_version: Counter[int] = Counter()
    missing = unsealed = 0
    for raw, times in heads:
        head = envelope.head_of(raw)
        if head is None:
            unsealed += times
        elif keys.held_by(ring, head.mark, head.version, head.fingerprint) is None:
            missing += times
        else:
            by_version[head.version] += times
    return SealedCount(place, dict(by_version), missing, unsealed)
