"""Bringing Cardcase up on a data folder: settings, tables, a first shop and its first owner."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cardcase.kit.errors import NotFound, Unavailable, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, ActorKind, Role

from .config import DATA_VARIABLE


@dataclass(frozen=True, slots=True)
class FirstOwner:
    """What is told once, at the first start of a fresh folder."""

    username: str
    password: str


def prepare(data: Path | str | None = None) -> FirstOwner | None:
    """Set Django up on a data folder and initialise it when it is fresh. Returns the first owner when one was made.

    Raises WrongUse for a folder or a setting that cannot be used, Unavailable when the database is away.
    """
    configure(data)
    import django
    from django.conf import settings
    from django.db.utils import OperationalError

    try:
        django.setup()
        settings.CARDCASE.data.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(settings.CARDCASE.data / "starting.lock"):
            if _schema_is_behind():
                from django.core.management import call_command

                call_command("migrate", interactive=False, verbosity=0)
            return _first_shop()
    except OSError as error:
        raise WrongUse(
            f"数据目录不能用：{error.filename or data}（{error.strerror}）",
            f"The data folder cannot be used: {error.filename or data} ({error.strerror})",
            next=Text("用 --data 换一个可写的目录。", "Name a writable folder with --data."),
            code="data_folder_unusable",
        ) from error
    except OperationalError as error:
        raise Unavailable(
            "连不上数据库",
            "The database cannot be reached",
            next=Text(
                "检查 database_url、磁盘空间和数据目录的权限。",
                "Check database_url, disk space and permissions of the folder.",
            ),
            code="database_away",
        ) from error


def configure(data: Path | str | None = None) -> None:
    """Point the settings at a data folder, before anything reads them."""
    if data is not None:
        os.environ[DATA_VARIABLE] = str(Path(data).expanduser().absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cardcase.project.settings")


def operator(shop_slug: str | None = None) -> Actor:
    """Return the actor behind the command line: whoever may read the data folder is its owner. Raises NotFound."""
    from cardcase.staff import queries

    shop = queries.shop_by_slug(shop_slug) if shop_slug else next(iter(queries.all_shops()), None)
    if shop is None:
        raise NotFound(
            f"没有这个店铺：{shop_slug or '（还没有店铺）'}",
            f"There is no such shop: {shop_slug or '(none yet)'}",
            next=Text("用 cardcase shop list 看看有哪些。", "See them with cardcase shop list."),
        )
    nobody = Actor(ActorKind.STAFF, shop.pk, Role.OWNER, None, "cli")
    owner = next((row.id for row in queries.staff_of_shop(nobody) if row.role is Role.OWNER), None)
    return replace(nobody, staff_id=owner)


def _schema_is_behind() -> bool:
    """Compare the migrations on disk with those applied, without building Django's migration graph (0.3 s)."""
    from django.apps import apps
    from django.db import connection

    wanted = {
        (config.label, file.stem)
        for config in apps.get_app_configs()
        for file in (Path(config.path) / "migrations").glob("[0-9]*.py")
    }
    with connection.cursor() as cursor:
        if "django_migrations" not in connection.introspection.table_names(cursor):
            return True
        cursor.execute("SELECT app, name FROM django_migrations")
        return bool(wanted - set(cursor.fetchall()))


def _first_shop() -> FirstOwner | None:
    from cardcase.kit import clock
    from cardcase.staff import queries, service

    if queries.all_shops():
        return None
    shop = service.create_shop(name="礼卡小铺", slug="lika", at=clock.now())
    made = service.create_staff(Actor.console(shop.pk), username="owner", role=Role.OWNER, at=clock.now())
    return FirstOwner(made.username, made.password)


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Let one process at a time initialise the folder; the others wait. Where there is no fcntl, nobody waits."""
    try:
        import fcntl
    except ImportError:  # Windows: one seller, one process
        yield
        return
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)
