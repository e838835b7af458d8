"""Say plainly what a machine lacks before anything is built on it. Uses nothing but the standard library."""

import shutil
import subprocess
import sys

LACKS: list[str] = []

if sys.version_info < (3, 11):  # noqa: UP036 - this is the very check
    LACKS.append(
        f"Python 3.11 或更新（现在是 {sys.version.split()[0]}）/ Python 3.11 or newer: apt-get install python3.11"
    )
try:
    import ensurepip  # noqa: F401
    import venv  # noqa: F401
except ImportError:
    LACKS.append("Python 的 venv 模块 / Python's venv module: apt-get install python3-venv")
node = shutil.which("node")
if node is None or shutil.which("npm") is None:
    LACKS.append("Node.js 20 和 npm / Node.js 20 and npm: apt-get install nodejs npm")
else:
    version = (
        subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip().lstrip("v")
    )
    if version and int(version.split(".")[0]) < 18:  # noqa: PLR2004 - esbuild's floor
        LACKS.append(f"Node.js 18 或更新（现在是 {version}）/ Node.js 18 or newer")

if LACKS:
    print("缺少以下东西，装好后再运行一次 / Missing, install and run again:", file=sys.stderr)
    for lack in LACKS:
        print(f"  - {lack}", file=sys.stderr)
    sys.exit(1)
