"""What a reply must not carry whole: codes that are typed in or read out, and who somebody is and where he lives. Pure.

Shapes, not words: a phone, an identity number, a bank card, a mail address, a postal address, a full name with the
digits that prove it. Tails of four digits alone, order, parcel and case numbers are fine, and so is a hotline.
"""

import re
from typing import Final

Span = tuple[int, int]

_ORDER: Final = r"(?:单号|订单|运单|编号|案件|流水|批号|快递|包裹|尾号|末四位|后四位)"
_SECRET: Final = re.compile(
    r"(?:验证码|驗證碼|动态码|動態碼|校验码|登录码|安全码|短信里那个|六位数)[^\d\n,，。;；]{0,4}(\d{4,8})(?!\d)"
    r"|(?:密码|密碼|密匙|密钥|刮码|密)\s?(?:是|为|:|：)?(?:在这)?[:： ]{0,2}((?=[!-~]*\d)[A-Za-z0-9!@#$%^&*]{6,30})"
    r"|(?:卡号?|券码|序号|序號|账号|帳號)[^\d\n,，。;；]{0,6}?(?<!尾号)(?<!后四位)"
    r"((?:\d{4} ?){3,5}\d{0,4}|[A-Z]{2}\d{6,})(?=.{0,6}(?:密|刮))"
    r"|(?<!\d)(\d{12,20})(?=\s?(?:密|这串))"
)
_PHONE: Final = re.compile(
    r"(?<![\dA-Za-z])(?:\+?86[ -]?)?(1[3-9]\d[ -]?\d{4}[ -]?\d{4})(?!\d)"
    r"|(?<!\d)(09\d{8})(?!\d)|(?<!\d)(\+\d{2}[ \d]{9,14})(?!\d)"
)
_IDENTITY: Final = re.compile(
    r"(?<!\d)[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])"
    r"(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])"
)
_BANK: Final = re.compile(r"(?<!\d)(?:62|4\d|5[1-5])\d{2} ?\d{4} ?\d{4} ?\d{4} ?\d{0,3}(?!\d)")
_BANK_SAID: Final = re.compile(r"银行|銀行|付款卡|储蓄|借记|信用卡|打到|您的卡|你的卡|bank", re.IGNORECASE)
_MAIL: Final = re.compile(r"(?<![\w.])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PLATE: Final = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·• ]?[A-Z0-9]{5,6}(?![A-Za-z0-9])"
)
_PLACE: Final = re.compile(
    r"(?:[\u4e00-\u9fff]{2,12}?(?:省|市|区|區|县|縣|镇|鎮|街道))?[\u4e00-\u9fff]{1,10}"
    r"(?:(?:路|街|巷|弄|大道|道|村|里|园|苑|庄|小区|公寓|段|组)"
    r"(?:[一二三四五六七八九十东西南北]段?|\d+段)?\d{1,5}(?:号|號|弄|栋|幢|座|巷|组|-\d)|"
    r"(?:小区|公寓|苑|里|村|园|庄|院)[^\d，。,]{0,2}\d{1,3}(?:栋|幢|座|号楼|-\d))"
    r"[\dA-Za-z\u4e00-\u9fff-]{0,16}"
)
_PLACE_EN: Final = re.compile(r"\b\d{1,5} [A-Z][a-z]+ (?:Street|St|Road|Rd|Lane|Ln|Avenue|Ave|Close|Drive|Court)\b")
_OUR_PLACE: Final = re.compile(r"退货|退貨|寄回|回寄|寄到我|寄我|门店|門市|网点|柜台|自提|营业厅")
_SURNAMES: Final = (
    "王李张劉刘陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈曾彭吕呂苏蘇"
    "卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬段钱"
    "錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文庞龐樊兰蘭殷施陶洪翟安颜顏倪严嚴牛温溫芦季俞章鲁魯葛伍韦韋申尤毕畢聂聶焦向柳邢岳齐齊"
    "梅莫庄莊辛管祝左涂谷祁时時舒耿牟卜詹关關苗凌费費纪紀靳盛童欧歐甄项項曲游阳陽裴席卫衛查屈鲍鮑位覃霍翁隋甘景薄包司"
    "柏宁寧柯阮桂闵解强柴华華车車冉房边邊戚简簡闻聞滕"
)
_NAMED: Final = re.compile(
    rf"(?:(?:欧阳|闻人|司马|上官|诸葛)|[{_SURNAMES}])[\u4e00-\u9fff]{{1,2}}"
    rf"(?:先生|女士|小姐)?[,，、 ]{{0,2}}(?:也是|您)?"
    r"(?:手机|手機|电话|電話|身份证|卡)?(?:尾号|尾號|末四位|后四位|後四碼)\s?\d{4}"
)
_NAMED_EN: Final = re.compile(r"\b[A-Z][a-z]+ [A-Z][a-z]+, (?:phone |card )?ending (?:in )?\d{4}")


def codes(text: str) -> list[Span]:
    """Return the places of one-time codes, passwords and card numbers that are told with their secret."""
    found = []
    for match in _SECRET.finditer(text):
        group = next(number for number, piece in enumerate(match.groups(), 1) if piece)
        if not re.search(_ORDER, text[max(0, match.start(group) - 5) : match.start(group)]):
            found.append(match.span(group))
    return found


def personal(text: str) -> list[Span]:
    """Return the places that tell who somebody is or where: whole values, ours for returns left out."""
    found = [match.span(match.lastindex or 0) for match in _PHONE.finditer(text)]
    for pattern in (_IDENTITY, _MAIL, _PLATE, _NAMED, _NAMED_EN):
        found += [match.span() for match in pattern.finditer(text)]
    if _BANK_SAID.search(text):
        found += [match.span() for match in _BANK.finditer(text)]
    if not _OUR_PLACE.search(text):
        found += [match.span() for pattern in (_PLACE, _PLACE_EN) for match in pattern.finditer(text)]
    return _apart(found)


def _apart(spans: list[Span]) -> list[Span]:
    """Return the spans in order, those that touch one another as one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
