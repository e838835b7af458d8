"""Looking at what became of notices."""

import json

from cardcase.custody.models import Entry
from cardcase.notices.models import Notice


def states():
    return sorted(Notice.objects.values_list("event", "state"))


def kinds_of(subject):
    return list(Entry.objects.filter(subject=subject).order_by("pk").values_list("kind", flat=True))


def told(other_side, alarm="", deadline="platform_response"):
    """What arrived, as fields; one alarm of one clock when asked."""
    data = [json.loads(asked.body)["data"] for asked in other_side.got]
    return [one for one in data if not alarm or (one.get("alarm"), one.get("deadline")) == (alarm, deadline)]
