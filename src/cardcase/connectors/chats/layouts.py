"""The forms of lines in copied chats: who and when, in the ways in which programs and people write it.

One line gives at most one `Head`. Which names are really names is decided over the whole text in pasted.py.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_DATE: Final = (
    r"(?:\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}日?|\d{1,2}[-/月]\d{1,2}日?|今天|昨天|前天|(?:星期|周)[一二三四五六日天])"
    r"(?:\s*(?:星期|周)[一二三四五六日天])?"
)
_CLOCK: Final = (
    r"(?:上午|下午|凌晨|早上|中午|晚上|傍晚)?\s?\d{1,2}[:：]\d{2}(?:[:：]\d{2}(?:\.\d{1,6})?)?(?:\s?[AaPp][Mm])?"
)
_STAMP: Final = rf"(?P<stamp>(?:{_DATE}[T,， ]{{0,3}})?{_CLOCK})"
_OPEN, _CLOSE = r"[\[【(（<〔]", r"[\]】)）>〕]"
_NAME: Final = r"(?P<name>[^:：\s](?:[^:：]{0,38}?[^:：\s])??)"

_HAS_CLOCK: Final = re.compile(r"\d[:：]\d{2}")
_STAMP_FIRST: Final = re.compile(
    rf"^\s*(?:{_OPEN}\s?{_STAMP}\s?{_CLOSE}\s*|{_STAMP.replace('stamp', 'stamp2')}\s+)"
    r"(?P<name>[^:：\s](?:[^:：]{0,38}?[^:：\s])?)\s*(?P<colon>[:：]\s*(?P<words>.*))?$"
)
_NAME_FIRST: Final = re.compile(rf"^\s*{_NAME}(?:\s*{_OPEN}\s?|\s+|(?<=[】\]])){_STAMP}\s?{_CLOSE}?\s*[:：]?\s*$")
_NAME_STAMP_WORDS: Final = re.compile(
    rf"^\s*(?:{_NAME}\s*{_OPEN}\s?{_STAMP}\s?{_CLOSE}\s*[:：]?|"
    rf"{_NAME.replace('name', 'name2')}\s+{_STAMP.replace('stamp', 'stamp2')}\s*[:：])\s*(?P<words>\S.*)$"
)
_NAME_STAMP_INLINE: Final = re.compile(
    rf"^\s*(?P<name>[^:：\s]{{1,30}})\s+(?P<stamp>{_DATE}[T,， ]{{0,3}}{_CLOCK})\s+(?P<words>\S.*)$"
)
_NAME_CLOCK_INLINE: Final = re.compile(rf"^\s*(?P<name>[^:：\s]{{1,30}})\s+(?P<stamp>{_CLOCK})\s+(?P<words>\S.*)$")
_STAMP_ONLY: Final = re.compile(rf"^\s*[-—─=]*\s*{_OPEN}?\s?{_STAMP}\s?{_CLOSE}?\s*[-—─=]*\s*$")
_DATE_ONLY: Final = re.compile(rf"^\s*[-—─=]*\s*{_OPEN}?\s?(?P<date>{_DATE})\s?{_CLOSE}?\s*[-—─=]*\s*$")
_COLON: Final = re.compile(
    r"^\s*(?P<name>[^:：\s](?:[^:：]{0,30}?[^:：\s])?)\s*(?!(?<=\d)[:：]\d\d)[:：]\s*(?P<words>.*)$"
)

_NO_NAMES: Final = frozenset(
    [
        "付款时间",
        "下单时间",
        "创建时间",
        "成交时间",
        "发货时间",
        "申请时间",
        "退款时间",
        "截止时间",
        "超时时间",
        "时间",
        "日期",
        "拍下时间",
        "导出时间",
        "卡号",
        "密码",
        "卡密",
        "账号",
        "帐号",
        "兑换码",
        "激活码",
        "充值码",
        "券码",
        "卡券",
        "礼品卡",
        "订单号",
        "订单编号",
        "订单",
        "交易号",
        "支付宝交易号",
        "金额",
        "面值",
        "价格",
        "余额",
        "有效期",
        "退款原因",
        "退款金额",
        "退款说明",
        "退款编号",
        "退款类型",
        "原因",
        "说明",
        "商品",
        "标题",
        "状态",
        "结果",
        "截图",
        "地址",
        "电话",
        "手机号",
        "姓名",
        "备注",
        "注意",
        "注",
        "提示",
        "温馨提示",
        "错误提示",
        "报错",
        "问题",
        "链接",
        "网址",
        "官网",
        "物流",
        "快递",
        "单号",
        "微信",
        "qq",
        "答",
        "问",
        "ps",
        "例如",
        "比如",
        "总之",
        "另外",
        "步骤",
        "方法",
        "教程",
        "使用方法",
        "兑换方法",
        "使用说明",
        "第一步",
        "第二步",
        "第三步",
        "声明",
        "http",
        "https",
        "昵称",
        "买家昵称",
        "卖家昵称",
        "店铺",
        "店铺名",
        "会话",
        "会话id",
        "聊天记录",
        "code",
        "pin",
        "password",
        "cdk",
        "key",
        "number",
        "secret",
        "card",
        "error",
        "order",
        "order_no",
        "id",
    ]
)
"""Labels that stand before a colon and are nobody's name."""
_LONGEST_NAME: Final = 40
"""Nicknames of the marketplace have at most 30 characters; a role tag may stand beside them."""
_LABEL: Final = re.compile("(?:卡号|密码|卡密|账号|订单号|有效期).{0,2}")
_CODE: Final = re.compile(r"(?=[^\d]*\d)[0-9A-Za-z@._\-]{4,}$")
"""A word with digits: two of them around a colon are a card, not somebody speaking."""
_SENTENCE: Final = re.compile(r"[，。！？,!?；;、…]|\d{6,}.*\d{6,}|https?|www\.|--|═|║|\t|=")


class Form(StrEnum):
    """How a line says who speaks; the weaker forms need a name that is known from elsewhere."""

    TIMED = "timed"
    STAMP_AND_TEXT = "stamp_and_text"  # "09:48 小鹿" or "09:48 在吗"
    INLINE = "inline"  # "小鹿 11-22 09:48 在吗"
    INLINE_CLOCK = "inline_clock"  # "小鹿 09:48 在吗"
    COLON = "colon"
    STAMP = "stamp"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Head:
    """What a line says about who and when. ``words`` is None when the words follow on other lines."""

    form: Form
    name: str = ""
    stamp: str = ""
    words: str | None = None


_TIMED: Final = (
    (_STAMP_ONLY, Form.STAMP),
    (_STAMP_FIRST, Form.TIMED),
    (_NAME_FIRST, Form.TIMED),
    (_NAME_STAMP_WORDS, Form.TIMED),
    (_NAME_STAMP_INLINE, Form.INLINE),
    (_NAME_CLOCK_INLINE, Form.INLINE_CLOCK),
)


def head_of(line: str) -> Head | None:
    """Return what a line says about who and when, or None when it is only words."""
    if _HAS_CLOCK.search(line, 0, 160):
        found = _timed(line)
        if found is not None:
            return found
    elif len(line) <= 40 and (match := _DATE_ONLY.match(line)):  # noqa: PLR2004 - a date with ornaments
        return Head(Form.DATE, stamp=_norm(match["date"]))
    if ":" in line or "：" in line:
        match = _COLON.match(line)
        if match and is_nick(match["name"]) and not (_CODE.match(match["name"]) and _CODE.match(match["words"])):
            return Head(Form.COLON, match["name"].strip(), "", match["words"])
    return None


def _timed(line: str) -> Head | None:
    for pattern, form in _TIMED:
        match = pattern.match(line)
        if match is None:
            continue
        parts = match.groupdict()
        stamp = _norm(parts.get("stamp") or parts.get("stamp2") or "")
        name = (parts.get("name") or parts.get("name2") or "").strip()
        if form is Form.STAMP:
            return Head(form, stamp=stamp)
        if pattern is _STAMP_FIRST and parts["colon"] is None:
            return Head(Form.STAMP_AND_TEXT, name, stamp)
        if is_nick(name):
            return Head(form, name.rstrip(":：").strip(), stamp, parts.get("words"))
    return None


def is_nick(name: str) -> bool:
    """Tell whether a text may be somebody's name: no sentence, no label of a value, no card."""
    bare = name.strip().strip("[]【】")
    if not bare or len(bare) > _LONGEST_NAME or bare.casefold() in _NO_NAMES or _LABEL.fullmatch(bare):
        return False
    return not _SENTENCE.search(bare)


def _norm(stamp: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", stamp).split())
