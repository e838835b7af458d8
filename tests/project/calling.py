"""A program with a token that calls the API. Shared by the tests of the API."""

import json
import uuid

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client


class Caller:
    """A program with a token."""

    def __init__(self, token: str, client: Client | None = None) -> None:
        self.client = client or Client(enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path):
        return self.client.get(f"/api/v1{path}", headers=self.headers)

    def post(self, path, body=None, *, key=None, raw=None, **more):
        headers = self.headers | ({"Idempotency-Key": key or str(uuid.uuid4())} if key != "" else {}) | more
        data = raw if raw is not None else json.dumps({} if body is None else body)
        return self.client.post(f"/api/v1{path}", data, content_type="application/json", headers=headers)

    def send(self, uploads, *, to="/imports", key=None, **fields):
        data = {"files": [SimpleUploadedFile(item.name, item.data) for item in uploads], **fields}
        headers = self.headers | {"Idempotency-Key": key or str(uuid.uuid4())}
        return self.client.post(f"/api/v1{to}", data, headers=headers)
