"""What the files of a parcel are by their own first bytes, and how large they may be. Pure."""

from typing import Final

from cardcase.kit import media
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from .parcels import Role

MEGABYTE: Final = 1024 * 1024
LARGEST_PHOTO: Final = 20 * MEGABYTE
"""Most bytes of a photo: a phone's 108-megapixel JPEG has some 15 MB. Our own choice."""

TAKEN: Final = frozenset({media.JPEG, media.PNG, media.WEBP, media.HEIC, media.MP4, media.MOV})
VIDEOS: Final = frozenset({media.MP4, media.MOV})


class BadMedia(WrongUse):
    """A file that cannot be kept as a photo or video of a parcel."""

    code = "bad_media"


class TooLarge(BadMedia):
    """A file, or a whole request, that is refused by its size before it is taken in."""

    status = 413
    code = "media_too_large"


def most_bytes(role: str, *, largest_video: int) -> int:
    """Return how large the file of a role (``Role`` value, or whatever a form field is called) may be."""
    return largest_video if role == Role.VIDEO.value else LARGEST_PHOTO


def most_of_request(*, largest_video: int) -> int:
    """Return how large a step may be with all its files: a video, two photos, and words."""
    return largest_video + 2 * LARGEST_PHOTO + MEGABYTE


def too_large(most: int) -> TooLarge:
    """Make the refusal of what is larger than this."""
    return TooLarge(
        f"文件超过 {most // MEGABYTE} MB",
        f"The file is larger than {most // MEGABYTE} MB",
        next=Text(
            "录短一点或降低清晰度；上限在设置 parcel_video_mb。",
            "Film shorter or in a lower quality; the limit is the setting parcel_video_mb.",
        ),
    )


def media_of(head: bytes) -> str:
    """Tell the media type by the first bytes, never by the name. Raises BadMedia for what is not taken."""
    found = media.media_of(head)
    if found not in TAKEN:
        raise BadMedia(
            "只收 JPEG、PNG、WEBP、HEIC 照片和 MP4、MOV 录像",
            "Only JPEG, PNG, WEBP, HEIC photos and MP4, MOV videos are taken",
            next=Text("用手机相机拍，不要用压缩包。", "Take it with the phone's camera; send no archive."),
        )
    return found


def check_media(role: Role, head: bytes, size: int, *, largest_video: int) -> str:
    """Return the media type of a file for its role. Raises BadMedia for another kind, an empty or too large one.

    ``largest_video`` is the setting ``parcel_video_mb`` in bytes.
    """
    mime = media_of(head)
    is_video = mime in VIDEOS
    if is_video is not (role is Role.VIDEO):
        raise BadMedia(
            "这里要录像，不是照片" if role is Role.VIDEO else "这里要照片，不是录像",
            "A video is wanted here, no photo" if role is Role.VIDEO else "A photo is wanted here, no video",
            next=Text("放到对应的一栏再传。", "Add it in the field that it belongs to."),
        )
    most = largest_video if is_video else LARGEST_PHOTO
    if size > most:
        raise too_large(most)
    return mime
