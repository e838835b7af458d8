"""The case page as a believable shop would fill it, and the same case in conflict and over."""

from datetime import timedelta

from cardcase.desk import pages as desk
from cardcase.kit import clock
from cardcase.shell import timing
from cardcase.shell.parts import ActionForm, Check, Choice, Fact, Input, InputKind, Link, Pill, Tone

CASE = "/cases/AS-2026-000123/"
REVISION = ("revision", "4")


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


def answer_form(question: str) -> ActionForm:
    return ActionForm(
        f"{CASE}answer/",
        "",
        (
            Input("note", "买家的原话，或补充", InputKind.TEXTAREA, max_length=300),
            Input(
                "message",
                "是哪条消息里说的",
                InputKind.SELECT,
                choices=(Choice("", "不指明", is_chosen=True), Choice("m-4", "09:48 充的时候弹此代码无效")),
            ),
        ),
        (REVISION, ("playbook", "A1"), ("question", question)),
        opens="写原话、指出是哪条消息（可不填）",
    )


def questions() -> desk.QuestionsBox:
    answers = (Choice("works", "核对后可以了"), Choice("same", "还是一样"), Choice("silent", "没有回答"))
    return desk.QuestionsBox(
        "弄清是输入有误、区域不对，还是卡密确实失效",
        "还有 1 个要问",
        ask=(
            desk.QuestionRow(
                "请核对一下数字 0 和字母 O，再试一次可以吗？",
                "不少“无效”是输错",
                "Could you check 0 and O, and try once more?",
                answers,
                answer_form("typing"),
                desk.HeardAnswer("没有回答", "王店 · 11月24日 12:03", "没回答不等于默认：再问一次。"),
                is_open=True,
            ),
        ),
        told=(
            desk.QuestionRow(
                "您是在哪个官方页面兑换的？",
                "报错原话能分清无效、已用、区域不符和风控",
                answers=answers,
                form=answer_form("where"),
                heard=desk.HeardAnswer(
                    "提示已被使用、已兑换",
                    "王店 · 11月24日 12:05 · 买家说的，未核实",
                    "不是无效，是被兑换过：比对兑换和交付的时间",
                    "页面写着此卡已被兑换",
                    Link("看原话", "#m-4"),
                    ("11月24日 12:03 没有回答",),
                    "能说明的证据：发卡方客服记录",
                    ActionForm(f"{CASE}reason/", "原因改为：已被兑换", hidden=(REVISION, ("sub_reason", "A2"))),
                    (
                        ActionForm(
                            f"{CASE}ask/",
                            "记为已向买家索要：发卡方客服记录",
                            hidden=(REVISION, ("kinds", "E12"), ("to", "buyer")),
                        ),
                    ),
                ),
            ),
        ),
        earlier=("11月23日 18:00 问过：方便说一下原因吗？ 回答：兑换不了",),
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
        "questions": questions(),
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
        "needs_human": (desk.NeedRow("买家截图里的卡尾号和这一单不一致：先问清是不是发错了图。"),),
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
        "pack": (Link("证据包", f"{CASE}packs/"),),
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
        pack=(Link("证据包", f"{CASE}packs/"),),
    )
