"""Trusted time, witnesses, deposits: ledger stamp|stamps|cosign|deposit|copy, and the small witness."""

import hashlib
from pathlib import Path

import click

from cardcase.kit import clock
from cardcase.kit.errors import Unavailable, WrongUse
from cardcase.kit.text import Text

from .common import json_option, print_json, shop_option, with_desk


@click.command("stamp", help="现在就给树头盖第三方时间戳，并等结果 / have the head stamped now, and wait")
@json_option
@shop_option
@with_desk
def stamp(*, as_json: bool, shop_slug: str | None) -> int:
    """Anchor the present head at every authority; exit 4 when none gave a time-stamp that holds."""
    from cardcase.anchors import service
    from cardcase.anchors.rules.plan import UNANCHORED, UNANCHORED_TEXT, StampState
    from cardcase.project.boot import operator

    seen = service.stamp_now(operator(shop_slug), at=clock.now())
    if as_json:
        print_json(seen)
    for one in [] if as_json else seen:
        when = one.gen_time.isoformat() if one.gen_time else "-"
        click.echo(f"{one.authority}\t{one.size}\t{one.state.value}\t{when}\t{one.text.zh}")
    if not seen and not as_json:
        click.echo(f"[{UNANCHORED}] {UNANCHORED_TEXT.zh} / {UNANCHORED_TEXT.en}", err=True)
    return 0 if any(one.state is StampState.VERIFIED for one in seen) else 4


@click.command("stamps", help="时间戳、见证、存证的现状 / how time-stamps, witnesses and deposits stand")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="最多几条 / how many")
@json_option
@shop_option
@with_desk
def stamps(*, limit: int, as_json: bool, shop_slug: str | None) -> int:
    """Say how the record stands to the outside; exit 1 while nobody vouches for the newest anchored head."""
    from cardcase.anchors import queries
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    now = clock.now()
    standing, rows = queries.standing(actor, at=now), queries.stamps(actor, limit=limit)
    problem = standing.problem
    if as_json:
        print_json(
            {
                "code": standing.code,
                "problem": problem.problem_code if problem else "",
                "anchored_size": standing.anchored_size,
                "stamped_size": standing.stamped_size,
                "stamped_at": standing.stamped_at,
                "is_quorum_met": standing.is_quorum_met,
                "stamps": rows,
                "witnesses": standing.witnesses,
                "deposits": standing.deposits,
            }
        )
        return 1 if standing.code or problem else 0
    if problem:
        click.echo(f"[{problem.problem_code}] {problem.message.zh} / {problem.message.en}")
    if standing.code:
        click.echo(f"[{standing.code}] {standing.text.zh} / {standing.text.en}")
    for one in rows:
        when = one.gen_time.isoformat() if one.gen_time else "-"
        kind = "续盖 / renewal" if one.is_renewal else ""
        click.echo(f"{one.size}\t{one.authority}\t{one.state.value}\t{when}\t{one.text.zh or kind}")
    for witness in standing.witnesses:
        own = "（自己的，不算）/ own, counts as zero" if witness.is_own else ""
        click.echo(f"{witness.name}\t{witness.cosigned_size}\t{witness.text.zh}{own}")
    for deposit in standing.deposits:
        click.echo(f"{deposit.provider}\t{deposit.name}\t{deposit.external_id or deposit.text.zh}")
    return 1 if standing.code or problem else 0


@click.command("check-stamps", help="重新核对保存的时间戳和见证签名 / check all kept stamps and cosignatures again")
@json_option
@shop_option
@with_desk
def check_stamps(*, as_json: bool, shop_slug: str | None) -> int:
    """Check every reply against its note, its entry and its pinned root; exit 1 when one does not hold."""
    from cardcase.anchors import queries
    from cardcase.custody.rules.report import Level
    from cardcase.project.boot import operator

    found = queries.check_everything(operator(shop_slug))
    if as_json:
        print_json({"is_intact": not any(one.level is Level.FAULT for one in found), "findings": found})
    for one in [] if as_json else found:
        click.echo(f"[{one.code}] {one.place}: {one.text.zh} / {one.text.en}")
    if not found and not as_json:
        click.echo("全部成立 / all of them hold")
    return 1 if any(one.level is Level.FAULT for one in found) else 0


@click.command("cosign", help="现在就请见证方共同签名，并等结果 / have the head cosigned now, and wait")
@json_option
@shop_option
@with_desk
def cosign(*, as_json: bool, shop_slug: str | None) -> int:
    """Hand the head to every witness; exit 4 when one did not cosign, or none is configured."""
    from cardcase.anchors import service
    from cardcase.project.boot import operator

    seen = service.cosign_now(operator(shop_slug), at=clock.now())
    if as_json:
        print_json(seen)
    for one in [] if as_json else seen:
        click.echo(f"{one.name}\t{one.cosigned_size}\t{one.text.zh or 'ok'}")
    return 0 if seen and not any(one.code for one in seen) else 4


@click.command("deposit", help="把一个文件的哈希存入已启用的存证服务 / hand a file's hash to the deposit services")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@shop_option
@with_desk
def deposit(file: Path, *, as_json: bool, shop_slug: str | None) -> int:
    """Deposit SHA-256 and SM3 of a file and wait; exit 4 when no service accepted them. Only hashes leave."""
    from cryptography.hazmat.primitives import hashes

    from cardcase.anchors import queries, service
    from cardcase.project.boot import operator

    actor, now = operator(shop_slug), clock.now()
    sha256, sm3, size = hashlib.sha256(), hashes.Hash(hashes.SM3()), 0
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            sha256.update(chunk)
            sm3.update(chunk)
            size += len(chunk)
    name = f"sha256-{sha256.hexdigest()[:16]}"  # a file's own name may tell of a person
    promised = service.deposit(actor, name, size, sha256.hexdigest(), sm3.finalize().hex(), at=now)
    for number in promised:
        service.settle_deposit(actor, number, at=now)
    seen = [one for one in queries.standing(actor, at=now).deposits if one.sha256 == sha256.hexdigest()]
    if as_json:
        print_json(seen)
    for one in [] if as_json else seen:
        click.echo(f"{one.provider}\t{one.external_id or '-'}\t{one.text.zh or 'ok'}")
    return 0 if any(one.is_done for one in seen) else 4


@click.command("copy", help="打印最新校验点（连同见证签名），交给别人留存 / print the newest head to be given away")
@shop_option
@with_desk
def copy(*, shop_slug: str | None) -> int:
    """Print the newest signed note with its cosignatures; exit 1 when nothing was signed yet."""
    from cardcase.anchors import queries
    from cardcase.project.boot import operator

    told = queries.copy(operator(shop_slug))
    if told is None:
        click.echo("还没有签过 / nothing signed yet", err=True)
        return 1
    click.echo(told.note, nl=False)
    return 0


@click.group(help="小型见证服务，由卖家以外的人运行 / a small witness, for somebody else to run")
def witness() -> None:
    """Witness other people's records."""


@witness.command("serve", help="启动见证服务，打印它的公钥 / serve, and print the witness's key")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="放密钥和见过的校验点 / its key and the heads it has seen",
)
@click.option("--name", required=True, help="名称，例如 witness.example/w1 / its name, without spaces and plus signs")
@click.option(
    "--log", "logs", multiple=True, required=True, help="所见证记录的公钥，可多次 / vkey of a log, repeatable"
)
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 / address to listen on")
@click.option("--port", type=click.IntRange(0, 65535), default=8466, show_default=True, help="端口 / port")
def serve(folder: Path, *, name: str, logs: tuple[str, ...], host: str, port: int) -> None:
    """Serve until told to stop. Needs no data folder and no database."""
    from cardcase.anchors import witness_server
    from cardcase.custody.rules import note

    try:
        known = [note.Verifier.parse(one) for one in logs]
        made = witness_server.Witness(folder, name, known)
    except (ValueError, OSError) as error:
        raise WrongUse(
            f"见证服务的名称、公钥或目录不对：{error}",
            f"Name, log key or folder of the witness is wrong: {error}",
            next=Text("公钥用 cardcase ledger verify 打印。", "cardcase ledger verify prints the key of a log."),
            code="bad_witness",
        ) from error
    try:
        served = witness_server.server(made, host, port)
    except OSError as error:
        raise Unavailable(
            f"不能在 {host}:{port} 上监听：{error.strerror}",
            f"Cannot listen on {host}:{port}: {error.strerror}",
            next=Text("用 --port 换一个端口。", "Choose another with --port."),
            code="cannot_listen",
        ) from error
    click.echo(made.listed.vkey)
    click.echo(f"见证服务已启动 / witness at http://{host}:{served.server_address[1]}", err=True)
    try:
        served.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        served.server_close()


LEDGER = (stamp, stamps, check_stamps, cosign, deposit, copy)
"""Commands that hang under ``cardcase ledger``."""
