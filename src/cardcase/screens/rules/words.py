"""The words on a picture: lines joined as they were wrapped, times, marks of reading, the writer's own box."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from .seen import Line

_STAMP: Final = re.compile(
    r"^(?:(?:\d{4}\s?[-/.年]\s?)?\d{1,2}\s?[-/.月]\s?\d{1,2}\s?日?|今天|昨天|前天|星期[一二三四五六日天]|周[一二三四五六日天]|"
    r"Today|Yesterday)?\s?(?:星期[一二三四五六日天]|周[一二三四五六日天])?\s?"
    r"(?:上午|下午|凌晨|早上|中午|晚上|傍晚)?\s?\d{1,2}\s?[:：]\s?\d{2}(?:\s?[:：]\s?\d{2})?\s?(?:[AaPp][Mm])?$"
)
_DAY_AND_CLOCK: Final = re.compile(r"^(\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?)(\d{2}[:：])")
_READ: Final = frozenset({"已读", "未读", "送达", "已送达", "发送失败"})
_FOOT: Final = re.compile(r"说点什么|发消息|按住\s?说话|输入消息|想跟.{0,4}说|^发送$|快捷回复|请输入")
_JUMP: Final = re.compile(r"^[↑↓⌃⌄^vV]?\s?(?:\d{1,3}\+?\s?条?新消息|有新消息|回到底部|回到最新)\s?[↑↓⌃⌄^vV]?$")
_VOICE: Final = re.compile(r"^(?:[川⺌小巛|lI!)）》>〉ｌ」』:：·.•]\s?){0,4}(\d{1,2})\s?(?:[\"″”“〃]|[′'’]{2})$")
"""The waves of a voice message are read as such letters, or not at all."""
_PRICE: Final = re.compile(r"^[¥￥]\s?\d[\d,]*(?:\.\d{1,2})?(?![\d.])")
_LOOK_ALIKES: Final = str.maketrans(
    "別內戶說換沒產錄爲為發軟黃溫羅還減兌辦過這個們時給實後貨單訂級間問題讓請謝錢買賣圖樣認識驗證綁話該東電幣"
    "來對開關點選擇號碼網頁頻購動態處帳賬戲遊務員圓國學會從將應當進連運達邊遠車轉輸較軍輛輕輪門閉閃閱陳陸陽際"
    "隨險難雙雞離雲靈靜頂項順預領頭顧顯願類風飛飯飲飾餘館馬駕騙驚魚鳥麗麥齊龍歲歷殘氣決況沖涼準幾劃創勞勢勝區"
    "協參變聽聯聲職腦臉舊莊華葉萬藥虧補裝製複見規視覺覽觀訊計記許設訪評詞試詢詳語誤課調談論諾謀講譯議護讀負財"
    "責貴費貼資賺賴質贈贏跡踐郵鄰醫釋針銀銷鍵鎖鏈鐘長隊階雜韓頓頗額饋麼黨塊錯簽檢裡裏寫嗎條張滿積卻樓幫謊結細"
    "約紅紙緊線練終組統維續縮總繼詐誰豐趕鄉鈔鋪鏡陰雖響顆養嗬啟喪嚴囑執場報壞壓夠奪奮媽嬰寶尋導屬岡島師幹庫廠"
    "廣廢彈徵復恆恥悶惡愛慘慣慮慶憑懷戀戰拋挾捨掃掛揀揮損搖搶撥擁擊擋據擠擬擴攔攤敗敘敵數斷於晉晝暈暫曉書棄極"
    "構槍樂標樹橋機檔檯櫃欄權歡毀氈淚淨測渾湊湯溝滅滾漢潔澤濕濟濫灣災烏無煙煩熱燈燒營爛爭爺牆獎獨獲獸現環畢畫"
    "異療瘋盜盡監盤眾睏瞭礎確磚祕禮禍種稱穩窮窩競筆節範築簡簾籃籤粵糧糾紀純紋納紛紹絕絲綜綠緒緣編緩緯縣縱織繞"
    "繩繪罰罵罷義習聖聰肅腳腸膚膠臨與興艦艱艷蘋蘭蝦螢蟲衛術衝褲襪託訴診註詩誇誌誕誘誠誼諒諮諷謎謙謠譽豈豬貓貝"
    "貧販貪貫賀賊賓賞賠賢賽贊趙趨踴軌輔輝辭辯農遞遲遷遺釘鈴鉛鋼鍋鎮鐵鑒閒闆闊隻霧韋韻須頒頸顏飄餅饅駐駛騎騷驅"
    "骯體髒鬆鬥鬧鮮鯨鳳鴨鵝鷹鹽麵齡",
    "别内户说换没产录为为发软黄温罗还减兑办过这个们时给实后货单订级间问题让请谢钱买卖图样认识验证绑话该东电币"
    "来对开关点选择号码网页频购动态处帐账戏游务员圆国学会从将应当进连运达边远车转输较军辆轻轮门闭闪阅陈陆阳际"
    "随险难双鸡离云灵静顶项顺预领头顾显愿类风飞饭饮饰余馆马驾骗惊鱼鸟丽麦齐龙岁历残气决况冲凉准几划创劳势胜区"
    "协参变听联声职脑脸旧庄华叶万药亏补装制复见规视觉览观讯计记许设访评词试询详语误课调谈论诺谋讲译议护读负财"
    "责贵费贴资赚赖质赠赢迹践邮邻医释针银销键锁链钟长队阶杂韩顿颇额馈么党块错签检里里写吗条张满积却楼帮谎结细"
    "约红纸紧线练终组统维续缩总继诈谁丰赶乡钞铺镜阴虽响颗养呵启丧严嘱执场报坏压够夺奋妈婴宝寻导属冈岛师干库厂"
    "广废弹征复恒耻闷恶爱惨惯虑庆凭怀恋战抛挟舍扫挂拣挥损摇抢拨拥击挡据挤拟扩拦摊败叙敌数断于晋昼晕暂晓书弃极"
    "构枪乐标树桥机档台柜栏权欢毁毡泪净测浑凑汤沟灭滚汉洁泽湿济滥湾灾乌无烟烦热灯烧营烂争爷墙奖独获兽现环毕画"
    "异疗疯盗尽监盘众困了础确砖秘礼祸种称稳穷窝竞笔节范筑简帘篮签粤粮纠纪纯纹纳纷绍绝丝综绿绪缘编缓纬县纵织绕"
    "绳绘罚骂罢义习圣聪肃脚肠肤胶临与兴舰艰艳苹兰虾萤虫卫术冲裤袜托诉诊注诗夸志诞诱诚谊谅咨讽谜谦谣誉岂猪猫贝"
    "贫贩贪贯贺贼宾赏赔贤赛赞赵趋踊轨辅辉辞辩农递迟迁遗钉铃铅钢锅镇铁鉴闲板阔只雾韦韵须颁颈颜飘饼馒驻驶骑骚驱"
    "肮体脏松斗闹鲜鲸凤鸭鹅鹰盐面龄",
)
"""Traditional letters that the engine takes for their simplified twins."""
_TRADITIONAL: Final = frozenset(map(chr, _LOOK_ALIKES))
_SIMPLIFIED: Final = frozenset(map(chr, _LOOK_ALIKES.values())) - frozenset(
    "后里干面只台松板了困斗注志云几万余丰征朱帘签表谷"
)
"""Those of their twins that a traditional text has not, too."""
_OFTEN: Final = frozenset("別內戶說換沒產錄爲為發軟黃溫羅還")
"""Those that the engine takes most often for their twins, whatever stands beside them."""
_CLEARLY: Final = 4
_HALF_EMPTY: Final = frozenset("，。、；：！？）】」』”")
"""Signs whose ink fills half of their square: a row that ends with one ends later than its ink."""
_CAPITAL: Final = 0.72
"""Height of a digit or a capital, to the size of its letters."""
_DOTS: Final = re.compile(r"(?:\.+…|…\.)[.…]*")
"""Six dots in a row, of which some were read one by one."""
_RINGS: Final = re.compile(r"[0Oo○〇°。\s]+$")
_RING: Final = 1.2
"""Breadth of a low ring and what is left beside it, to its height, at least; digits are higher than broad."""
_LETTER: Final = re.compile(r"[A-Za-z]")


def is_simplified(texts: Iterable[str]) -> bool:
    """Tell whether a picture is written in simplified letters, by those that only one of both scripts has."""
    simplified = traditional = 0
    for text in texts:
        simplified += sum(char in _SIMPLIFIED for char in text)
        traditional += sum(char in _TRADITIONAL for char in text)
    return simplified >= _CLEARLY * max(1, traditional)


def put_right(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a simplified picture without a lone traditional letter in a bubble: it is misread.

    Several in one bubble are meant so; and a rare one where no other letter shows the script.
    """
    said: dict[int, str] = defaultdict(str)
    for place, line in enumerate(lines):
        said[line.panel if line.panel >= 0 else ~place] += line.text
    found = []
    for place, line in enumerate(lines):
        text = said[line.panel if line.panel >= 0 else ~place]
        is_lone = sum(char in _TRADITIONAL for char in text) == 1
        is_amid = is_lone and any(char in _SIMPLIFIED for char in text)
        is_usual = is_lone and any(char in _OFTEN for char in text)
        found.append(replace(line, text=line.text.translate(_LOOK_ALIKES)) if is_amid or is_usual else line)
    return found


def with_signs(line: Line) -> str:
    """Return the words of a line with signs as they are written: broken dots, and rings too low for letters."""
    text = _DOTS.sub("……", line.text)
    told = "".join(text.split())
    if _RINGS.match(told) and line.ink.width > _RING * line.ink.height * len(told):
        return "。" * len(told)
    return text


def is_stamp(text: str) -> bool:
    """Tell whether a line is nothing but a time, as chats write them between what was said."""
    return _STAMP.match(text.strip()) is not None


def stamp_of(text: str) -> str:
    """Return a time as it is written elsewhere: narrow colons, a space between day and clock."""
    told = " ".join(text.replace("：", ":").split())
    told = re.sub(r"\s?:\s?", ":", told)
    told = _DAY_AND_CLOCK.sub(r"\1 \2", told)
    told = re.sub(r"^(\d{1,2}[-/.月]\d{2}日?)(\d{2}:)", r"\1 \2", told)
    return re.sub(r"(天|日|[一二三四五六])(\d{1,2}:)", r"\1 \2", told)


def is_read_mark(text: str) -> bool:
    """Tell whether a line only says that something was read."""
    return text.strip() in _READ


def voice_of(text: str) -> str:
    """Return how a voice message is written, when a bubble holds nothing but its length beside waves; else nothing."""
    found = _VOICE.match(text.strip())
    return f"[语音] {found[1]}″" if found else ""


def is_price(text: str) -> bool:
    """Tell whether a line begins with a price, as the goods above a chat have one."""
    return _PRICE.match(text.strip()) is not None


def is_foot(text: str) -> bool:
    """Tell whether a line belongs to the writer's own box below the talk."""
    return _FOOT.search(text) is not None


def is_jump(text: str) -> bool:
    """Tell whether a line is what floats over a talk and leads to its newest words."""
    return _JUMP.match(text.strip()) is not None


def units(text: str) -> float:
    """Return how many letters wide a text is, a Chinese one counting 1, a Latin one 0.55."""
    return sum(1.0 if unicodedata.east_asian_width(char) in "WF" or char in "…—" else 0.55 for char in text)


def is_wide(text: str) -> bool:
    """Tell whether a row holds a letter as high as the row: a Chinese one that is no stroke like 一."""
    return any(unicodedata.east_asian_width(char) == "W" and char.isalpha() and char not in "一二三丶" for char in text)


def pitch(line: Line) -> float:
    """Return the size of a line's letters in pixels: its width by its letters, steadier than the height of its box."""
    count = units(line.text)
    if count >= 1:
        return line.ink.width / count
    return line.ink.height / (_CAPITAL if line.text.isalnum() else 1.0)


def usual_contrast(lines: Iterable[Line]) -> float:
    """Return how far what is said stands out: more than the times and quotations on grounds of their own do."""
    found = sorted(line.contrast for line in lines if line.panel >= 0)
    return float(found[len(found) * 3 // 4]) if found else 0.0


def rows_of(lines: Sequence[Line]) -> list[list[Line]]:
    """Sort lines into rows from top to bottom; parts of one row stand side by side."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda one: one.ink.centre):
        if rows and abs(rows[-1][0].ink.centre - line.ink.centre) < 0.5 * min(rows[-1][0].ink.height, line.ink.height):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda one: one.ink.left) for row in rows]


def joined(lines: Sequence[Line], right: float) -> str:
    """Return what the lines of one bubble say. ``right``: where a full row ends, in pixels.

    A row that ends there was wrapped and goes on without a break; a shorter one ends a paragraph.
    """
    said = ""
    rows = rows_of(lines)
    for number, row in enumerate(rows):
        text = _row(row)
        if not number:
            said = text
            continue
        before = rows[number - 1][-1]
        said += _between(before, text, right) + text
    return said


def _row(row: Sequence[Line]) -> str:
    text = row[0].text.strip()
    for before, part in pairwise(row):
        gap = part.ink.left - before.ink.right
        text += (" " if gap > 0.6 * part.ink.height else "") + part.text.strip()
    return text


def _between(before: Line, text: str, right: float) -> str:
    size = pitch(before) if len(before.text) > 1 else float(before.ink.height)
    token = re.match(r"[!-~]+", text)
    needs = units(token.group()) if token else 1.0
    end = before.ink.right + (0.6 * size if before.text.rstrip()[-1:] in _HALF_EMPTY else 0.0)
    if end + (needs + 0.6) * size < right:
        return "\n"
    last = before.text.rstrip()[-1:]
    is_word = bool(_LETTER.match(last)) and bool(_LETTER.match(text[:1]))
    is_broken = right - before.ink.right < 0.62 * size  # full to the last letter: the word itself was broken
    return " " if (is_word and not is_broken) or before.text.endswith(" ") else ""
