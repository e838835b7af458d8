"""Words about a purchase that the rules about buying ask for."""

from types import MappingProxyType
from typing import Final

from cardcase.kit.text import Text

CARD_KINDS: Final = MappingProxyType(
    {
        "single": Text("单用途（一家商户）", "single-purpose (one firm)"),
        "multi": Text("多用途（跨商户）", "multi-purpose (many firms)"),
    }
)
PAID_BY: Final = MappingProxyType(
    {
        "transfer": Text("转账", "transfer"),
        "cash": Text("现金", "cash"),
        "credit_card": Text("信用卡", "credit card"),
        "other": Text("其他", "other"),
    }
)
PAYER_KINDS: Final = MappingProxyType({"company": Text("单位", "company"), "person": Text("个人", "person")})

SIGNALS: Final = MappingProxyType(
    {
        "off_platform": Text("买家要求在平台外报卡密", "the buyer asks for the code off the platform"),
        "third_party": Text("由第三方付款", "paid by a third party"),
        "payer": Text("记下付款人", "the payer's name"),
    }
)
"""What a person may note about a sale that no channel tells."""
