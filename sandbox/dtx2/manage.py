"""Django's command line for the reference DTX 2.0: `python -m sandbox.dtx2.manage migrate`."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run one Django command against the database that SANDBOX_DTX2_* names."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.dtx2.settings"
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
