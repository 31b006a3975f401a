"""Runs Meltano on the project's own meltano.yml, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from singer_pair import Pair

from loaders.settings import PROJECT_ROOT

NOWHERE = "http://127.0.0.1:9"
# Whatever Meltano would fetch with these is out of reach.
OFFLINE = {"MELTANO_HUB_URL": NOWHERE, "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE}


def meltano(
    pair: Pair, *arguments: str, online: bool = False, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Meltano in the pair's folder, for its servers; unless it is `online`, nothing else is within its reach."""
    shutil.copy(PROJECT_ROOT / "meltano.yml", pair.folder)
    s = pair.settings
    connections = {
        "DTX_SOURCE_HOST": s.source_host,
        "DTX_SOURCE_PORT": str(s.source_port),
        "DTX_SOURCE_USER": s.source_user,
        "DTX_SOURCE_PASSWORD": s.source_password.get_secret_value(),
        "DTX_SOURCE_DATABASE": s.source_database,
        "DTX_TARGET_HOST": s.target_host,
        "DTX_TARGET_PORT": str(s.target_port),
        "DTX_TARGET_USER": s.target_user,
        "DTX_TARGET_PASSWORD": s.target_password.get_secret_value(),
        "DTX_TARGET_DATABASE": s.target_database,
    }
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    base = dict(os.environ) if online else {"HOME": str(pair.folder), "NO_COLOR": "1", **OFFLINE}
    return subprocess.run(
        ["meltano", *arguments],
        cwd=pair.folder,
        env={**base, "PATH": path, **connections, **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
