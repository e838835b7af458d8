"""The example's tables and card files, in the shapes and encodings in which suppliers and other tools send them."""

import csv
import io
from collections.abc import Callable, Iterable
from typing import Final

from .codes import Secret
from .platform import order_status
from .source import Batch, Order, Refund, Source, buyer_id

_STATUS: Final = {11: "待付款", 12: "待发货", 21: "已发货", 22: "交易成功", 23: "已退款", 24: "交易关闭"}
_REFUND_STATUS: Final = {1: "待商家处理", 4: "退款关闭", 5: "退款成功", 6: "已拒绝"}


def files(source: Source) -> dict[str, bytes]:
    """Write the other tool's order export (GB18030) and one stock file per batch."""
    refunds = {refund.order.key: refund for refund in source.refunds}
    theirs = [order for order in source.orders.values() if order.file == "csv"]
    written = {"orders-export.csv": _export(theirs, refunds)}
    for batch in source.batches.values():
        written[batch.file] = _FORMS[batch.form](batch).encode(batch.encoding)
    return written


def _table(rows: Iterable[Iterable[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def _export(orders: list[Order], refunds: dict[str, Refund]) -> bytes:
    head = (
        "订单编号", "闲鱼账号", "商品ID", "商品标题", "买家ID", "买家昵称", "数量", "订单金额", "订单状态", "付款时间",
        "发货时间", "退款状态", "退款金额", "退款原因", "申请时间",
    )  # fmt: skip
    rows: list[tuple[object, ...]] = [head]
    for order in orders:
        refund = refunds.get(order.key)
        rows.append(
            (
                order.order_no,
                "礼卡小铺二号",
                order.listing.item_id,
                order.listing.title,
                buyer_id(order.buyer),
                order.buyer,
                1,
                f"{order.listing.price_fen / 100:.2f}",
                "退款中" if refund and refund.status == 1 else _STATUS[order_status(order, refund)],
                f"{order.paid_at:%Y-%m-%d %H:%M:%S}" if order.paid_at else "",
                f"{order.delivered_at:%Y-%m-%d %H:%M:%S}" if order.delivered_at else "",
                _REFUND_STATUS[refund.status] if refund else "",
                f"{refund.amount_fen / 100:.2f}" if refund else "",
                refund.reason if refund else "",
                f"{refund.applied_at:%Y-%m-%d %H:%M:%S}" if refund else "",
            )
        )
    return _table(rows).encode("gb18030")


def _full(batch: Batch) -> str:
    head = ("卡号", "卡密", "面值", "成本", "有效期", "品牌", "地区", "形态", "备注")
    expires = batch.expires_on.isoformat() if batch.expires_on else ""
    listing = batch.listing
    rows = [
        (
            secret.number,
            secret.code,
            f"{listing.face_fen / 100:.2f}",
            f"{batch.unit_cost_fen / 100:.2f}",
            expires,
            listing.brand,
            listing.region,
            "实体卡" if listing.is_physical else "卡密",
            batch.name,
        )
        for secret in _secrets(batch)
    ]
    return _table([head, *rows])


def _secret_only(batch: Batch) -> str:
    return _table([("secret",), *((secret.code,) for secret in _secrets(batch))])


def _joined(mark: str) -> Callable[[Batch], str]:
    def write(batch: Batch) -> str:
        return "".join(f"{secret.number}{mark}{secret.code}\r\n" for secret in _secrets(batch))

    return write


def _lines(batch: Batch) -> str:
    return "".join(f"{secret.code}\n" for secret in _secrets(batch))


def _bars(batch: Batch) -> str:
    hint = f"地区:{'美区' if batch.listing.region == 'US' else '国区'}"
    return "".join(f"{secret.code}║{hint}║0║{batch.unit_cost_fen / 100:.2f}\n" for secret in _secrets(batch))


def _secrets(batch: Batch) -> list[Secret]:
    return [batch.secret(ordinal) for ordinal in range(1, batch.count + 1)]


_FORMS: Final[dict[str, Callable[[Batch], str]]] = {
    "full": _full,
    "secret": _secret_only,
    "pairs": _joined("----"),
    "colon": _joined(":"),
    "lines": _lines,
    "bars": _bars,
}
