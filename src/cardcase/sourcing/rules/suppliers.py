"""Words about suppliers: how they got their cards, who they are, and when two names are the same name."""

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cardcase.kit.text import Text, fold

CHANNELS: Final = MappingProxyType(
    {
        "issuer_direct": Text("发卡方直采", "bought from the issuer"),
        "authorised": Text("授权渠道", "authorised reseller"),
        "second_hand": Text("二手回收", "second hand"),
        "unknown": Text("渠道未知", "channel unknown"),
    }
)
"""How a supplier got its cards (domain §7.1)."""

KINDS: Final = MappingProxyType(
    {"company": Text("单位", "company"), "person": Text("个人", "person"), "unknown": Text("没有写", "not told")}
)

ID_KINDS: Final = MappingProxyType(
    {
        "licence": Text("统一社会信用代码", "company registration number"),
        "id_card": Text("身份证", "identity card"),
        "passport": Text("护照", "passport"),
    }
)

STATUSES: Final = MappingProxyType({"active": Text("在用", "active"), "suspended": Text("停用", "suspended")})

_NOISE: Final = re.compile(r"[\s()（）\[\]【】<>《》「」『』·.,，。:：;；'\"“”‘’\-—_/&]+")
_SUFFIXES: Final = re.compile(
    r"(股份有限公司|有限责任公司|有限公司|公司|官方旗舰店|旗舰店|专营店|co\s*ltd|ltd|inc|llc)$"
)


def normal_name(name: str) -> str:
    """Return the form under which two names of suppliers look the same: width, case, brackets and legal suffixes off.

    A suffix that is the whole name stays. A hint for a warning, never a reason to join two suppliers.
    """
    plain = _NOISE.sub("", fold(name))
    while (shorter := _SUFFIXES.sub("", plain)) not in ("", plain):
        plain = shorter
    return plain


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierTold:
    """What somebody tells of a supplier; None leaves what is known. ``id_number`` and ``contact`` will be sealed."""

    channel: str | None = None
    kind: str | None = None
    legal_name: str | None = None
    id_kind: str | None = None
    id_number: str | None = None
    contact: str | None = None
    note: str | None = None
    claim_days: int | None = None
    claim_covers: str | None = None
    claim_evidence: str | None = None

    def __repr__(self) -> str:
        """Show which fields are told, never what they say."""
        told = [name for name in self.__slots__ if getattr(self, name) is not None]
        return f"SupplierTold({', '.join(told)})"
