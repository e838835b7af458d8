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


@click.command(help="预览、封存、导出一个售后单的证据包 / preview, seal and export the evidence pack of a case")
@click.argument("case")
@click.option(
    "-o", "--output", "target", type=click.Path(dir_okay=False, path_type=Path), help="ZIP 文件 / the ZIP file"
)
@click.option("--looked", is_flag=True, help="我看过每张图片，没有卡密和他人资料 / I looked at every picture")
@click.option("--preview", "wants_preview", is_flag=True, help="只看会放进什么，不封存 / show what would go in")
@click.option("--list", "wants_list", is_flag=True, help="列出已封存的各版 / list the sealed versions")
@click.option("--to", "recipient", default=None, help="交给谁 / for whom: platform, mediator, court, buyer")
@click.option(
    "--letter", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="提交说明（文本文件）/ cover letter"
)
@click.option("--seen", default="", help="预览给出的 digest / the digest of the preview that was looked at")
@click.option("--typed", default=None, help="封存时输入：封存证据包 / to seal: seal the pack")
@click.option("--version", "version", default="", help="再次取出已封存的一版 / take out a sealed version again")
@json_option
@shop_option
@with_desk
def pack(case: str, *, target: Path | None, as_json: bool, shop_slug: str | None, **chosen: Any) -> None:
    """Build, seal and write a pack; the file appears whole or not at all."""
    from cardcase.project.boot import operator

    from . import packing

    told = packing.run(operator(shop_slug), case, packing.Chosen(has_target=target is not None, **chosen))
    if told.data is not None and target is not None:
        _write(target, told.data)
        if not as_json:
            click.echo(f"已写入 / written: {target} ({len(told.data):,} bytes)")
    if as_json:
        print_json(told.document)
    else:
        for line in told.lines:
            click.echo(line)


def _write(target: Path, data: bytes) -> None:
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
@click.option(
    "--copy",
    "copies",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="别处保存的校验点，可多次 / a signed head as somebody else kept it, may repeat",
)
@json_option
@with_desk
def ledger_verify(*, copies: tuple[Path, ...], as_json: bool) -> int:
    """Verify every entry, node and checkpoint, also against copies that others kept."""
    from cardcase.custody import verification

    with progress(Text("核对", "Checking"), quiet=as_json) as step:
        report = verification.verify_all(
            lambda done, total: step(done, total, "entries"),
            copies=[
                copy.read_text("utf-8", "replace").strip() + "\n" for copy in copies
            ],  # what was pasted lost its end
        )
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


@ledger.command("keys", help="记录用过的签名密钥，先后次序 / the keys that sign the record, in order")
@json_option
@with_desk
def ledger_keys(*, as_json: bool) -> None:
    """Show every key with the entry that named it and the head that both signed."""
    from cardcase.custody import queries
    from cardcase.project.boot import operator

    told = queries.signing_keys(operator())
    if as_json:
        print_json({"keys": told})
        return
    for key in told:
        click.echo(f"#{key.seq} {key.at} {key.state_text.zh} / {key.state_text.en}\n  {key.vkey}\n  {key.fingerprint}")


@ledger.command(
    "rotate-key",
    help="换一把新的签名密钥，新旧两把共同签一次，旧的销毁；可以中断后再来 / let a fresh key follow, signed by both",
)
@click.option("--reason", required=True, help="为什么换，会写进记录 / why, kept in the record")
@json_option
@shop_option
@with_desk
def ledger_rotate_key(*, reason: str, shop_slug: str | None, as_json: bool) -> None:
    """Turn the signing key; ends a rotation that was interrupted."""
    from cardcase.custody import service
    from cardcase.project.boot import operator

    _tell_vkey(service.rotate_key(operator(shop_slug), reason, at=clock.now()), as_json=as_json)


@ledger.command(
    "continue",
    help="恢复了备份或丢了密钥之后，以新的名称继续记录 / go on under a new name after a restored backup or a lost key",
)
@click.option("--reason", required=True, help="为什么，会写进记录 / why, kept in the record")
@json_option
@shop_option
@with_desk
def ledger_continue(*, reason: str, shop_slug: str | None, as_json: bool) -> None:
    """Let the record go on as a new log that names the last signed head."""
    from cardcase.custody import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    vkey = service.continue_as_new_log(actor, reason, at=clock.now())
    service.checkpoint(actor, at=clock.now())
    _tell_vkey(vkey, as_json=as_json)


def _tell_vkey(vkey: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"vkey": vkey})
    else:
        click.echo(f"{vkey}\n请把新公钥公布到原来公布旧公钥的地方 / publish the new key where the old one stands")


for _command in anchors.LEDGER:
    ledger.add_command(_command)
