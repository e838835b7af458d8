"""One person at the case page, and a picture to hand in. Shared by the tests of the acts."""

import re
import struct
import zlib

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cardcase.cases.models import Case
from cardcase.staff.models import Staff
from intake.world import row_counts

BACKEND = "django.contrib.auth.backends.ModelBackend"


class Desk:
    """One person at the case page of one case."""

    def __init__(self, actor, case) -> None:
        self.client = Client()
        self.client.force_login(Staff.objects.get(pk=actor.staff_id), BACKEND)
        self.case = case

    @property
    def url(self) -> str:
        return f"/cases/{self.case.number}/"

    def row(self) -> Case:
        return Case.objects.get(pk=self.case.pk)

    def do(self, act, *, revision=None, files=(), **typed):
        typed["revision"] = self.row().revision if revision is None else revision
        if files:
            typed["files"] = [SimpleUploadedFile(name, data) for name, data in files]
        return self.client.post(f"{self.url}{act}/", typed)

    def done(self, act, **typed):
        """Do an act that must succeed; return the page that follows."""
        answer = self.do(act, **typed)
        assert answer.status_code == 302, re.findall(
            r'class="[^"]*notice[^"]*"[^>]*>(.*?)</(?:div|section|p)>', answer.content.decode(), re.DOTALL
        )
        assert answer.headers["Location"] == self.url
        page = self.client.get(self.url)
        assert "已记下" in page.content.decode()
        return page

    def look_at_the_card(self):
        """Check the balance of the case's card on its own page, as one does before anything goes out."""
        card = self.row().card.public_id
        answer = self.client.post(f"/cards/{card}/check/", {"balance": "200", "usable": "yes", "method": "官网查询"})
        assert answer.status_code == 302

    def refused(self, act, status=409, **typed):
        """Do an act that must be refused; check that nothing changed and that what was typed is still there."""
        before, counts = self.row(), row_counts()
        answer = self.do(act, **typed)
        assert answer.status_code == status, answer.status_code
        after = self.row()
        assert (after.revision, after.status) == (before.revision, before.status)
        assert row_counts() == counts
        body = answer.content.decode()
        assert self.case.number in body
        return body


def picture() -> bytes:
    """Return one white pixel as PNG."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\xff")) + chunk(b"IEND", b"")
