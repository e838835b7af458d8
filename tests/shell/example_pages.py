"""Page values as a believable shop would fill them: for rendering tests and for pictures."""

from datetime import timedelta

from cardcase.cards import pages as cards
from cardcase.desk import pages as desk
from cardcase.intake import pages as intake
from cardcase.kit import clock
from cardcase.shell import timing
from cardcase.shell.parts import (
    ActionForm,
    Choice,
    EmptyState,
    Fact,
    Input,
    InputKind,
    Link,
    Notice,
    Pager,
    Pill,
    Tone,
)
from shell.example_case import CASE, case, case_in_conflict, case_over


def row(title, reason, step, amount, hours, number, *, held=False):  # noqa: PLR0917 - a table of examples
    now = clock.now()
    due = None if hours is None else now + timedelta(hours=hours)
    return desk.CaseRow(
        CASE,
        f"AS-2026-{number:06d}",
        title,
        reason,
        step,
        amount,
        timing.countdown(due, now=now),
        is_held=held,
        put_off="搁置到 11月25日 10:00" if held else "",
    )


def today(*, empty=False) -> desk.TodayPage:
    if empty:
        return desk.TodayPage(
            "11月24日 周二",
            empty=EmptyState(
                "还没有售后单",
                "买家一申请退款，这里就会出现：原因、时限、证据、怎么回。先把手里的东西放进来，三步就够：",
                (
                    Link("导入订单和退款（闲管家 JSON、CSV、表格）", "/import/"),
                    Link("导入卡，记下从哪里进的货", "/import/"),
                    Link("粘贴聊天记录", "/import/"),
                ),
            ),
        )
    return desk.TodayPage(
        "11月24日 周二",
        sums=(
            desk.Sum("2", "今天到期", Tone.WARN, "/?due=today"),
            desk.Sum("5", "等我处理", url="/?waiting=us"),
            desk.Sum("7", "等买家", url="/?waiting=buyer"),
            desk.Sum("1", "超时", Tone.BAD, "/?late=1"),
        ),
        incidents=(
            Notice(
                Tone.BAD,
                "AS-2026-000117 错过了平台时限，平台已自动退款 ¥98.00。",
                "趁还记得，写一份简短的复盘。",
                Link("去复盘", CASE),
            ),
        ),
        groups=(
            desk.CaseGroup(
                "先做这些",
                (
                    row(
                        "云朵邮差 · 苹果充值卡 200",
                        Pill("卡密无效", Tone.AUTHENTICITY),
                        "读买家的话，确认原因",
                        "¥193.00",
                        17.2,
                        123,
                        held=True,
                    ),
                    row(
                        "阿波罗十三 · 超市卡 300",
                        Pill("面额不符", Tone.VALUE),
                        "核对余额截图",
                        "¥45.00",
                        22.67,
                        121,
                    ),
                ),
                "24 小时内到期",
            ),
            desk.CaseGroup(
                "接下来",
                (
                    row(
                        "南风 · 咖啡卡 50",
                        Pill("不想要了", Tone.PERSONAL),
                        "决定：退、换还是不退",
                        "¥46.00",
                        33,
                        120,
                    ),
                    row("阿May · Steam 50", Pill("没收到", Tone.OTHER), "等买家回复", "¥52.00", 51, 119),
                    row(
                        "t***9 · 实体卡 名字特别长的一张超市购物卡面值五百元送贺卡包邮",
                        Pill("未说明原因", Tone.UNKNOWN),
                        "先问一句：您遇到了什么问题？",
                        "¥1,100.00",
                        None,
                        118,
                    ),
                ),
            ),
        ),
        watch=(
            Notice(
                Tone.WARN,
                "批次 AP-1103 出现 1 张“卡密无效”，同批还剩 58 张未售。",
                "先查清楚再卖。",
                Link("查看批次", "/cards/batches/"),
            ),
            Notice(Tone.PLAIN, "“咖啡卡 30” 只剩 3 张。", link=Link("看库存", "/cards/")),
        ),
    )


def kinds() -> tuple[Choice, ...]:
    return (
        Choice("auto", "自动识别", is_chosen=True),
        Choice("orders", "订单与退款"),
        Choice("chat", "聊天"),
        Choice("cards", "卡"),
    )


def import_page() -> intake.ImportPage:
    return intake.ImportPage(
        "/import/",
        kinds(),
        (
            ("订单与退款", "闲管家的订单详情、退款详情、订单推送（JSON），以及 CSV、TSV、XLSX 订单表。"),
            ("聊天", "goofish-cli 历史、XianyuAutoAgent 数据库、推送日志，或直接粘贴聊天文字。"),
            ("卡", "一行一个卡密；卡号和密码用冒号、横线或制表符隔开；带表头的 CSV。"),
        ),
        "每次最多 50 个文件，每个不超过 8 MB。原文件会封存，卡密不会出现在报告里。",
        recent=(
            intake.RunRow("/import/run_1/", "11月24日 11:49 · 王店", "3 个文件 · 新 128 · 拒收 2", Tone.WARN),
            intake.RunRow("/import/run_0/", "11月20日 19:30 · 王店", "1 个文件 · 新 100"),
        ),
    )


def report(*, dry_run: bool) -> intake.ReportPage:
    refused = (
        intake.RefusedRow(
            "第 3 行",
            "订单号",
            "订单号被表格软件改坏了：2.22669E+18。",
            "在表格里把这一列设成“文本”，从平台重新导出后再导入。",
        ),
        intake.RefusedRow("第 17 行", "实付金额", "读不出金额：“一百九十三”。", "改成 193.00。"),
    )
    files = (
        intake.FileReport(
            "闲鱼订单导出_2026年11月_已完成与退款中的全部订单.xlsx",
            "订单",
            "",
            "40",
            "12",
            "3",
            "2",
            refused,
            has_refusals=True,
            samples=("2226690000001234567 · 苹果充值卡 200 元 · ¥193.00 · 退款中",) if dry_run else (),
        ),
        intake.FileReport("chat.txt", "聊天", "GB18030", "88", "0", "0", "0"),
    )
    return intake.ReportPage(
        "导入预览" if dry_run else "导入完成",
        "新 128 · 已有 12 · 有变化 3 · 拒收 2",
        files,
        "" if dry_run else "新开 3 个售后单，最早的一个 17 小时后到期。",
        is_dry_run=dry_run,
        confirm=ActionForm("/import/", "导入", hidden=(("act", "import"), ("key", "k")), is_main=True)
        if dry_run
        else None,
        cases=() if dry_run else (Link("AS-2026-000123 · 云朵邮差 · 苹果充值卡 200 元", CASE),),
        again_url="/import/",
    )


def stock() -> cards.StockPage:
    def one(tail, state, when, expires="2027-11-03"):
        return cards.CardRow("/cards/card_1/", f"‥{tail}", "苹果充值卡", "¥200.00", state, "AP-1103", expires, when)

    return cards.StockPage(
        (
            cards.StockRow("苹果充值卡 ¥200.00", "58 张可售", "已售 42 · 冻结 0", url="/cards/?face=20000"),
            cards.StockRow("咖啡卡 ¥30.00", "3 张可售", "已售 96", Tone.WARN, "/cards/?face=3000"),
            cards.StockRow("超市卡 ¥300.00", "0 张可售", "冻结 12", Tone.BAD, "/cards/?face=30000"),
            cards.StockRow("Steam $50", "21 张可售", "", url="/cards/?face=5000"),
        ),
        (
            one("K4RT", Pill("已交付", Tone.WARN), "11月20日 20:12 交给买家"),
            one("M9QX", Pill("在库", Tone.GOOD), "11月20日 20:06 查验，可兑换"),
            one("77TZ", Pill("已作废", Tone.BAD), "11月18日 09:00 作废", ""),
        ),
        (Choice("", "全部", is_chosen=True), Choice("in_stock", "在库"), Choice("revealed", "已交付")),
        "",
        "/cards/",
        Link("批次与来源", "/cards/batches/"),
        Pager("第 1–50 张，共 1,240 张", "", "/cards/?after=50"),
    )


def batches() -> cards.BatchesPage:
    return cards.BatchesPage(
        (
            cards.BatchRow(
                "AP-1103",
                Pill("来源完整", Tone.GOOD),
                (
                    Fact("货源方", "苹果官方旗舰店", "官方直供"),
                    Fact("进货日", "2026-11-03", "100 张，每张 ¥186.00"),
                    Fact("凭证", "发票已存"),
                    Fact("可向货源方追索", "到 2027-02-01"),
                ),
                "已售 42，出错 1：先查清楚再卖。",
                Tone.WARN,
                Link("看这批的卡", "/cards/?batch=AP-1103"),
                ActionForm(
                    "/cards/batches/1/quarantine/",
                    "冻结整批",
                    (Input("reason", "为什么", InputKind.TEXTAREA, is_required=True),),
                    opens="冻结整批",
                    is_danger=True,
                ),
            ),
            cards.BatchRow(
                "旧卡（没有批次）",
                Pill("来源不明", Tone.UNKNOWN),
                (Fact("货源方", "没有记"), Fact("凭证", "没有", tone=Tone.WARN)),
                "已售 3，没有出错。",
            ),
        ),
        Link("卡库", "/cards/"),
    )


def card() -> cards.CardPage:
    return cards.CardPage(
        "/cards/card_1/",
        "苹果充值卡 ¥200.00 ‥K4RT",
        Pill("已交付", Tone.WARN),
        (
            Fact("面额", "¥200.00"),
            Fact("有效期", "2027-11-03"),
            Fact("订单", "2226690000001234567", link=Link("", CASE)),
        ),
        (Fact("货源方", "苹果官方旗舰店", "官方直供"), Fact("批次", "AP-1103", "2026-11-03 进货，发票已存")),
        None,
        (
            cards.HistoryRow("11月20日 20:12", "交给买家", "平台自动发货", "平台", Tone.WARN),
            cards.HistoryRow("11月20日 20:06", "售前查验：可兑换", "余额 ¥200.00", "王店", Tone.GOOD),
            cards.HistoryRow("11月3日 15:40", "入库", "cards.csv 第 12 行", "王店"),
        ),
        ActionForm(
            "/cards/card_1/reveal/",
            "查看并记录",
            (Input("reason", "为什么要看", is_required=True, max_length=300),),
            opens="查看明文",
            warning="谁、什么时候、为什么看，都会写进记录。",
            is_danger=True,
        ),
        (
            ActionForm(
                "/cards/card_1/check/",
                "记下查验",
                (
                    Input("balance", "查到的余额（元）", InputKind.MONEY),
                    Input("method", "怎么查的", is_required=True),
                ),
                opens="记一次查验",
            ),
        ),
        (Link("AS-2026-000123 · 卡密无效 · 待处理", CASE),),
    )


def reveal() -> cards.RevealPage:
    return cards.RevealPage(
        "苹果充值卡 ¥200.00 ‥K4RT",
        "XMPL-EXMP-LEXA-K4RT",
        recorded="已记录：王店 11月24日 12:03，理由：核对买家截图。",
        back=Link("回到这张卡", "/cards/card_1/"),
    )


PAGES = {
    "/": ("desk/today.html", today),
    "/empty/": ("desk/today.html", lambda: today(empty=True)),
    "/cases/AS-2026-000123/": ("desk/case.html", case),
    "/cases/conflict/": ("desk/case.html", case_in_conflict),
    "/cases/over/": ("desk/case.html", case_over),
    "/import/": ("intake/import.html", import_page),
    "/import/preview/": ("intake/preview.html", lambda: report(dry_run=True)),
    "/import/run_1/": ("intake/report.html", lambda: report(dry_run=False)),
    "/cards/": ("cards/stock.html", stock),
    "/cards/batches/": ("cards/batches.html", batches),
    "/cards/card_1/": ("cards/card.html", card),
    "/cards/reveal/": ("cards/reveal.html", reveal),
}
