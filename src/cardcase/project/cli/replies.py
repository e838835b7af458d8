"""Replies from the command line: what is wrong with these words, and how to say it better."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import click

from .common import bring_up, data_option, shop_option
from .work import messages


@click.command(help="检查回复的语气和用语，一行一条 / check the words of replies, one a line")
@click.argument("file", type=click.File("rb"), default="-")
@shop_option
@data_option
def tone(file: BinaryIO, data: Path | None, shop_slug: str | None) -> int:
    """Say for each reply which places fail a check, why, and a better wording. 1 when one of them fails.

    With ``--shop`` the shop's own words count, too; without it nothing is brought up and no database is asked.
    """
    from cardcase.inbox.rules.tone import better, findings

    code, own = 0, _own_words(data, shop_slug)
    for number, key, text in messages(file):
        if text is None:
            click.echo(f"第 {number} 行不是有效的 JSON 消息 / line {number} is no JSON message", err=True)
            code = 1
            continue
        found = findings(text, override=own)
        code = 1 if found else code
        document: dict[str, Any] = {
            "id": key,
            "ok": not found,
            "findings": [asdict(one) for one in found],
            "better": better(text, override=own),
        }
        sys.stdout.write(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n")
    return code


def _own_words(data: Path | None, shop_slug: str | None) -> Path | None:
    """Return where the words of a shop lie. Raises NotFound for an unknown shop."""
    if shop_slug is None:
        return None
    from django.conf import settings

    from cardcase.inbox.rules.drafts import tone_file
    from cardcase.project.boot import operator

    bring_up(data)
    operator(shop_slug)
    folder: Path = settings.CARDCASE.overrides
    return tone_file(folder / shop_slug) if folder.is_dir() else None
