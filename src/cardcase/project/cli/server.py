"""Processes that stay: run, demo, worker."""

import gc
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Final

import click

from cardcase.kit import clock
from cardcase.kit.errors import Unavailable
from cardcase.kit.text import Text

from .common import announce, bring_up, data_option, progress

THREADS: Final = (("default",), ("notices",), ("anchors",))
"""One thread a tuple of queues inside ``cardcase run``: a slow receiver of notices or authority of time keeps nothing
else waiting.

The first has the watch of the process beside it.
"""


def serve(host: str | None, port: int | None, *, with_example: bool) -> None:
    """Bring up pages and background work in this process and stay until told to stop."""
    from django.conf import settings

    from cardcase.project import example, logs

    config = settings.CARDCASE
    logs.configure(config.log_format)
    host, port = host or config.host, port or config.port
    if with_example:
        from cardcase.project.boot import operator

        with progress(Text("示例店铺", "Example shop")) as step:
            example.load_once(operator(), at=clock.now(), progress=step)

    from waitress.server import create_server

    from cardcase.jobs.runners.thread import ThreadRunner
    from cardcase.jobs.runners.worker import Worker
    from cardcase.project.wsgi import application

    try:
        server = create_server(
            application,
            host=host,
            port=port,
            threads=config.threads,
            ident="cardcase",
            # Else it takes X-Forwarded-For out; whom to believe is decided in staff.gate.address_of.
            clear_untrusted_proxy_headers=not config.trusted_proxies,
        )
    except OSError as error:
        raise Unavailable(
            f"不能在 {host}:{port} 上监听：{error.strerror}",
            f"Cannot listen on {host}:{port}: {error.strerror}",
            next=Text("端口被占用时用 --port 换一个。", "When the port is taken, choose another with --port."),
            code="cannot_listen",
        ) from error
    runners = [ThreadRunner(Worker(queues=queues), has_watch=queues == THREADS[0]) for queues in THREADS]
    for runner in runners:
        runner.start()
    gc.freeze()  # what is loaded by now stays: the collector need not walk through it at every page
    signal.signal(signal.SIGTERM, _stop)
    click.echo(f"Cardcase 已启动 / is running: http://{host}:{port}\n按 Ctrl-C 停止 / Ctrl-C stops it", err=True)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
        for runner in runners:
            runner.stop()


def _stop(_number: int, _frame: object) -> None:
    """Leave the serving loop the same way as Ctrl-C, also where a shell has told us to ignore that."""
    raise KeyboardInterrupt


@click.command(
    help="启动网页和后台任务；首次启动会建好一切 / start pages and background work; first start makes all it needs"
)
@click.option("--host", default=None, help="监听地址 / address to listen on")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="端口 / port")
@click.option("--with-example", is_flag=True, help="空店时载入示例店铺 / load the example shop into an empty one")
@data_option
def run(*, host: str | None, port: int | None, with_example: bool, data: Path | None) -> None:
    """Start Cardcase."""
    from cardcase.project import boot

    first = boot.prepare(data)
    if first is not None:
        announce(first.username, first.password)
    serve(host, port, with_example=with_example)


@click.command(help="在临时目录里启动示例店铺，停止后删除 / the example shop on a throw-away folder")
@click.option("--host", default=None, help="监听地址 / address to listen on")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="端口 / port")
def demo(*, host: str | None, port: int | None) -> None:
    """Start the example shop; nothing of it outlives the process."""
    from cardcase.project import boot

    folder = tempfile.mkdtemp(prefix="cardcase-demo-")
    try:
        first = boot.prepare(folder)
        if first is not None:
            announce(first.username, first.password)
        serve(host, port, with_example=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@click.command(help="后台进程；可以开几个 / a background worker; several may run")
@click.option("--queue", "queues", multiple=True, help="只做这些队列 / only these queues")
@data_option
def worker(*, queues: tuple[str, ...], data: Path | None) -> None:
    """Do promised work until told to stop; a job in hand is finished first."""
    from django.conf import settings

    from cardcase.project import logs

    bring_up(data)
    from cardcase.jobs.runners import process  # its tables are known once Django is up
    from cardcase.jobs.runners.worker import Worker

    logs.configure(settings.CARDCASE.log_format)
    process.serve(Worker(queues=queues))
