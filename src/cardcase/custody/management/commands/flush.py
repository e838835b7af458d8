"""Django's ``flush``, taught that the record is never emptied, except in a test database."""

from typing import Any

from django.core.management.commands.flush import Command as Flush
from django.db import connections

from cardcase.custody import guards
from cardcase.kit.errors import Refused
from cardcase.kit.text import Text


class Command(Flush):
    """Empty a test database between tests that commit; refuse every other one."""

    def handle(self, **options: Any) -> None:
        """Open the guard for the length of the flush. Raises Refused outside a test database."""
        connection = connections[options["database"]]
        name, test_name = str(connection.settings_dict["NAME"]), connection.settings_dict["TEST"]["NAME"]
        if not (name.startswith(("test_", "file:memorydb_")) or (test_name and name == str(test_name))):
            raise Refused(
                "这不是测试数据库，记录不可清空",
                "This is not a test database; the record is never emptied",
                next=Text("要重新开始，请换一个数据目录。", "To begin anew, use another data folder."),
                code="record_is_kept",
            )
        with guards.opened():
            super().handle(**options)
