"""The product's own settings on a throw-away data folder; the database by CARDCASE_DATABASE_URL as everywhere."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="cardcase-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["CARDCASE_DATA"] = _folder

from cardcase.project.settings import *  # noqa: E402, F403

# Strong hashing is proved by one test of its own; everywhere else it would only cost 100 MiB and 0.3 s a sign-in.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
