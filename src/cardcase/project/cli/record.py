"""The record and its packs: pack, verify, ledger."""

from pathlib import Path
from typing import Any

import click

from cardcase.kit import clock
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from . import anchors
from .common import json_option, plain, print_json, progress, shop_option, with_desk


class _WrongUse(click.UsageError):
    """Arguments of ``verify`` that cannot be used: EX_USAGE of sysexits.h."""

    exit_code = 64


@click.command(help="导出一个售后单的证据包 / export the evidence pack of a case")
@click.argument("case")
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="ZIP 文件 / the ZIP file",
)
@shop_option
@with_desk
def pack(case: str, *, target: Path, shop_slug: str | None) -> None:
    """Build, seal and write a pack; the file appears whole or not at all."""
    from cardcase.packs import service
    from cardcase.project.boot import operator

    data = service.build(operator(shop_slug), case, at=clock.now())
    unfinished = target.with_name(f".{target.name}.part")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(target)
    except OSError as error:
        raise WrongUse(
            f"写不了 {target}：{error.strerror}",
            f"Cannot write {target}: {error.strerror}",
            next=Text("检查目录和权限。", "Check the folder and its permissions."),
            code="file_unwritable",
        ) from error
    click.echo(f"已写入 / written: {target} ({len(data):,} bytes)")


class _Verify(click.Command):
    """A command whose wrong use exits with 64 (EX_USAGE): its 2 says something of the pack already."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the arguments; what click would leave with 2 leaves with 64."""
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            raise _WrongUse(error.format_message(), ctx=error.ctx) from error


@click.command(
    cls=_Verify,
    help="离线检查证据包（ZIP 或已解开的目录）：0 有效，1 被改动，2 一致但未达到要求，"
    "3 损坏或不安全，4 核对程序出错，64 用法不对 / check a pack offline",
)
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--vkey", default=None, help="对方公布的验证公钥 / the signer's published verifier key")
@click.option(
    "--policy",
    default=None,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="您的要求（文本文件） / what you ask for, a text file",
)
@click.option(
    "--tsa-roots",
    default=None,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="您认可的时间戳根证书目录 / folder of time-stamping roots that you trust",
)
@click.option(
    "--previous",
    default=None,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="早先得到的校验点 / a checkpoint that you were given earlier",
)
@json_option
def verify(
    file: Path, *, vkey: str | None, policy: Path | None, tsa_roots: Path | None, previous: Path | None, as_json: bool
) -> int:
    """Check a pack without database or network; trust comes from the arguments, never from the pack."""
    from cardcase.packs import verifier

    trust = verifier.trust_of(vkey=vkey, policy=policy, tsa_roots=tsa_roots, previous=previous)
    report = verifier.verify(file, trust=trust)
    if as_json:
        print_json(report.document())
    else:
        click.echo(report.as_text())
    return report.exit_code


@click.group(help="整本记录 / the whole record")
def ledger() -> None:
    """Look after the record."""


@ledger.command("verify", help="重算整本记录，指出第一处不符 / re-hash all of it and name the first bad entry")
@json_option
@with_desk
def ledger_verify(*, as_json: bool) -> int:
    """Verify every entry, node and checkpoint."""
    from cardcase.custody import verification

    with progress(Text("核对", "Checking"), quiet=as_json) as step:
        report = verification.verify_all(lambda done, total: step(done, total, "entries"))
    if as_json:
        print_json({"is_intact": report.is_intact, **plain(report)})
    else:
        click.echo(report.as_text())
    return 0 if report.is_intact else 1


@ledger.command("checkpoint", help="签署当前的树头并打印 / sign the present head and print it")
@shop_option
@with_desk
def ledger_checkpoint(*, shop_slug: str | None) -> None:
    """Sign and print a checkpoint."""
    from cardcase.custody import service
    from cardcase.project.boot import operator

    click.echo(service.checkpoint(operator(shop_slug), at=clock.now()), nl=False)


for _command in anchors.LEDGER:
    ledger.add_command(_command)
