"""Finished sentences for the page /verify."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.urls import reverse

from cardcase.anchors.rules import policy
from cardcase.custody.rules.report import Level
from cardcase.kit import clock
from cardcase.kit.errors import Problem
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import Fact, Input, InputKind, Notice, Tone

from . import pages_verify as pages
from . import verifier
from .uploads import MAX_UPLOAD_BYTES
from .verifier import Report, Verdict

_VERDICTS: Final = {
    Verdict.VALID: Tone.GOOD,
    Verdict.BELOW_POLICY: Tone.WARN,
    Verdict.TAMPERED: Tone.BAD,
    Verdict.MALFORMED: Tone.BAD,
    Verdict.INTERNAL: Tone.BAD,
}
_NEXT: Final = {
    Verdict.VALID: Text("下面写明它不能证明什么。", "What it does not prove stands below."),
    Verdict.BELOW_POLICY: Text(
        "没有发现改动，但缺少您要的东西，见下面标“缺”的各条。",
        "Nothing was changed, but something that you ask for is missing: see below.",
    ),
    Verdict.TAMPERED: Text(
        "不要采信；请对方重新提供，并保留这一份。", "Do not rely on it; ask for it again, and keep this one."
    ),
    Verdict.MALFORMED: Text("文件没有打开；请对方重新提供。", "The file was not opened; ask for it again."),
    Verdict.INTERNAL: Text("请换单文件核对程序再试。", "Try the single-file checker."),
}
_WORDS: Final = {
    Verdict.VALID: Text("有效：每一项都对得上", "Valid: everything fits"),
    Verdict.BELOW_POLICY: Text("前后一致，但没有达到要求", "It fits together, but it is less than asked for"),
    Verdict.TAMPERED: Text("被改动过", "Tampered"),
    Verdict.MALFORMED: Text("不是可以打开的证据包", "This is no pack that can be opened"),
    Verdict.INTERNAL: Text("核对程序出错，没有结论", "The checker failed; nothing is said of the pack"),
}
_TONES: Final = {Level.FAULT: Tone.BAD, Level.WEAKNESS: Tone.WARN, Level.NOTE: Tone.PLAIN}
_LEVELS: Final = {
    Level.FAULT: Text("不符", "wrong"),
    Level.WEAKNESS: Text("缺", "missing"),
    Level.NOTE: Text("说明", "note"),
}
_FACTS: Final = {
    "case": Text("售后单", "Case"),
    "shop": Text("店铺", "Shop"),
    "made_at": Text("导出时间（导出方的时钟）", "Exported at, by the exporter's clock"),
    "pack": Text("包编号", "Pack"),
    "tool": Text("导出软件", "Made with"),
    "entries": Text("记录", "Entries"),
    "opened": Text("公开的内容", "Contents opened"),
    "withheld": Text("未公开的内容", "Contents withheld"),
    "erased": Text("已删除的内容", "Contents erased"),
    "files": Text("原件", "Originals"),
    "trusted_times": Text("您认可的时间戳", "Time-stamps that you trust"),
    "witnesses": Text("您认可的见证人", "Witnesses that you trust"),
    "continues_previous": Text("接续您的校验点，至第几条", "Continues your checkpoint of entry"),
    "fingerprint": Text("公钥指纹", "Fingerprint of the key"),
    "vkey": Text("公钥", "Key"),
    "follows_key": Text("您给的公钥（较早的一把），指纹", "Your key, an earlier one: fingerprint"),
}


def verify(
    report: Report | None = None, *, typed: Mapping[str, str] | None = None, problem: Problem | None = None
) -> pages.VerifyPage:
    """Build the page: the form alone, with a refusal, or with what a check said."""
    typed = typed or {}
    most = MAX_UPLOAD_BYTES // 2**20
    empty = pages.VerifyPage(
        form_url=reverse("verify"),
        lead=say(
            Text(
                "上传一个 Cardcase 证据包，看它有没有被改动过。文件核对完就删除，不存、不登记。",
                "Upload an evidence pack of Cardcase and see whether it was changed. The file is deleted after the "
                "check; nothing is kept or noted.",
            )
        ),
        caution=say(
            Text(
                "这个网页由开这个网站的人运行。包如果是他给您的，请用单文件核对程序在自己的电脑上核对。",
                "This page is run by whoever runs this site. If the pack came from them, check it on your own machine "
                "with the single-file checker.",
            )
        ),
        inputs=(
            Input(
                "pack",
                say(Text("证据包", "Pack")),
                InputKind.FILE,
                is_required=True,
                is_single=True,
                accept=".zip,application/zip",
                help=say(Text(f"ZIP 文件，最多 {most} MB。", f"A ZIP file, {most} MB at most.")),
            ),
            Input(
                "vkey",
                say(Text("对方的公钥", "The signer's key")),
                value=typed.get("vkey", ""),
                max_length=400,
                placeholder="name+8f3a…+AX…",
                help=say(
                    Text(
                        "从店铺主页、往来消息等包以外的地方取得。不填，只能知道前后一致，不知道是谁签的。",
                        "Had from outside the pack: the shop's page, a message. Without it, only agreement with itself "
                        "is seen, not who signed.",
                    )
                ),
            ),
        ),
        more_title=say(Text("更多要求", "Ask for more")),
        more=(
            Input(
                "previous",
                say(Text("早先得到的校验点", "A checkpoint that you were given earlier")),
                InputKind.TEXTAREA,
                value=typed.get("previous", ""),
                max_length=10_000,
            ),
            Input(
                "policy",
                say(Text("核对要求", "Policy")),
                InputKind.TEXTAREA,
                value=typed.get("policy", ""),
                max_length=policy.MOST_BYTES,
                placeholder="time 1\nwithheld allowed",
            ),
            Input(
                "roots",
                say(Text("认可的时间戳根证书", "Time-stamping roots that you trust")),
                InputKind.FILE,
                accept=".pem,.crt,.cer,.der",
            ),
        ),
        button=say(Text("核对", "Check")),
        notices=(Notice(Tone.BAD, say(problem.message), say(problem.next)),) if problem else (),
    )
    return empty if report is None else _judged(empty, report)


def _judged(page: pages.VerifyPage, report: Report) -> pages.VerifyPage:
    return replace(
        page,
        verdict=Notice(_VERDICTS[report.verdict], say(_WORDS[report.verdict]), say(_NEXT[report.verdict])),
        said_title=say(Text("核对结果", "Findings")),
        said=tuple(
            pages.Said(say(one.text), f"{say(_LEVELS[one.level])} · {one.place} · {one.code}", _TONES[one.level])
            for one in report.findings
        ),
        facts_title=say(Text("包里这样写", "What the pack says of itself")),
        facts=tuple(
            Fact(say(label), _moment(value) if name == "made_at" else str(value))
            for name, label in _FACTS.items()
            if (value := report.facts.get(name)) is not None
        ),
        limits_title=say(Text("这不能证明什么", "What this does not prove")),
        limits=tuple(say(one) for one in verifier.LIMITS),
    )


def _moment(told: object) -> str:
    """Say the moment in Shanghai's time; what is none stands as the pack has it."""
    try:
        moment = datetime.fromisoformat(str(told)).astimezone(clock.SHANGHAI)
    except (ValueError, OverflowError):
        return str(told)
    return say(Text(f"{moment:%Y-%m-%d %H:%M:%S}（北京时间）", f"{moment:%Y-%m-%d %H:%M:%S}, China time"))
