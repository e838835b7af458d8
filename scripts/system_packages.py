"""Install from Debian what Cardcase or its tests need, or say exactly what is missing and how to get it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def _fonts() -> bool:
    roots = [
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        Path.home() / ".fonts",
        Path("/System/Library/Fonts"),
    ]
    return any(
        any(root.rglob(name)) for root in roots if root.exists() for name in ("*CJK*", "*PingFang*", "*NotoSansSC*")
    )


def _postgres() -> bool:
    return bool(shutil.which("initdb")) or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def _chromium() -> bool:
    return bool(shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome"))


def _has_font(pattern: str) -> bool:
    return any(Path("/usr/share/fonts").rglob(pattern))


NEEDS: dict[str, tuple[str, str, Callable[[], bool]]] = {
    "fonts-noto-cjk": ("证据包 PDF 的中文字体", "Chinese fonts for the pack's PDF", _fonts),
    "postgresql": ("测试用的 PostgreSQL", "PostgreSQL for the tests", _postgres),
    "chromium": ("测试用的浏览器", "a browser for the journeys", _chromium),
    "poppler-utils": ("把 PDF 变成图片来检查", "pdftoppm, to look at PDFs", lambda: bool(shutil.which("pdftoppm"))),
    "golang-go": ("判断记录的第二种实现", "Go, which judges the record", lambda: bool(shutil.which("go"))),
    "golang-golang-x-mod-dev": (
        "Go 的校验和数据库代码",
        "Go's checksum-database code, a second implementation of the record",
        lambda: Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog").exists(),
    ),
    "openssl": ("测试用的时间戳机构", "an authority of time for the tests", lambda: bool(shutil.which("openssl"))),
    "fonts-noto-color-emoji": (
        "截图里的表情",
        "emoji in screenshots",
        lambda: _has_font("*ColorEmoji*"),
    ),
    "fonts-roboto-unhinted": (
        "判截图识别用的字体",
        "a font of the chats that judge the reading",
        lambda: _has_font("Roboto-*"),
    ),
    "fonts-inter": ("判截图识别用的字体", "a font of the chats that judge the reading", lambda: _has_font("Inter*")),
    "fonts-wqy-zenhei": (
        "判截图识别用的字体",
        "a font of the chats that judge the reading",
        lambda: _has_font("wqy-zenhei*"),
    ),
    "fonts-wqy-microhei": (
        "判截图识别用的字体",
        "a font of the chats that judge the reading",
        lambda: _has_font("wqy-microhei*"),
    ),
}
RUN = ("fonts-noto-cjk",)


def main(purpose: str) -> int:
    """Install the missing ones when this is Debian and we are root; otherwise name them. Fails only for tests."""
    wanted = RUN if purpose == "run" else tuple(NEEDS)
    missing = [package for package in wanted if not NEEDS[package][2]()]
    if missing and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=False, stdout=subprocess.DEVNULL)
        subprocess.run(command, env=quiet, check=False, stdout=subprocess.DEVNULL)
        missing = [package for package in wanted if not NEEDS[package][2]()]
    if not missing:
        return 0
    print("还缺 / Missing:", file=sys.stderr)
    for package in missing:
        print(f"  - {NEEDS[package][0]} / {NEEDS[package][1]}: sudo apt-get install {package}", file=sys.stderr)
    return 0 if purpose == "run" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "run"))
