"""`python -m sandbox.metabase PORT TIME_ZONE`: serve the stand-in whose state lies in the working folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sandbox.metabase.server import serve_forever
from sandbox.servers.metabase import KEY_VARIABLE, PASSWORD_VARIABLE

if __name__ == "__main__":
    serve_forever(
        Path.cwd(),
        int(sys.argv[1]),
        api_key=os.environ[KEY_VARIABLE],
        password=os.environ[PASSWORD_VARIABLE],
        time_zone=sys.argv[2],
    )
