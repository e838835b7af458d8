"""What a person types before something that cannot be taken back. Short enough for a phone, different for each act."""

from cardcase.kit.money import yuan
from cardcase.kit.text import Text, fold

_VERBS = {
    "concede": Text("同意", "agree"),
    "execute": Text("执行", "execute"),
    "decline": Text("拒绝退款", "decline"),
    "escalate": Text("平台介入", "escalate"),
    "submit": Text("提交证据包", "submit pack"),
}
_KINDS = {
    "replace_card": Text("换卡", "replace"),
    "resend_same_code": Text("补发", "resend"),
    "partial_refund": Text("退款", "refund"),
    "full_refund": Text("退款", "refund"),
    "return_and_refund": Text("退款", "refund"),
    "goodwill": Text("补偿", "goodwill"),
    "accept_claim": Text("认可", "accept"),
}


def phrase(act: str, kind: str = "", amount_fen: int | None = None) -> Text:
    """Return the phrase to type: 「执行退款 193.00」, "execute refund 193.00", 「拒绝退款」.

    ``act`` is concede, execute, decline, escalate or submit; kind and amount name what is agreed or executed.
    """
    verb = _VERBS[act]
    if act in ("decline", "escalate", "submit"):
        return verb
    what = _KINDS.get(kind, Text(kind, kind))
    figure = f" {yuan(amount_fen).removeprefix('¥')}" if amount_fen is not None else ""
    return Text(f"{verb.zh}{what.zh}{figure}", f"{verb.en} {what.en}{figure}")


def is_typed(typed: str, wanted: Text) -> bool:
    """Tell whether the phrase was typed, in either language; width, case and spaces do not matter."""
    told = "".join(fold(typed).replace("¥", "").split())
    return bool(told) and told in {"".join(fold(text).split()) for text in (wanted.zh, wanted.en)}
