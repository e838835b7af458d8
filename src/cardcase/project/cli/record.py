"""The record and its packs: pack, verify, ledger."""

from pathlib import Path

import click

from cardcase.kit import clock
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from .common import json_option, plain, print_json, progress, shop_option, with_desk


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


@click.command(help="离线检查证据包：0 完好，1 被改动，3 损坏或不安全 / check a pack offline")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--vkey", default=None, help="对方公布的验证公钥 / the signer's published verifier key")
@json_option
def verify(file: Path, *, vkey: str | None, as_json: bool) -> int:
    """Check a pack without database or network; trust comes from the arguments, never from the pack."""
    from cardcase.packs import verifier

    report = verifier.verify(file, vkey=vkey)
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
