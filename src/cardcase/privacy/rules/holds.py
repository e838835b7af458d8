"""What stands against erasing: something that is not over yet and needs the data. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.text import Text


class Hold(StrEnum):
    """Why a matter cannot be erased now."""

    CASE_OPEN = "case_open"
    DISPUTE_OPEN = "dispute_open"
    CLOCK_RUNS = "clock_runs"
    REMEDY_RUNS = "remedy_runs"
    TRADE_OPEN = "trade_open"
    SUPPLIER_CLAIM = "supplier_claim"
    RECALL_UNTOLD = "recall_untold"
    OTHERS_FIRST = "others_first"


HOLD_TITLES: Final = MappingProxyType(
    {
        Hold.CASE_OPEN: Text("售后单还没结束", "a case is open"),
        Hold.DISPUTE_OPEN: Text("平台纠纷还在进行", "the platform's dispute goes on"),
        Hold.CLOCK_RUNS: Text("还有时限在走", "a clock is running"),
        Hold.REMEDY_RUNS: Text("处理方案还没执行完", "a remedy is under way"),
        Hold.TRADE_OPEN: Text("订单还没发货", "the order has not been delivered"),
        Hold.SUPPLIER_CLAIM: Text("正向货源方索赔这张卡", "a claim on the supplier is about its card"),
        Hold.RECALL_UNTOLD: Text("召回还没告诉买家", "the buyer has not been told of a recall"),
        Hold.OTHERS_FIRST: Text("这位买家别的订单还留着资料", "other orders of the buyer still hold data"),
    }
)


@dataclass(frozen=True, slots=True)
class Held:
    """One hold and what it is about: the number of a case, of an order, or the name of a clock."""

    hold: Hold
    about: str

    @property
    def text(self) -> Text:
        """Say it."""
        title = HOLD_TITLES[self.hold]
        return Text(f"{title.zh}（{self.about}）", f"{title.en} ({self.about})") if self.about else title
