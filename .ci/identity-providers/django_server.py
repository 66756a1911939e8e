"""An authorization server: django-oauth-toolkit with Django's own sign-in form. One user, opaque tokens."""
import os
import sys
from pathlib import Path

import django
from django.conf import settings

port, folder = sys.argv[1], Path(sys.argv[2])
issuer = f"http://127.0.0.1:{port}/o"
settings.configure(
    SECRET_KEY=os.urandom(32).hex(),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "django.sqlite"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    LOGIN_URL="/admin/login/",
    OAUTH2_PROVIDER={
        "SCOPES": {"mcp:read": "Read", "mcp:write": "Write"},
        "DEFAULT_SCOPES": ["mcp:read"],
        "PKCE_REQUIRED": True,
        "OIDC_ISS_ENDPOINT": issuer,
        "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ("oauth2_provider.dcr.AllowAllDCRPermission",),
    },
)
django.setup()

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import include, path
from oauth2_provider import urls as oauth2_urls

urlpatterns = [
    path("admin/", admin.site.urls),
    path("o/", include("oauth2_provider.urls")),
    path("", include((oauth2_urls.metadata_urlpatterns, "oauth2_provider"), namespace="root")),
]

call_command("migrate", verbosity=0)
# Django's sign-in form is the administration's: it takes staff.
User.objects.create_superuser("mcpuser", password=os.environ["LOGIN_PASSWORD"])
call_command("runserver", f"127.0.0.1:{port}", use_reloader=False, verbosity=0)
