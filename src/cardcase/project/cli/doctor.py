"""What is missing or risky on this machine, and the fix."""

import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from cardcase.kit import clock

from .common import json_option, print_json, with_desk

LEAST_SPACE = 500 * 1024 * 1024
SLOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: fine or not, what was seen, and the fix."""

    code: str
    is_fine: bool
    zh: str
    en: str
    fix: str = ""
    is_grave: bool = False


@click.command(help="检查这台机器缺什么、有什么风险 / what is missing or risky here, and the fix")
@click.option("--allow-old-sqlite", is_flag=True, help="容忍有缺陷的 SQLite / accept an affected SQLite")
@json_option
@with_desk
def doctor(*, allow_old_sqlite: bool, as_json: bool) -> int:
    """Look at the machine and the books; exit 1 when something grave was found."""
    from cardcase.project.boot import operator

    checks = [
        *_machine(allow_old_sqlite=allow_old_sqlite),
        *_keys(operator()),
        *_books(operator()),
        *_anchors(operator()),
        *_data_files(),
    ]
    grave = any(check.is_grave and not check.is_fine for check in checks)
    if as_json:
        print_json({"is_fine": not grave, "checks": checks})
    else:
        for check in checks:
            mark = "✓" if check.is_fine else ("✗" if check.is_grave else "!")
            click.echo(f"{mark} {check.zh} / {check.en}")
            if check.fix and not check.is_fine:
                click.echo(f"  → {check.fix}")
    return 1 if grave else 0


def _machine(*, allow_old_sqlite: bool) -> Iterator[Check]:
    from django.conf import settings

    from cardcase.packs import fonts
    from cardcase.project import sqlite
    from cardcase.screens import reader

    config = settings.CARDCASE
    if not config.database_url:
        version = settings.SQLITE_VERSION
        affected = sqlite.is_affected(version)
        yield Check(
            "sqlite_version",
            not affected or allow_old_sqlite,
            f"SQLite {version}",
            f"SQLite {version}",
            "安装 pysqlite3，或升级到 3.51.3 以上；3.7.0–3.51.2 有 WAL 损坏缺陷 / install pysqlite3",
            is_grave=True,
        )
    free = shutil.disk_usage(config.data).free
    yield Check(
        "disk_space",
        free >= LEAST_SPACE,
        f"剩余空间 {free // 2**20} MiB",
        f"{free // 2**20} MiB free",
        "清理磁盘 / free some space",
        is_grave=True,
    )
    has_reader = reader.is_installed()
    yield Check(
        "screens_reader",
        has_reader,
        "截图识别" + ("已安装" if has_reader else "没有安装，聊天截图读不了"),
        "the reader of screenshots is "
        + ("installed" if has_reader else "not installed: pictures of chats are not read"),
        "pip install 'cardcase[screens]'",
    )
    found = fonts.find_cjk_font()
    yield Check(
        "cjk_font",
        found is not None,
        f"证据包字体 {found or '没有'}",
        f"font of the packs: {found or 'none'}",
        "apt-get install fonts-noto-cjk",
    )
    floor = {(3, 11): 15, (3, 12): 13, (3, 13): 12, (3, 14): 3}.get(sys.version_info[:2], 0)
    yield Check(
        "python_version",
        sys.version_info[2] >= floor,
        f"Python {sys.version.split()[0]}",
        f"Python {sys.version.split()[0]}",
        f"建议升级到 {sys.version_info[0]}.{sys.version_info[1]}.{floor} 以上（安全修复）/ upgrade for security fixes",
    )
    yield Check(
        "served_safely",
        config.secure or config.host in ("127.0.0.1", "localhost", "::1"),
        f"监听 {config.host}，https {'开' if config.secure else '关'}",
        f"listens on {config.host}, https {'on' if config.secure else 'off'}",
        "对外开放时放在 https 反向代理后面，并设 secure = true / serve it behind https and set secure = true",
        is_grave=True,
    )


def _keys(actor: Any) -> Iterator[Check]:
    from django.conf import settings

    from cardcase.cards import queries as cards
    from cardcase.kit.errors import Problem
    from cardcase.project import sealed
    from cardcase.staff import queries as staff
    from cardcase.staff.rules import Actor

    for path in sorted(Path(settings.CARDCASE.keys).glob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        yield Check(
            "key_private",
            sys.platform == "win32" or not mode & 0o077,
            f"密钥 {path.name} 权限 {mode:o}",
            f"key {path.name} mode {mode:o}",
            f"chmod 600 {path}",
            is_grave=True,
        )
    try:
        seen = sealed.status(actor)
    except Problem as problem:
        yield Check("keys_readable", False, problem.message.zh, problem.message.en, problem.next.zh, is_grave=True)
        return
    yield Check(
        "keys_readable",
        seen.works,
        "密钥读得出，试封试开正常" if seen.works else seen.why.zh,
        "the keys can be read and work" if seen.works else seen.why.en,
        "看 cardcase vault status / see cardcase vault status",
        is_grave=True,
    )
    yield Check(
        "values_have_keys",
        not seen.missing,
        f"没有密钥、打不开的内容 {seen.missing} 处",
        f"{seen.missing} values whose key is not in the ring",
        "用 cardcase vault import 从副本恢复密钥 / bring the keys back with cardcase vault import",
        is_grave=True,
    )
    yield Check(
        "keys_apart",
        not seen.are_keys_with_data,
        sealed.WITH_DATA.zh if seen.are_keys_with_data else f"密钥在数据目录外：{seen.folder}",
        sealed.WITH_DATA.en if seen.are_keys_with_data else f"the keys lie outside the data folder: {seen.folder}",
        "设 keys_folder（CARDCASE_KEYS_FOLDER），把 keys/ 整个移过去 / set keys_folder and move keys/ there",
    )
    yield Check(
        "keys_exported",
        seen.is_exported,
        "密钥有加密副本" if seen.is_exported else sealed.NOT_EXPORTED.zh,
        "there is an encrypted copy of the keys" if seen.is_exported else sealed.NOT_EXPORTED.en,
        "cardcase vault export -o 文件 --to age1…",
    )
    plain = cards.unsealed_proofs(actor)
    yield Check(
        "proofs_sealed",
        not plain,
        f"还没有加密的凭证 {len(plain)} 份" if plain else "凭证都加密了",
        f"{len(plain)} proofs are not sealed" if plain else "all proofs are sealed",
        "cardcase vault seal-proofs",
    )
    readable = sum(cards.readable_files(Actor.system(shop.pk)) for shop in staff.all_shops())
    yield Check(
        "files_sealed",
        not readable,
        f"还没有加密的证据附件和证据包 {readable} 份" if readable else "证据附件和证据包都加密了",
        f"{readable} files of evidence and packs are not sealed" if readable else "evidence and packs are sealed",
        "cardcase vault seal-files",
    )


def _books(actor: Any) -> Iterator[Check]:
    from cardcase.cards import queries as cards
    from cardcase.custody import head
    from cardcase.custody import queries as ledger
    from cardcase.deadlines import queries as deadlines
    from cardcase.deadlines.rules import calendar
    from cardcase.jobs import queries as jobs
    from cardcase.sourcing import queries as sourcing
    from cardcase.staff import queries as staff
    from cardcase.staff.rules import Actor

    seen = head.check()
    yield Check(
        "record_head",
        seen.may_sign,
        seen.text.zh,
        seen.text.en,
        seen.next.zh,
        is_grave=True,
    )
    lost = ledger.missing_sheets(actor)
    yield Check(
        "record_keys",
        not lost,
        f"保管链的密钥少了：{', '.join(lost)}" if lost else "保管链的密钥都在",
        f"keys of the record are missing: {', '.join(lost)}" if lost else "the keys of the record are here",
        "从备份恢复密钥目录 record/ 里的文件 / restore the files in record/ of the folder of the keys from a backup",
        is_grave=True,
    )
    books = cards.reconcile(actor)
    yield Check(
        "cards_reconciled",
        books.is_complete,
        f"卡账相符：{books.imported} 张",
        f"cards reconcile: {books.imported}",
        "到卡库查看差额 / look at the difference in the cards page",
        is_grave=True,
    )
    for found in cards.audit(actor):
        first = ", ".join(found.cards)
        yield Check(
            "cards_agree",
            False,
            f"卡账：{found.text.zh}，{found.count} 张：{first}",
            f"books of cards: {found.text.en}, {found.count}: {first}",
            "用 cardcase card show 看这几张的经历 / look at their history with cardcase card show",
            is_grave=True,
        )
    now = clock.now()
    jumps = deadlines.clock_jumps(actor, since=now - deadlines.JUMPS_SHOWN)
    last = f"{jumps[0].by.total_seconds():+.0f} s @ {jumps[0].noticed_at:%m-%d %H:%M}Z" if jumps else ""
    yield Check(
        "clock_steady",
        not jumps,
        f"系统时钟被拨动过：{last}" if jumps else "系统时钟平稳",
        f"the system clock was set: {last}" if jumps else "the system clock is steady",
        "打开时间同步（NTP），核对时限 / switch time synchronisation on and look at the deadlines",
        is_grave=True,
    )
    year = now.astimezone(clock.SHANGHAI).year + (1 if now.month == 12 else 0)  # noqa: PLR2004 - December
    keeps = any(view.hours.follows_holidays for view in deadlines.hours_versions(actor)[-1:])
    yield Check(
        "holidays_known",
        not keeps or calendar.is_known(year),
        f"{year} 年的放假安排",
        f"public holidays of {year}",
        "升级 chinesecalendar；在这之前按平常日算，也可以自己写休息和加班的日子 / upgrade chinesecalendar",
    )
    unasked = {shop.slug: sourcing.unasked(Actor.system(shop.pk)) for shop in staff.all_shops()}
    where = ", ".join(
        f"{slug}: {'legality.toml' if found.has_no_rules else ' '.join(found.subjects[:3])}"
        for slug, found in unasked.items()
        if found
    )
    yield Check(
        "rules_asked",
        not where,
        f"没能按规则判断：{where}" if where else "采购和出售的规则都问到了",
        f"the rules could not be asked: {where}" if where else "the rules about buying and selling were asked",
        "改正店铺的 legality.toml；批次和订单会再试，一直失败请报告 / mend the shop's legality.toml; report what stays",
    )
    plain = sum(sourcing.unsealed(Actor.system(shop.pk)) for shop in staff.all_shops())
    yield Check(
        "papers_sealed",
        not plain,
        f"升级前的单据还有 {plain} 份没有加密" if plain else "货源单据都已加密",
        f"{plain} older papers are not sealed yet" if plain else "the papers of suppliers are sealed",
        "后台每小时会加密一批；现在就做：cardcase lot seal-papers / background work seals some each hour; or do it now",
    )
    work = jobs.work(actor, at=now)
    yield Check(
        "jobs_stuck",
        not work.parked,
        f"卡住的后台任务 {len(work.parked)} 个",
        f"{len(work.parked)} jobs are stuck",
        "看日志里的原因 / see the reason in the log",
    )
    yield Check(
        "jobs_flow",
        work.oldest_due is None or now - work.oldest_due < SLOW,
        "后台任务正常" if work.oldest_due is None else f"最早到期的后台任务从 {work.oldest_due:%m-%d %H:%M}Z 等到现在",
        "background work flows" if work.oldest_due is None else f"due since {work.oldest_due:%m-%d %H:%M}Z",
        "启动 cardcase run 或 cardcase worker / start cardcase run or cardcase worker",
    )


def _anchors(actor: Any) -> Iterator[Check]:
    from cardcase.anchors import queries as anchors

    now = clock.now()
    seen = anchors.standing(actor, at=now)
    since = anchors.pending_since(actor)
    fine = f"第三方时间戳：{seen.stamped_at:%m-%d %H:%M}Z" if seen.stamped_at else ""
    yield Check(
        "trusted_time",
        not seen.code,
        f"[{seen.code}] {seen.text.zh}" if seen.code else fine,
        f"[{seen.code}] {seen.text.en}" if seen.code else f"time-stamped by others at {seen.stamped_at}",
        f"从 {since:%m-%d %H:%M}Z 等到现在；看 cardcase ledger stamps / see cardcase ledger stamps"
        if since
        else "在 anchors.toml 里写上时间戳机构，见手册“可信时间” / name authorities in anchors.toml",
    )
    contradicted = [one for one in seen.witnesses if one.code in ("witness_ahead", "witness_refused")]
    yield Check(
        "witnesses_agree",
        not contradicted,
        f"{contradicted[0].name}：{contradicted[0].text.zh}" if contradicted else "没有见证方提出异议",
        f"{contradicted[0].name}: {contradicted[0].text.en}" if contradicted else "no witness objects",
        "先运行 cardcase ledger verify；不要继续签名 / run cardcase ledger verify first and sign nothing",
        is_grave=True,
    )


def _data_files() -> Iterator[Check]:
    from cardcase.kit.errors import Problem
    from cardcase.project import checks

    for name, load in checks.CATALOGUES.items():
        try:
            load()
        except Problem as problem:
            yield Check(
                "data_file", False, problem.message.zh, problem.message.en, "改正这个文件 / mend it", is_grave=True
            )
        else:
            yield Check("data_file", True, f"数据文件：{name}", f"data files: {name}")
