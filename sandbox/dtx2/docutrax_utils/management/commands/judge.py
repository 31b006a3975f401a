"""`manage.py judge APP.MODEL …`: what Django's own validation says of the rows that are there."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.db.models import Model


class Command(BaseCommand):
    """Print a JSON list of the rows that full_clean refuses; no values, keys and fields only."""

    help = "Run full_clean on every row of the named models."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the models' labels, such as docutrax_profiles.Document."""
        parser.add_argument("models", nargs="+")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check and print."""
        refused = [
            fault
            for label in options["models"]
            for row in apps.get_model(label).objects.order_by("pk").iterator()
            if (fault := _fault(row))
        ]
        self.stdout.write(json.dumps(refused))


def _fault(row: Model) -> dict[str, Any] | None:
    try:
        row.full_clean()
    except ValidationError as error:
        codes = {field: sorted(e.code for e in errors) for field, errors in error.error_dict.items()}
        return {"model": row._meta.label, "id": row.pk, "fields": codes}
    return None
