"""What is sealed about suppliers and papers: the number of an identity, how to reach somebody, every paper."""

from cardcase.cards import vault
from cardcase.cards.models import Supplier

from .models import SourceDocument


def seal_identity(supplier: Supplier, number: str) -> bytes:
    """Seal the number of a supplier's identity for its row."""
    return vault.seal(number.encode(), context=_context(supplier.shop_id, supplier.public_id, "identity"))


def seal_contact(supplier: Supplier, contact: str) -> bytes:
    """Seal how a supplier is reached for its row."""
    return vault.seal(contact.encode(), context=_context(supplier.shop_id, supplier.public_id, "contact"))


def open_identity(supplier: Supplier) -> str:
    """Open the number of an identity; empty when there is none. Only after the record of it. Raises SealBroken."""
    return _open(supplier.id_sealed, _context(supplier.shop_id, supplier.public_id, "identity"))


def open_contact(supplier: Supplier) -> str:
    """Open how a supplier is reached; empty when nobody told. Only after the record of it. Raises SealBroken."""
    return _open(supplier.contact_sealed, _context(supplier.shop_id, supplier.public_id, "contact"))


def seal_paper(shop_id: int, document_id: str, data: bytes) -> bytes:
    """Seal the bytes of a paper for its row. The context says table, as it did when only tables were sealed."""
    return vault.seal(data, context=_context(shop_id, document_id, "table"))


def open_paper(document: SourceDocument) -> bytes:
    """Open the bytes of a paper. Raises SealBroken."""
    return vault.open_sealed(
        bytes(document.body_sealed or b""), context=_context(document.shop_id, document.public_id, "table")
    )


def _open(sealed: bytes | memoryview | None, context: str) -> str:
    return vault.open_sealed(bytes(sealed), context=context).decode() if sealed else ""


def _context(shop_id: int, public_id: str, what: str) -> str:
    return f"{shop_id}|{public_id}|{what}|1"
