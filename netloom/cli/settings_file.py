"""Settings from a file, YAML or JSON: shallow, without aliases, and with numbers as people write them."""

from pathlib import Path
from typing import Any

import yaml

from netloom.common.reading import read_bytes
from netloom.errors import SettingsError, StorageError

MAX_SETTINGS = 2**22
"""Bytes of a file of settings."""
_MAX_DEPTH = 20
_MAX_DIGITS = 40
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class _Loader(yaml.SafeLoader):
    """Refuses what makes a small file large: aliases, depth, numbers of thousands of digits."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """One node, if it is no alias and not too deep."""
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError(f"aliases are not taken{self.peek_event().start_mark}")
        if self.depth >= _MAX_DEPTH:
            raise yaml.YAMLError(f"it is more than {_MAX_DEPTH} levels deep")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_scalar(self, node: Any) -> Any:
        """The text of a node, of bounded length if it is to be a number."""
        if node.tag in _NUMBERS and len(node.value) > _MAX_DIGITS:
            raise yaml.YAMLError(f"a number has more than {_MAX_DIGITS} digits{node.start_mark}")
        return super().construct_scalar(node)


def read_settings_file(path: Path) -> dict[str, Any]:
    """A mapping from a YAML or JSON file, without aliases, of at most 20 levels and numbers of at most 40 digits.

    Raises:
        StorageError: if the file cannot be read.
        SettingsError: if it does not hold one mapping.
    """
    try:
        content = yaml.load(read_bytes(path, MAX_SETTINGS).decode("utf-8"), Loader=_Loader)
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}; check the path") from None
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, RecursionError, OverflowError) as error:
        said = str(error) if isinstance(error, yaml.YAMLError | ValueError) else f"{type(error).__name__}: {error}"
        raise SettingsError(f"{path} is neither YAML nor JSON: {' '.join(said.split())[:300]}") from None
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise SettingsError(f"{path} must hold one mapping of names to values, such as 'dense1: {{accum: ...}}'")
    return content
