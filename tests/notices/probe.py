"""A process of its own for test_processes.py: makes a target and promises test notices.  probe.py URL COUNT"""

import os
import sys

url, count = sys.argv[1], int(sys.argv[2])

from cardcase.project import boot  # noqa: E402 - reads CARDCASE_DATA

boot.prepare(os.environ["CARDCASE_DATA"])

from cardcase.kit import clock  # noqa: E402 - after Django is up
from cardcase.notices import service  # noqa: E402
from cardcase.notices.service import TargetWish  # noqa: E402

owner = boot.operator()
target = service.add_target(owner, "webhook", TargetWish(name="值班"), address=url, at=clock.now())
for _ in range(count):
    service.try_target(owner, target.id, at=clock.now())
