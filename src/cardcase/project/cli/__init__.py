"""The command line. Only names here: each command is imported when it is called, so that --help is quick."""

import importlib
import sys
from typing import Final

import click

from cardcase import __version__
from cardcase.kit.errors import Problem

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "run": ("server:run", "启动网页和后台任务 / web pages and background work in one process"),
    "demo": ("server:demo", "在临时目录里启动示例店铺 / the same on a throw-away folder with the example shop"),
    "handle": ("work:handle", "主要工作：读文件、开售后单、给出建议 / files in, decided refund cases out"),
    "import": ("work:import_", "导入订单、退款、聊天、卡密文件 / import order, refund, chat and card files"),
    "triage": ("work:triage", "判断买家为什么要退款 / say why a buyer wants the money back"),
    "tone": ("replies:tone", "检查回复的语气和用语 / check the words of replies"),
    "advise": ("advise:advise", "逐单给出处理建议（JSON 行） / advice on claims, JSON lines in and out"),
    "train": ("training:train", "训练读消息和回复的模型 / train what reads messages and replies"),
    "model": ("model:model", "起草用的模型：店主的同意 / the optional model: the owner's consent"),
    "corrections": ("corrections:corrections", "人改过的原因：标签、学习、开关 / reasons that people corrected"),
    "learn": ("learning:learn", "从已结案的售后单学 / learn from closed cases"),
    "calibration": ("learning:calibration", "建议准不准 / were the forecasts right"),
    "overrides": ("learning:overrides", "多久不按建议办 / how often people choose otherwise"),
    "case": ("case:case", "看售后单 / look at cases"),
    "search": ("search:search", "搜聊天、备注、售后单、订单 / find what was said, noted, ordered"),
    "card": ("cards:card", "卡库：库存、经历、查验、作废 / cards: stock, history, checks, voiding"),
    "deliver": ("deliver:deliver", "发货：给订单分配卡、发一次卡密 / give cards to orders, each code once"),
    "pack": ("record:pack", "证据包：预览、封存、导出 / evidence packs: preview, seal, export"),
    "evidence": ("evidence:evidence", "证据：列出、遮盖、确认看过 / evidence: list, cover, confirm, refuse form"),
    "verify": ("record:verify", "离线检查证据包 / check an evidence pack offline"),
    "ledger": ("record:ledger", "检查或签署整本记录 / verify or sign the whole record"),
    "privacy": ("privacy:privacy", "买家资料：副本、限制、删除 / buyers' data: copy, restrict, erase"),
    "witness": ("anchors:witness", "见证别人的记录 / witness other people's records"),
    "vault": (
        "vault:vault",
        "卡密的密钥：状态、更换、加密副本 / the keys of the vault: status, rotate, export, import",
    ),
    "worker": ("server:worker", "另外的后台进程 / an extra background worker"),
    "user": ("people:user", "客服账号 / members of staff"),
    "shop": ("people:shop", "店铺 / shops"),
    "token": ("people:token", "API 令牌 / API tokens"),
    "supplier": ("sourcing:supplier", "货源方：登记、停用、单据 / suppliers: register, suspend, papers"),
    "flag": ("flags:flag", "风险提示：列出、决定、记下看到的情况 / risk flags: list, decide, note what was seen"),
    "lot": ("sourcing:lot", "批次：来源、单据、核对、召回、索赔 / batches: provenance, papers, recall, claims"),
    "channel": ("people:channel", "渠道 / connected marketplace accounts"),
    "notice": ("notices:notice", "通知：时限快到时告诉谁 / notices: who is told when something is due"),
    "doctor": ("doctor:doctor", "检查这台机器缺什么、有什么风险 / what is missing or risky here, and the fix"),
}


class Commands(click.Group):
    """A group whose members live in modules that are imported on call only."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the commands in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the module of one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        found = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("命令 / Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cardcase")
def cli() -> None:
    """礼品卡售后台 / after-sales desk for gift-card sellers.

    Exit codes: 0 done, 1 something was found wrong, 2 wrong use, 3 refused by a rule, 4 a needed service is away.
    """


def main() -> None:
    """Run the command line; say refusals in both languages and leave with their exit code."""
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Problem as problem:
        click.echo(f"✗ {problem.message.zh}\n  {problem.message.en}", err=True)
        if problem.next.zh:
            click.echo(f"→ {problem.next.zh}\n  {problem.next.en}", err=True)
        click.echo(f"  [{problem.problem_code}]", err=True)
        sys.exit(problem.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)
