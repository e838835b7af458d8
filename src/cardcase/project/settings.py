"""Django's settings, derived from ``config``. Nothing here is set by hand on a machine."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from csp.constants import NONE, SELF

from cardcase.project import config, sqlite

PACKAGE = Path(__file__).parent.parent
SQLITE_VERSION = sqlite.use_bundled()
CARDCASE = config.load()

SECRET_KEY = CARDCASE.secret_key()
DEBUG = CARDCASE.debug
ALLOWED_HOSTS = list(CARDCASE.allowed_hosts)
ROOT_URLCONF = "cardcase.project.urls"
WSGI_APPLICATION = "cardcase.project.wsgi.application"
AUTH_USER_MODEL = "staff.Staff"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "csp",
    "ninja",
    "cardcase.staff",
    "cardcase.shell",
    "cardcase.jobs",
    "cardcase.search",
    "cardcase.custody",
    "cardcase.anchors",
    "cardcase.orders",
    "cardcase.cards",
    "cardcase.policies",
    "cardcase.deadlines",
    "cardcase.triage",
    "cardcase.delivery",
    "cardcase.cases",
    "cardcase.sourcing",
    "cardcase.inbox",
    "cardcase.notices",
    "cardcase.evidence",
    "cardcase.screens",
    "cardcase.remedies",
    "cardcase.privacy",
    "cardcase.packs",
    "cardcase.intake",
    "cardcase.training",
    "cardcase.desk",
    "cardcase.project",
]

MIDDLEWARE = [
    "cardcase.project.middleware.request_ids",
    "cardcase.project.uploads.refuse_large_parcels",
    "cardcase.project.middleware.refuse_nul",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "cardcase.shell.middleware.ChosenLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "cardcase.project.middleware.answer_posts_once",
]

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [],
        "APP_DIRS": True,  # each room's jinja2/ folder
        "OPTIONS": {
            "environment": "cardcase.shell.jinja.environment",
            "context_processors": ["cardcase.shell.jinja.csrf_once"],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "shell" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
]


def _database(url: str) -> dict[str, Any]:
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": CARDCASE.data / "cardcase.sqlite3",
            "OPTIONS": {
                "timeout": 30,
                "transaction_mode": "IMMEDIATE",
                # FULL: with NORMAL up to seven acknowledged commits were lost at power loss (reliability.md §3).
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA busy_timeout=30000;"
                # What is deleted or shortened is overwritten at once: an erased buyer must not be left in free pages.
                "PRAGMA secure_delete=ON;",
            },
        }
    parts = urlparse(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 20}},
    }


DATABASES = {"default": _database(CARDCASE.database_url)}

LANGUAGE_CODE = CARDCASE.language
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

WHITENOISE_USE_FINDERS = True  # our few files are served from the package; nothing is collected
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

# allauth: a lone seller signs in with a name and needs no e-mail (architecture §12.7).
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "cardcase.staff.accounts.ClosedAccounts"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Cardcase"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not CARDCASE.secure
LOGIN_URL = "/account/login/"
LOGIN_REDIRECT_URL = "/"

SESSION_COOKIE_NAME = "cardcase_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CARDCASE.secure
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_NAME = "cardcase_csrf"
CSRF_COOKIE_SECURE = CARDCASE.secure
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if CARDCASE.secure else 0
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "cardcase.project.uploads.ParcelLimit",
    "cardcase.intake.uploads.ImportUploads",  # files of codes are never written readable into a temporary file
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 50

SEARCH_MASKING = "cardcase.cards.masking.mask_texts"
"""What takes card codes out of words before they can be found; a room above ``search``, so it is named here."""

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
LOGGING_CONFIG = None
SILENCED_SYSTEM_CHECKS: list[str] = []
