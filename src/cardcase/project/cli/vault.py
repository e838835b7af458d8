"""The keys of the vault: where they are and whether they work, a fresh one, an encrypted copy, and the way back."""

import os
from pathlib import Path
from typing import Any, Final

import click

from cardcase.kit import clock
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from .common import json_option, print_json, progress, shop_option, with_desk

_FILE = click.Path(dir_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_PASSPHRASE: Final = "passphrase"  # noqa: S105 - how an export was locked, said in the record


@click.group(help="卡密的密钥 / the keys of the vault")
def vault() -> None:
    """Look after the keys."""


@vault.command(help="密钥在哪里、各管多少内容、能不能用 / where the keys are, what is under each, whether they work")
@json_option
@shop_option
@with_desk
def status(*, shop_slug: str | None, as_json: bool) -> int:
    """Show the ring and what is under it; wrap and unwrap once. Exit 1 when something cannot be opened."""
    from cardcase.project import sealed
    from cardcase.project.boot import operator

    seen = sealed.status(operator(shop_slug))
    if as_json:
        print_json(seen)
    else:
        for line in _lines(seen):
            click.echo(line)
    return 0 if seen.works and not seen.missing else 1


@vault.command(
    help="换一把新的主密钥；不解开任何卡密，可以中断后再来 / turn the key; nothing is opened, safe to interrupt"
)
@json_option
@shop_option
@with_desk
def rotate(*, shop_slug: str | None, as_json: bool) -> int:
    """Add a key, wrap everything anew under it, take the old one out. Exit 1 when an old key had to stay."""
    from cardcase.cards import service
    from cardcase.project.boot import operator
    from cardcase.project.sealed import PLACES

    with progress(Text("换密钥", "Turning the key"), quiet=as_json) as step:
        done = service.rotate(operator(shop_slug), PLACES, at=clock.now(), step=step)
    if as_json:
        print_json(done)
    else:
        first = "新密钥" if done.is_new else "接着上一次：密钥"
        click.echo(
            f"{first}第 {done.version} 版，改封 {done.moved} 处，停用 {_list(done.retired)}"
            f" / key version {done.version}, {done.moved} values moved, retired {_list(done.retired)}"
        )
        if done.kept:
            click.echo(
                f"! 第 {_list(done.kept)} 版还留着：有 {done.left} 处改封不了（密文损坏）或正在被写入，再运行一次看看"
                f" / versions {_list(done.kept)} stay: {done.left} values damaged or just written; run it again",
                err=True,
            )
    return 1 if done.kept else 0


@vault.command(
    "seal-proofs",
    help="封起以前没有加密的凭证，删掉明文文件，可以中断后再来 / seal older proofs, remove the plain files",
)
@json_option
@shop_option
@with_desk
def seal_proofs(*, shop_slug: str | None, as_json: bool) -> int:
    """Bring older proofs under seal. Exit 1 when a file that should be there is missing."""
    from cardcase.cards import service
    from cardcase.cards.queries import plain_files
    from cardcase.project.boot import operator

    with progress(Text("封凭证", "Sealing proofs"), quiet=as_json) as step:
        done = service.seal_old_proofs(operator(shop_slug), plain_files(), at=clock.now(), step=step)
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"封了 {done.sealed} 份，删了 {done.removed} 个明文，{done.shared} 个另作证据留下，缺 {done.missing} 份"
            f" / {done.sealed} sealed, {done.removed} plain files removed, {done.shared} stay as other evidence,"
            f" {done.missing} missing"
        )
    return 1 if done.missing else 0


@vault.command(
    "seal-files", help="把升级前没有加密的证据附件和证据包加密 / seal files of evidence and packs from before"
)
@with_desk
def seal_files() -> int:
    """Seal all older files of every shop; again finds nothing. Exit 1 when some could not be read."""
    from cardcase.cards import queries, service
    from cardcase.staff import queries as staff
    from cardcase.staff.rules import Actor

    left = 0
    for shop in staff.all_shops():
        actor, sealed = Actor.system(shop.pk), 0
        while done := service.seal_files(actor, at=clock.now()):
            sealed += done
        waiting = queries.readable_files(actor)
        left += waiting
        click.echo(f"{shop.slug}\t加密 {sealed} / sealed\t剩下 {waiting} / left")
    return 1 if left else 0


@vault.command(help="导出密钥的加密副本（age），另放一处 / write an encrypted copy of the keys, to be kept elsewhere")
@click.option("-o", "--output", type=_FILE, required=True, help="写到文件 / file to write")
@click.option(
    "--to", "recipients", multiple=True, metavar="AGE1…", help="age 公钥，可多次 / age public key, may repeat"
)
@click.option("--passphrase-file", type=_EXISTING, help="从文件读口令；都不写就在终端问 / passphrase from a file")
@shop_option
@with_desk
def export(*, output: Path, recipients: tuple[str, ...], passphrase_file: Path | None, shop_slug: str | None) -> None:
    """Write the encrypted copy, readable by its owner only, and note in record and ring that it was made."""
    from cardcase.cards import service
    from cardcase.cards.vault import export as copies
    from cardcase.cards.vault import keys
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    keys.ring()
    passphrase = "" if recipients else _passphrase(passphrase_file, is_new=True)
    data = copies.encrypt(recipients=recipients, passphrase=passphrase)
    _write_private(output, data)
    service.export_made(actor, to=", ".join(recipients) or _PASSPHRASE, at=clock.now())
    click.echo(f"已写入 / written: {output}")


@vault.command("import", help="从加密副本恢复密钥 / bring keys back from an encrypted copy")
@click.argument("file", type=_EXISTING)
@click.option("--identity", type=_EXISTING, help="age 私钥文件 / file with the age secret key")
@click.option("--passphrase-file", type=_EXISTING, help="从文件读口令 / passphrase from a file")
@click.option(
    "--replace", "replace_other", is_flag=True, help="换上另一套密钥，现在的留在旁边 / put another ring in place"
)
@shop_option
@with_desk
def import_(
    *,
    file: Path,
    identity: Path | None,
    passphrase_file: Path | None,
    replace_other: bool,
    shop_slug: str | None,
) -> None:
    """Bring missing versions back; refuse another ring unless told, saying what would be lost."""
    from cardcase.cards import service
    from cardcase.cards.vault import export as copies
    from cardcase.project.boot import operator
    from cardcase.project.sealed import PLACES

    actor = operator(shop_slug)
    found = copies.decrypt(
        file.read_bytes(),
        identity=identity.read_text("utf-8") if identity else "",
        passphrase="" if identity else _passphrase(passphrase_file, is_new=False),
    )
    brought = service.bring_back(actor, PLACES, found, replace_other=replace_other, at=clock.now())
    click.echo(f"恢复了第 {_list(brought)} 版 / versions brought back: {_list(brought)}")


def _passphrase(file: Path | None, *, is_new: bool) -> str:
    if file is not None:
        return file.read_text("utf-8").rstrip("\r\n")
    asked: str = click.prompt("口令 / passphrase", hide_input=True, confirmation_prompt=is_new, err=True)
    return asked


def _write_private(path: Path, data: bytes) -> None:
    """Write a new file of mode 0600. Raises WrongUse for one that is there already, or cannot be written."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise WrongUse(
            f"写不了 {path}：{error.strerror}",
            f"Cannot write {path}: {error.strerror}",
            next=Text("换一个还不存在的文件名，检查目录和权限。", "Name a file that is not there; check the folder."),
            code="file_unwritable",
        ) from error


def _list(versions: Any) -> str:
    return ", ".join(map(str, versions)) or "–"


def _lines(seen: Any) -> list[str]:
    lines = [
        f"密钥目录 / folder of the keys: {seen.folder}",
        f"提供者 / provider: {seen.provider}" + (f" ({seen.address})" if seen.address else ""),
    ]
    for key in seen.keys:
        mark = "●" if key.is_current else "○"
        lines.append(f"{mark} 第 {key.version} 版 / version {key.version}  {key.provider}  {key.where}")
    for count in seen.counts:
        parts = [f"v{version}: {times}" for version, times in sorted(count.by_version.items())]
        parts += [f"没有密钥 / no key: {count.missing}"] if count.missing else []
        parts += [f"没有封 / not sealed: {count.unsealed}"] if count.unsealed else []
        if parts:
            lines.append(f"  {count.place}  {', '.join(parts)}")
    lines.append("✓ 试封试开正常 / wrapping and unwrapping work" if seen.works else f"✗ {seen.why.zh} / {seen.why.en}")
    lines += [f"! {warning.zh} / {warning.en}" for warning in seen.warnings]
    return lines
