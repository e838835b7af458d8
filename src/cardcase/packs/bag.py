"""What a pack is read from, whatever it was carried in: an archive or a folder, under whatever outer name.

Packing anew, renaming, unpacking and the droppings of file managers change nothing that a pack says, so they are
looked through here and the checks see the members only.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from .archive import (
    MAX_ARCHIVE_BYTES,
    MAX_FOLDERS,
    MAX_MEMBER_BYTES,
    MAX_MEMBERS,
    NAME,
    Source,
    UnsafeArchive,
    check_name,
    check_names,
    damaged,
    open_archive,
    refuse,
)

_CHUNK: Final = 1 << 20
_DEEPEST: Final = 8
_DROPPINGS: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".directory"})
_DROPPED_FOLDERS: Final = frozenset({".Trashes", ".Spotlight-V100", ".fseventsd"})
"""What file managers leave behind by themselves, on macOS, Windows and KDE. It is never read.

``__MACOSX`` is none of them as a folder: all that macOS puts there begins with ``._``, and whatever else lies there was
put there by somebody.
"""


class Folder:
    """A folder that a pack was unpacked into. Only plain files count; links are refused."""

    def __init__(self, root: Path) -> None:
        """List the folder. Raises UnsafeArchive for links, odd names and too much."""
        self._root = root
        self._folders = 0
        self._found: dict[str, int] = {}
        self._list(root, "", 0)
        check_names(self._found)
        if sum(self._found.values()) > MAX_ARCHIVE_BYTES:
            raise refuse("archive_bomb", root.name, "目录过大，没有读", "The folder holds too much; not read")
        self.sizes: Mapping[str, int] = self._found

    def close(self) -> None:
        """Nothing is held open."""

    def stream(self, name: str) -> Iterator[bytes]:
        """Go through the bytes of a file in pieces. Raises UnsafeArchive when they are not as many as were seen."""
        size = self.sizes[name]
        path = self._root.joinpath(*name.split("/"))
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
            with open(descriptor, "rb") as file:  # noqa: PTH123 - Path.open knows no O_NOFOLLOW
                left = size
                while left > 0 and (piece := file.read(min(left, _CHUNK))):
                    left -= len(piece)
                    yield piece
                if left or file.read(1):
                    raise damaged(name)
        except OSError:
            raise damaged(name) from None

    def _list(self, folder: Path, prefix: str, depth: int) -> None:
        self._folders += 1
        if self._folders > MAX_FOLDERS or depth > _DEEPEST:
            raise refuse("archive_bomb", prefix or folder.name, "目录层次太多", "The folders are too many or too deep")
        with os.scandir(folder) as entries:
            for entry in entries:
                name = f"{prefix}{entry.name}"
                check_name(name)
                kind = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(kind.st_mode):
                    if entry.name not in _DROPPED_FOLDERS:
                        self._list(folder / entry.name, f"{name}/", depth + 1)
                elif stat.S_ISREG(kind.st_mode):
                    self._found[name] = kind.st_size
                else:
                    raise refuse("member_odd", name, f"{name} 不是普通文件", f"{name} is not a plain file")
                if len(self._found) > MAX_MEMBERS:
                    raise refuse("archive_bomb", name, "文件太多", "There are too many files")


class Bag:
    """The members of a pack by the names that they have inside it, without the folder around them."""

    def __init__(self, source: Source) -> None:
        """Look through the outermost folder. Raises UnsafeArchive for names that no pack has, and for huge members."""
        self._source = source
        told = {name: size for name, size in source.sizes.items() if not _is_dropping(name)}
        self.droppings = sorted(source.sizes.keys() - told.keys())
        """Names of what file managers left behind; it was not read."""
        firsts = {name.partition("/")[0] for name in told}
        self.base = f"{firsts.pop()}/" if len(firsts) == 1 and all("/" in name for name in told) else ""
        self.sizes = {name.removeprefix(self.base): size for name, size in told.items()}
        for name, size in self.sizes.items():
            if NAME.fullmatch(name) is None:
                raise refuse("name_odd", name, f"成员名 {name} 不合规", f"The name {name} is not acceptable")
            if size > MAX_MEMBER_BYTES:
                raise refuse("archive_bomb", name, f"{name} 过大，没有打开", f"{name} is too large; not opened")

    def __contains__(self, name: str) -> bool:
        return name in self.sizes

    def read(self, name: str, most: int) -> bytes:
        """Return the bytes of a member of at most ``most`` bytes. Raises KeyError, UnsafeArchive."""
        if self.sizes[name] > most:
            raise refuse("archive_bomb", name, f"{name} 过大，没有读", f"{name} is too large; not read")
        return b"".join(self.stream(name))

    def stream(self, name: str) -> Iterator[bytes]:
        """Go through the bytes of a member in pieces. Raises KeyError, UnsafeArchive at the latest at their end."""
        return self._source.stream(self.base + name)

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()


def open_bag(path: Path) -> Bag:
    """Open an archive or an unpacked folder. Raises UnsafeArchive."""
    try:
        if not (path.is_dir() or path.is_file()):  # a pipe would never end
            raise FileNotFoundError
        source: Source = Folder(path) if path.is_dir() else open_archive(path)
    except (OSError, ValueError):
        raise refuse("unreadable", path.name, "文件读不了", "The file cannot be read") from None
    try:
        return Bag(source)
    except UnsafeArchive:
        source.close()
        raise


def _is_dropping(name: str) -> bool:
    parts = name.split("/")
    return parts[-1] in _DROPPINGS or parts[-1].startswith("._") or not _DROPPED_FOLDERS.isdisjoint(parts[:-1])
