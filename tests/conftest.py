"""Settings which must stand before anything heavy is imported."""

import hashlib
import os
from pathlib import Path

from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]


def _source_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted((REPOSITORY / "src").rglob("*.py")):
        digest.update(path.relative_to(REPOSITORY).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


# numba's cache does not see edits in the files that a kernel calls into: a cache for each state of
# the sources. Subprocesses inherit it.
os.environ["NUMBA_CACHE_DIR"] = str(REPOSITORY / ".numba_cache" / _source_hash())
os.environ["MPLBACKEND"] = "Agg"

# The same examples on every machine, and no test that fails because a machine is slow.
settings.register_profile("neurocoord", deadline=None, derandomize=True)
settings.load_profile("neurocoord")
