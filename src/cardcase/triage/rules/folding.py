"""Fold a text for matching and remember where each folded character came from, so that spans are exact.

Folds width and case (NFKC), invisible characters, traditional characters of this trade, homophone typing errors.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cardcase.kit import text as kit_text

LONGEST = 2_000
"""Characters of one message that are read; nobody states a reason after that, and rules stay quick on pasted novels."""

_TRADITIONAL = (
    "無効兌換過餘額貴騙買賣錯誤號碼關係對說話還沒發貨導帳賬戶實驗證權優區國際軟體點擊輸進鎖凍結風險測試讓給來這個們嗎麼為時間開啟閉網"
    "頁連線電簡訊訂單複雙筆塊錢幣價減補償賠責訴報評論態務應該辦處後幾張裡裏邊樣種類項選擇記憶歷錄觀見視聽認識讀寫圖書畫顯現屬於與並從"
    "當將須願聯繫絡絕總統經濟營業產廠門樓鄉鎮縣層場廣東車馬鳥魚龍龜齊齡讚謝請問題煩熱愛媽爺親戀離禮劃剛動勞勁勝匯協壞壓夠奪妳娛學寶尋"
    "專屆島幫庫廢彈徑復徹恥悅惡慘憑戲拋掃據損搶擔擾攔敗數斷暫會條極構標樂機檢歡氣決涼淨滿漲潔燒爛爭牽狀獎瑣畢異療瞭矚確禍稅穩窮築籤糾"
    "紅約級紙細終組維緊練罰羅罵聲職膠臉臨舊華萬蓋蘋裝規覺訓設許詐詢詳誰課調談諮諾謊護變豬負財貧貪貼費資賊賺購贈贏趕跡踐轉輕農運達違遊"
    "遠適遲遷郵醜釋針鈔鉅銀銷鋪鍵閒閃陸陽隊隨隱難雖雞靈靜頂順預頓領頭頻飛飯養餓館駁騷髒鬆鬧黃齒盜偽僞僅紀儲綁贗編歸舉虛準隻麽兒兩儘盡"
    "別刪卻參嚴圓塗幹憤懷曉歐殘沖溝獨監盤稱竊納縮繳續罷義臺衝製註誠語誇諒質賴遞遺鏈鐘闆韓顧髮懇攜撿騰鑒憂歲滯爾獻環競節範純習聞膽訪詞"
    "鄰閱頒驚鬥廳戰擬敵煉禦穫獲緒蝕譯賭轄辭銘飾驅貸賒躉釣鈕鎊鏡奧婦媧嬸孫寬審岡彎徵慶憊懶挾掛揀擁擠擲攝曖槍樁檔櫃殺毀淚渾滅潛澤濫瀏灣"
    "熒猶瑪癥盧祿籌緩織繞聰聳脫腦臟蘇衛襪觸託訝誘誡諷謀譴貢貶賀賓贖躍軍較載輔輛辯遙邏鈴鐵鑰閘闊闖陰雜霧頸顆飽駕驟鬱鮮鹽"
)
_SIMPLIFIED = (
    "无效兑换过余额贵骗买卖错误号码关系对说话还没发货导账账户实验证权优区国际软体点击输进锁冻结风险测试让给来这个们吗么为时间开启闭网"
    "页连线电简讯订单复双笔块钱币价减补偿赔责诉报评论态务应该办处后几张里里边样种类项选择记忆历录观见视听认识读写图书画显现属于与并从"
    "当将须愿联系络绝总统经济营业产厂门楼乡镇县层场广东车马鸟鱼龙龟齐龄赞谢请问题烦热爱妈爷亲恋离礼划刚动劳劲胜汇协坏压够夺你娱学宝寻"
    "专届岛帮库废弹径复彻耻悦恶惨凭戏抛扫据损抢担扰拦败数断暂会条极构标乐机检欢气决凉净满涨洁烧烂争牵状奖琐毕异疗了瞩确祸税稳穷筑签纠"
    "红约级纸细终组维紧练罚罗骂声职胶脸临旧华万盖苹装规觉训设许诈询详谁课调谈咨诺谎护变猪负财贫贪贴费资贼赚购赠赢赶迹践转轻农运达违游"
    "远适迟迁邮丑释针钞巨银销铺键闲闪陆阳队随隐难虽鸡灵静顶顺预顿领头频飞饭养饿馆驳骚脏松闹黄齿盗伪伪仅纪储绑赝编归举虚准只么儿两尽尽"
    "别删却参严圆涂干愤怀晓欧残冲沟独监盘称窃纳缩缴续罢义台冲制注诚语夸谅质赖递遗链钟板韩顾发恳携捡腾鉴忧岁滞尔献环竞节范纯习闻胆访词"
    "邻阅颁惊斗厅战拟敌炼御获获绪蚀译赌辖辞铭饰驱贷赊趸钓钮镑镜奥妇娲婶孙宽审冈弯征庆惫懒挟挂拣拥挤掷摄暧枪桩档柜杀毁泪浑灭潜泽滥浏湾"
    "荧犹玛症卢禄筹缓织绕聪耸脱脑脏苏卫袜触托讶诱诫讽谋谴贡贬贺宾赎跃军较载辅辆辩遥逻铃铁钥闸阔闯阴杂雾颈颗饱驾骤郁鲜盐"
)
_SIMPLE: Mapping[str, str] = dict(zip(_TRADITIONAL, _SIMPLIFIED, strict=True))


def _fold_one(char: str) -> str:
    folded = kit_text.fold(char)
    if unicodedata.category(char) == "Cs":  # a lone surrogate says nothing and cannot be stored
        return ""
    return "".join(_SIMPLE.get(part, part) for part in folded)


class _Folds(dict[int, str]):
    """Folding of single characters, learned as they are met; bounded by the number of code points."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__()
        self.uneven: set[str] = set()
        """Characters that do not become exactly one."""

    def __missing__(self, code: int) -> str:
        folded = _fold_one(chr(code))
        if len(folded) != 1:
            self.uneven.add(chr(code))
        self[code] = folded
        return folded


_FOLDS = _Folds()


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and, when folding changed its length, the origin of each of its characters."""

    original: str
    text: str
    origins: Sequence[int] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the half-open span of the original text that a span of the folded text stands for."""
        if self.origins is None:
            return start, end
        if start >= end:
            return self.origins[start], self.origins[start]
        return self.origins[start], self.origins[end - 1] + 1


_SPACED = re.compile(r"(?:[\u4e00-\u9fff][ \u3000]){3,}[\u4e00-\u9fff]")
_FEWEST_SPACES = 3
"""Of what ``_SPACED`` finds; counting them is quicker than looking for it."""
_BETWEEN = re.compile(r"(?<=[\u4e00-\u9fff])[ \u3000](?=[\u4e00-\u9fff](?:[ \u3000]|$))")


def fold(text: str, variants: "Variants | None" = None, *, longest: int = LONGEST) -> Folded:
    """Fold a text of any length (only its first ``longest`` characters); homophones are put right when given."""
    original = text[:longest]
    folded = original.translate(_FOLDS)
    origins: list[int] | None = None
    if not _FOLDS.uneven.isdisjoint(original):
        origins = [place for place, char in enumerate(original) for _ in _FOLDS[ord(char)]]
    if folded.count(" ") >= _FEWEST_SPACES and _SPACED.search(
        folded
    ):  # 「充 不 进 去」: typed with a space after each character
        gone = {match.start() for match in _BETWEEN.finditer(folded)}
        kept = [place for place in range(len(folded)) if place not in gone]
        origins = [origins[place] if origins is not None else place for place in kept]
        folded = "".join(folded[place] for place in kept)
    if variants is not None:
        folded = variants.put_right(folded)
    return Folded(text, folded, origins)


class Variants:
    """Homophone and look-alike typing errors; each wrong form is as long as the right one, so offsets stay."""

    def __init__(self, pairs: Mapping[str, str]) -> None:
        """Take wrong form → right form. Raises ValueError when their lengths differ."""
        for wrong, right in pairs.items():
            if len(wrong) != len(right):
                raise ValueError(f"{wrong} and {right} differ in length")
        self._pairs = dict(pairs)
        forms = sorted(pairs, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, forms))) if forms else None

    def put_right(self, folded: str) -> str:
        """Replace wrong forms by right ones, keeping the length."""
        if self._pattern is None or self._pattern.search(folded) is None:
            return folded
        return self._pattern.sub(lambda match: self._pairs[match.group()], folded)
