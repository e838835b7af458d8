"""allauth's adapter: accounts are made by an owner, never by signing up; a new password ends what came before it."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from .gate import address_of
from .models import Staff


class ClosedAccounts(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """No public sign-up; the one-time password is good for one thing only: choosing another."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Refuse every sign-up."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address by which failed sign-ins are counted, behind a trusted proxy too."""
        return address_of(request) or str(super().get_client_ip(request))

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Lead somebody with a one-time password to choosing their own."""
        if isinstance(request.user, Staff) and request.user.must_change_password:
            return reverse("account_change_password")
        return str(super().get_login_redirect_url(request))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002 - allauth's signature
        """Go to work after the change."""
        return "/"

    def clean_password(self, password: str, user: Any = None) -> str:
        """Keep the usual rules, and never the one-time password itself."""
        cleaned = str(super().clean_password(password, user=user))
        if isinstance(user, Staff) and user.must_change_password and user.check_password(cleaned):
            raise ValidationError(_("请换一个密码，不要沿用一次性密码。"))
        return cleaned

    def set_password(self, user: Any, password: str) -> None:
        """Set the person's own password. All other sessions end: Django binds a session to the password's hash."""
        user.set_password(password)
        user.must_change_password = False
        user.save(update_fields=["password", "must_change_password"])
