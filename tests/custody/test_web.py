"""The page and the JSON of the record: where it stands, signing, and turning the key."""

import pytest
from django.test import Client

from cardcase.custody import queries, service
from cardcase.staff.models import Staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(owner, noon) -> Client:
    service.append(owner, service.Record("case.opened", "case_1", noon, {}))
    person = Staff.objects.get(pk=owner.staff_id)
    person.must_change_password = False
    person.save()
    client = Client()
    client.force_login(person)
    return client


def test_the_page_shows_the_head_and_the_key_in_use(client, owner):
    client.post("/settings/record/sign/")
    page = client.get("/settings/record/").content.decode()
    (key,) = queries.signing_keys(owner)
    assert key.vkey.replace("+", "&#43;") in page or key.vkey in page
    assert key.fingerprint in page
    assert queries.latest_checkpoint(owner).splitlines()[2] in page
    assert "正在使用" in page


def test_the_owner_turns_the_key_on_the_page_and_says_why(client, owner):
    (before,) = queries.signing_keys(owner)
    refused = client.post("/settings/record/rotate-key/", {"reason": "  "})
    assert refused.status_code == 422
    client.post("/settings/record/rotate-key/", {"reason": "换了电脑"})
    former, present = queries.signing_keys(owner)
    assert (former.vkey, former.state, present.state) == (before.vkey, "former", "present")


def test_a_record_that_may_not_be_signed_says_so_and_goes_on_under_a_new_name(client, owner, data):
    client.post("/settings/record/sign/")
    (data / "head.note").unlink()
    assert "不再签名" in client.get("/settings/record/").content.decode()
    client.post("/settings/record/continue/", {"reason": "恢复了备份"})
    assert service.check_head().may_sign
    assert [one.state for one in queries.signing_keys(owner)] == ["former", "present"]
