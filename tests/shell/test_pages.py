"""Every page draws in both languages, says what it must, and keeps the strict policy."""

import pytest
from django.test import override_settings

from cardcase.staff.models import Staff
from shell.example_pages import PAGES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

SETTINGS = ["/settings/", "/settings/shop/", "/settings/staff/", "/settings/tokens/", "/parts/"]


@pytest.fixture
def pages(client, owner):
    """A client signed in as the owner, with example pages hung up."""
    with override_settings(ROOT_URLCONF="shell.example_urls"):
        client.force_login(Staff.objects.get(pk=owner.staff_id), "django.contrib.auth.backends.ModelBackend")
        yield client


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("url", [*PAGES, *SETTINGS, "/account/2fa/", "/account/sessions/", "/account/password/change/"])
def test_every_page_draws_in_both_languages(pages, url, language):
    pages.cookies["django_language"] = language
    answer = pages.get(url, follow=True)
    assert answer.status_code == 200
    body = answer.content.decode()
    assert ('<html lang="en"' in body) is (language == "en")
    assert 'id="main"' in body
