"""The WSGI entrance for granian, gunicorn and others: ``cardcase.project.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cardcase.project.settings")

application = get_wsgi_application()
