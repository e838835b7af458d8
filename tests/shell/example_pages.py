"""Page values as a believable shop would fill them: for rendering tests and for pictures."""

from datetime import timedelta

from cardcase.cards import pages as cards
from cardcase.desk import pages as desk
from cardcase.intake import pages as intake
from cardcase.kit import clock
from cardcase.shell import timing
from cardcase.shell.parts import (
    ActionForm,
    Check,
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

CASE = "/cases/AS-2026-000123/"
REVISION = ("revision", "4")


def row(title, reason, step, amount, hours, number, *, held=False):  # noqa: PLR0917 - a table of examples
    now = clock.now()
    due = None if hours is None else now + timedelta(hours=hours)
    return desk.CaseRow(
        CASE, f"AS-2026-{number:06d}", title, reason, step, amount, timing.countdown(due, now=now), is_held=held
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


def seg(text, *quoted):
    pieces, rest = [], text
    for words in quoted:
        before, rest = rest.split(words, 1)
        pieces += [desk.Segment(before)] if before else []
        pieces.append(desk.Segment(words, is_quoted=True))
    return tuple(pieces + ([desk.Segment(rest)] if rest else []))


def talk() -> tuple[desk.TalkLine, ...]:
    kind = desk.LineKind
    return (
        desk.TalkLine(kind.DAY, seg("11月20日 周五")),
        desk.TalkLine(kind.BUYER, seg("在吗 这个卡现在能充吗"), "云朵邮差", "20:03", "m-1"),
        desk.TalkLine(kind.SELLER, seg("在的亲，拍下自动发卡密，国区 Apple ID 直接兑换"), "礼卡小铺", "20:04", "m-2"),
        desk.TalkLine(kind.BUYER, seg("好的我拍了"), "云朵邮差", "20:11", "m-3"),
        desk.TalkLine(kind.SYSTEM, seg("已发货：卡密尾号 ‥K4RT，买家可见"), time="20:12", note="卡密已遮盖"),
        desk.TalkLine(kind.DAY, seg("11月22日 周日")),
        desk.TalkLine(kind.BUYER, seg("充的时候一直弹此代码无效 试了三遍了", "此代码无效"), "云朵邮差", "09:48", "m-4"),
        desk.TalkLine(kind.BUYER, seg("您这个卡是真的吗 别是网上撸来的", "卡是真的吗"), "云朵邮差", "09:49", "m-5"),
        desk.TalkLine(kind.BUYER, seg("？？？人呢"), "云朵邮差", "10:20", "m-6"),
        desk.TalkLine(kind.EVENT, seg("买家申请退款 · 仅退款 ¥193.00"), time="10:31", tone=Tone.BAD),
        desk.TalkLine(kind.PLATFORM, seg("买家已发起退款，请在规定时间内处理。"), "闲鱼客服", "10:31", "m-7"),
    )


def remedies() -> desk.RemedyBox:
    def start(kind, **more):
        return ActionForm(f"{CASE}move/", hidden=(REVISION, ("event", "T8"), ("kind", kind)), **more)

    return desk.RemedyBox(
        "卡若确实不能用，必须全额退款或换一张同面额的卡。",
        (
            desk.RemedyRow(
                "先要证据，再决定",
                "预计 ¥18–60",
                "问买家要整屏录屏，同时向发卡方查是否已兑换。今晚 20:00 前要到，不耽误时限。",
                is_recommended=True,
            ),
            desk.RemedyRow(
                "换一张卡",
                "¥176–193",
                is_floor=True,
                blocked=("旧卡是否作废还没有查实：先做发卡方查询，或把旧卡作废。",),
            ),
            desk.RemedyRow(
                "全额退款",
                "¥193.00",
                "先尝试作废卡密，再在平台上同意退款。",
                is_floor=True,
                act=start(
                    "full_refund",
                    button="决定全额退款",
                    opens="选全额退款",
                    typed_word="193.00",
                    warning="在平台同意之后钱就收不回来。这里只记录你的决定，退款由你在平台上点。",
                ),
            ),
            desk.RemedyRow("部分退款", "¥0–193", blocked=("卡是否能用还不知道：能用才谈得上退一部分。",)),
            desk.RemedyRow(
                "拒绝退款",
                "¥12–210",
                blocked=("证据不齐：还缺买家录屏、发卡方查询。", "只有店主可以拒绝。"),
            ),
            desk.RemedyRow("申请平台介入", "¥12–150", blocked=("先封存证据包；超时前都可以申请。",)),
        ),
    )


def evidence() -> desk.EvidenceBox:
    state = desk.EvidenceState
    ask = ActionForm(f"{CASE}ask/", "已经向买家要了", hidden=(REVISION, ("kinds", "E11"), ("to", "buyer")))
    return desk.EvidenceBox(
        "有 3 · 要 2 · 缺 1",
        (
            desk.EvidenceRow(
                "进货凭证",
                state.HAVE,
                "已有",
                "批次 AP-1103，官方旗舰店，发票已存。",
                weight="决定性",
                exhibits=(Link("发票 2026-11-03", "#"),),
            ),
            desk.EvidenceRow("售前余额查验", state.HAVE, "已有", "发货前 6 分钟，可兑换，有截图。", weight="决定性"),
            desk.EvidenceRow("交付记录", state.HAVE, "已有", "平台自动发货，11月20日 20:12。"),
            desk.EvidenceRow(
                "买家整屏录屏（口令 7K2M）",
                state.ASK,
                "要",
                "能看出是不是输错、区服对不对。今天 20:00 前要到。",
                "向买家要",
                "决定性",
                wording="麻烦您录一段兑换页面的整屏视频：先写上 7K2M 四个字，再慢慢输入一遍卡密，录到提示出来为止。",
                ask=ask,
            ),
            desk.EvidenceRow(
                "发卡方查询：是否已兑换",
                state.ASK,
                "要",
                "官方客服能查到兑换时间和地区。",
                "自己去问",
                "决定性",
                how="拨发卡方官方客服，报卡号和购买凭证，问两件事：是否已兑换、什么时间。把通话时间和工号记在备注里。",
            ),
            desk.EvidenceRow(
                "买家截图",
                state.CONTRADICTS,
                "矛盾",
                "截图里的尾号是 ‥M9QX，不是这张卡的 ‥K4RT。",
                exhibits=(Link("截图 E10", "#"),),
            ),
            desk.EvidenceRow("同批其他卡", state.MISSING, "缺", "42 张已售，0 张出错；还没有整理成记录。"),
        ),
        "只要知道这张卡是否已被兑换，建议就会改变：值约 ¥40。",
        ActionForm(
            f"{CASE}evidence/",
            "添加",
            (
                Input(
                    "kind",
                    "这是什么",
                    InputKind.SELECT,
                    choices=(Choice("E10", "买家截图"), Choice("E11", "买家录屏"), Choice("E3", "发卡方查询")),
                ),
                Input("title", "说明", is_required=True, max_length=200),
                Input("files", "文件", InputKind.FILE, help="图片、视频、PDF，每个不超过 8 MB。"),
            ),
            (REVISION,),
            opens="添加证据",
            has_files=True,
        ),
    )


def reasons(chosen: str) -> tuple[Choice, ...]:
    rows = (
        ("A1", "卡密无效", "真实性质疑"),
        ("A2", "已被兑换", "真实性质疑"),
        ("A5", "区服或品牌不符", "真实性质疑"),
        ("P1", "不想要了", "买家个人原因"),
        ("P5", "自己用不了", "买家个人原因"),
        ("V1", "余额不足", "价值争议"),
        ("O1", "没收到", "其他"),
    )
    return tuple(Choice(code, title, family, is_chosen=code == chosen) for code, title, family in rows)


def case(**changes) -> desk.CasePage:
    now = clock.now()
    due = now + timedelta(hours=17, minutes=12)
    draft = (
        "您好，给您添麻烦了。这张卡购自官方旗舰店，发货前查验过可以兑换。请核对 0 与 O、1 与 I，"
        "再录一段兑换页面的整屏视频（画面里写上 7K2M），我同步找官方核实，今天内给您答复。"
    )
    values = {
        "url": CASE,
        "number": "AS-2026-000123",
        "revision": 4,
        "title": "苹果充值卡 200 元",
        "buyer": "云朵邮差",
        "amount": "¥193.00",
        "stage": "平台退款申请",
        "status": Pill("待处理", Tone.WARN),
        "waiting": "等我们",
        "is_open": True,
        "clock": desk.ClockBox(
            timing.countdown(due, now=now),
            "11月25日 05:12 前不处理，平台自动退款 ¥193.00。",
            "来源：平台接口 · 确定",
            others=("内部目标：首次回复，今天 12:31 前。",),
        ),
        "next_step": desk.NextStep("读买家的话，确认原因；确认前不会发出任何消息。", "#reason", "去确认原因"),
        "talk": talk(),
        "talk_summary": "5 条 · 3 条未读",
        "hold": desk.Hold(
            "已暂停自动消息，确认原因后再回复。时限照走。",
            lift=ActionForm(
                f"{CASE}hold/",
                "解除暂停",
                (Input("reason", "为什么现在解除", InputKind.TEXTAREA, is_required=True, max_length=300),),
                (REVISION,),
                opens="解除（店主）",
            ),
        ),
        "reason": desk.ReasonBox(
            Pill("真实性质疑 › 卡密无效", Tone.AUTHENTICITY),
            "把握 93%",
            (desk.QuoteLink("此代码无效", "m-4"), desk.QuoteLink("卡是真的吗", "m-5")),
            second="也可能是：区服或品牌不符。",
            found="卡在发货前 6 分钟可兑换；兑换状态未知。",
            confirm=ActionForm(f"{CASE}reason/", "确认原因", hidden=(REVISION, ("sub_reason", "A1")), is_main=True),
            change=ActionForm(
                f"{CASE}reason/",
                "改成这个并确认",
                (Input("sub_reason", "买家说的是", InputKind.SELECT, choices=reasons("A1")),),
                (REVISION,),
                opens="改成别的",
            ),
        ),
        "evidence": evidence(),
        "remedies": remedies(),
        "draft": desk.DraftBox(
            draft,
            200,
            f"{len(draft)} / 200",
            (
                Check(ok=True, text="语气平和"),
                Check(ok=True, text="没有站外联系方式"),
                Check(ok=True, text="不含卡密"),
                Check(ok=False, text="“官方旗舰店”要有凭证才能说：发票已存，可以说"),
            ),
            save_url=f"{CASE}reply/",
            sent_url=f"{CASE}sent/",
            sent_blocked="先确认原因，才能标记为已发送。",
            check_url=f"{CASE}reply/check/",
            note="按模板 a1.ask 写成，请改成你自己的话。",
        ),
        "facts": (
            Fact("订单号", "2226690000001234567", "11月20日 20:11 付款 ¥193.00"),
            Fact("卡", "‥K4RT · ¥200.00", "批次 AP-1103", link=Link("", "/cards/card_1/")),
            Fact("买家可见", "11月20日 20:12", "平台自动发货"),
            Fact("售前查验", "11月20日 20:06 可兑换", "余额 ¥200.00，有截图"),
            Fact("售后政策", "第 3 版", "11月1日 起适用"),
        ),
        "needs_human": (Notice(Tone.WARN, "买家截图里的卡尾号和这一单不一致。", "先问清是不是发错了图，再往下走。"),),
        "moves": (
            desk.MoveRow(
                "买家撤回了退款",
                "平台上已经关闭时用。",
                ActionForm(f"{CASE}move/", "记下撤回", hidden=(REVISION, ("event", "T21")), opens="记下撤回"),
            ),
            desk.MoveRow(
                "平台已介入",
                form=ActionForm(
                    f"{CASE}move/",
                    "记下平台介入",
                    (Input("case_no", "平台单号"),),
                    (REVISION, ("event", "T14")),
                    opens="记下平台介入",
                ),
            ),
            desk.MoveRow("结案", why_not="还有时限在走：处理完或平台裁决之后才能结案。"),
        ),
        "notes": (desk.NoteRow("王店 · 11月22日 11:02", "打了官方客服，排队 20 分钟没接通，晚上再打。"),),
        "note_form": ActionForm(
            f"{CASE}note/",
            "记下",
            (Input("text", "记一笔", InputKind.TEXTAREA, is_required=True),),
            (REVISION,),
        ),
        "timeline": (
            desk.TimelineRow("11月24日 11:50", "原因已判断", "系统", "卡密无效，把握 93%", "#1044"),
            desk.TimelineRow("11月24日 11:50", "已暂停自动消息", "系统", seq="#1043", tone=Tone.WARN),
            desk.TimelineRow("11月22日 10:31", "售后单已开", "系统", "平台退款申请 ¥193.00", "#1042", Tone.BAD),
            desk.TimelineRow("11月20日 20:12", "卡密已交给买家", "平台", "平台自动发货", "#988", Tone.GOOD),
        ),
        "pack": ActionForm(f"{CASE}pack/", "下载证据包", hidden=(REVISION,)),
        "siblings": (Link("AS-2026-000098 · 同一买家 · 已撤回", "#"),),
    }
    return desk.CasePage(**{**values, **changes})


def case_in_conflict() -> desk.CasePage:
    return case(
        revision=5,
        conflict=desk.ConflictNotice(
            "你提交之前，小林 12:03 已经把原因改成“区服或品牌不符”。你的提交没有生效，什么都没丢。",
            ("原因：卡密无效 → 区服或品牌不符", "状态：待处理 → 等买家回复"),
            (("回复草稿", "您好，这张卡是国区的，麻烦看一下您的账号地区。"),),
        ),
    )


def case_over() -> desk.CasePage:
    return case(
        is_open=False,
        status=Pill("已结", Tone.GOOD),
        waiting="不用等谁",
        outcome="已全额退款 ¥193.00，11月24日 11:40 核实到账。",
        clock=desk.ClockBox(timing.no_countdown(), "这一单已经结束。", ""),
        next_step=None,
        hold=None,
        draft=None,
        moves=(),
        needs_human=(),
        pack=ActionForm(f"{CASE}pack/", "下载证据包", hidden=(REVISION,)),
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
