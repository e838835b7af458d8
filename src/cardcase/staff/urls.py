"""Addresses of the settings. Signing in and its second factors hang at ``/account/`` (allauth).

Hang this list before allauth's: the last two addresses stand in the way of pages that would send e-mail.
"""

from django.urls import path

from . import web

urlpatterns = [
    path("settings/", web.settings_page, name="settings"),
    path("settings/shop/", web.shop_page, name="settings_shop"),
    path("settings/staff/", web.staff_page, name="settings_staff"),
    path("settings/staff/new/", web.staff_new, name="settings_staff_new"),
    path("settings/staff/<int:staff_id>/role/", web.staff_role, name="settings_staff_role"),
    path("settings/staff/<int:staff_id>/remove/", web.staff_remove, name="settings_staff_remove"),
    path("settings/staff/<int:staff_id>/password/", web.staff_password, name="settings_staff_password"),
    path("settings/tokens/", web.tokens_page, name="settings_tokens"),
    path("settings/tokens/new/", web.token_new, name="settings_token_new"),
    path("settings/tokens/<int:token_id>/revoke/", web.token_revoke, name="settings_token_revoke"),
    path("settings/switch-shop/", web.switch_shop, name="switch_shop"),
    path("account/password/reset/", web.forgotten_password),
    path("account/email/", web.no_email),
]
