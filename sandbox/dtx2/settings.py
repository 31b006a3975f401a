"""Django settings; the database comes from SANDBOX_DTX2_* variables and nothing else."""

from __future__ import annotations

import os

SECRET_KEY = "the reference DTX 2.0 serves no requests"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "sandbox.dtx2.docutrax_hierarchy",
    "sandbox.dtx2.docutrax_profiles",
    "sandbox.dtx2.docutrax_billing",
    "sandbox.dtx2.docutrax_utils",
    "sandbox.dtx2.permissions",
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["SANDBOX_DTX2_HOST"],
        "PORT": os.environ["SANDBOX_DTX2_PORT"],
        "NAME": os.environ["SANDBOX_DTX2_DATABASE"],
        "USER": os.environ["SANDBOX_DTX2_USER"],
        "PASSWORD": os.environ["SANDBOX_DTX2_PASSWORD"],
        "OPTIONS": {"connect_timeout": 10},
    }
}
