"""What the commands share: the data folder, JSON on stdout, progress on a terminal and plain lines elsewhere."""

import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

F = TypeVar("F", bound=Callable[..., Any])
Command = Callable[..., Any]

Step = Callable[[int, int, str], None]
"""Called with done, total and what is being done."""


def data_option(function: F) -> F:
    """Add ``--data DIR`` (or CARDCASE_DATA)."""
    option = click.option(
        "--data",
        "data",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="CARDCASE_DATA",
        help="数据目录 / data folder",
    )
    return option(function)


def shop_option(function: F) -> F:
    """Add ``--shop SLUG``."""
    return click.option("--shop", "shop_slug", default=None, help="店铺代号 / the shop's slug")(function)


def json_option(function: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON and nothing else")(function)


def with_desk(function: Command) -> Command:
    """Bring Cardcase up before the command runs; say the first owner on stderr when the folder is fresh."""

    @functools.wraps(function)
    def wrapped(*args: Any, data: Path | None, **kwargs: Any) -> Any:
        bring_up(data)
        return function(*args, **kwargs)

    return data_option(wrapped)


def bring_up(data: Path | None) -> None:
    """Bring Cardcase up on its data folder, and say the first owner's password when the folder is fresh."""
    from cardcase.project import boot

    first = boot.prepare(data)
    if first is not None:
        announce(first.username, first.password)


def announce(username: str, password: str) -> None:
    """Say the first owner's name and one-time password, once, on stderr."""
    click.echo(
        f"新建了数据目录。店主账号 {username}，一次性密码 {password}（首次登录后须修改，只显示这一次）\n"
        f"Fresh data folder. Owner {username}, one-time password {password} (shown once, change it at first sign-in)",
        err=True,
    )


def plain(value: Any) -> Any:
    """Turn dataclasses, moments and enums into what JSON knows. Times keep their zone."""
    if is_dataclass(value) and not isinstance(value, type):
        return {key: plain(item) for key, item in asdict(value).items()}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


def require_new(path: Path) -> None:
    """Raise WrongUse for a file that is there already: asked before the look that it would keep is recorded."""
    if path.exists():
        raise WrongUse(
            "这个文件已经在了", "That file is there already", next=Text("换个名字。", "Choose another name.")
        )


def write_new(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a new file, readable by its owner only from its first byte on."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        for piece in pieces:
            file.write(piece)


def print_json(document: Any) -> None:
    """Print one JSON document and nothing else on stdout."""
    click.echo(json.dumps(plain(document), ensure_ascii=False, indent=2))


_STAGES: Final = {
    "card": Text("卡密", "cards"),
    "order": Text("订单", "orders"),
    "refund": Text("退款", "refunds"),
    "delivery": Text("发货记录", "deliveries"),
    "message": Text("消息", "messages"),
    "case": Text("售后单", "cases"),
}
"""What an import works through, in the order in which it does."""

_LONG: Final = 5000
"""Rows from which a stage tells how far it is even where no bar can be drawn."""


@contextmanager
def progress(title: Text, *, quiet: bool = False) -> Iterator[Step]:
    """Show a bar on a terminal, else plain lines on stderr: one when a stage is done, and ten of a long one."""
    if quiet:
        yield lambda _done, _total, _what: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bars:
            bar = bars.add_task(_said(title), total=None)
            yield lambda done, total, what: bars.update(
                bar, completed=done, total=total, description=f"{_said(title)} {_stage(what)}"
            )
    else:
        told = ("", 0)

        def line(done: int, total: int, what: str) -> None:
            nonlocal told
            tenth = 10 * done // max(total, 1)
            is_further = total >= _LONG and tenth > 0 and (what, tenth) != told
            if done == total or is_further:
                told = (what, tenth)
                click.echo(f"{_said(title)} {_stage(what)} {done}/{total}", err=True)

        yield line


def _stage(what: str) -> str:
    return _said(_STAGES.get(what, Text(what, what)))


def _said(text: Text) -> str:
    from cardcase.shell.language import say

    return say(text)
