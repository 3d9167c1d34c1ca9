"""Digests of netloom's own source, so that a stage is redone when the code it runs has changed."""

import hashlib
import inspect
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from netloom.common.files import sha256
from netloom.pipeline.stage import Stage

_SOURCES = {".py", ".sv", ".cpp", ".h", ".j2", ".css", ".csv"}
FLOOR = ("netloom/common", "netloom/errors.py", "netloom/rounding.py", "netloom/fixed_point.py", "netloom/settings.py")
"""What all stages stand on."""


def code_digest(stage: Stage) -> str:
    """SHA-256 over the file a stage is declared in, what all stages stand on, and what it says it depends on.

    Names are as `stage.code` has them: `quantize`, `quantize/files/model_files.py`, `netloom/pipeline`.
    """
    own = sha256(Path(inspect.getfile(stage.work)))
    parts = [source_digest(name) for name in (*FLOOR, *stage.code)]
    return hashlib.sha256("".join([own, *parts]).encode()).hexdigest()


@cache
def source_digest(name: str) -> str:
    """SHA-256 over the source in a file or folder of netloom, as it was when first asked.

    Raises:
        ValueError: if there is no such part; a digest of nothing would never change.
    """
    package, _, rest = name.partition("/")
    spec = find_spec(package if package == "netloom" else f"netloom.{package}")
    root = Path(spec.origin).parent / rest if spec and spec.origin else Path(rest)
    files = sorted(path for path in root.rglob("*") if path.suffix in _SOURCES) if root.is_dir() else [root]
    if not files or not files[0].is_file():
        raise ValueError(f"netloom has no part {name!r}")
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(root)} {sha256(file)}\n".encode())
    return digest.hexdigest()
