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

    def construct_yaml_int(self, node: Any) -> int:
        """A whole number of bounded length."""
        return int(super().construct_yaml_int(self._short(node)))

    def construct_yaml_float(self, node: Any) -> float:
        """A number of bounded length."""
        return float(super().construct_yaml_float(self._short(node)))

    def _short(self, node: Any) -> Any:
        if len(node.value) > _MAX_DIGITS:
            raise yaml.YAMLError(f"a number has more than {_MAX_DIGITS} digits{node.start_mark}")
        return node


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)


def read_yaml(content: bytes) -> Any:
    """What a YAML or JSON text holds.

    Raises:
        yaml.YAMLError: if it is none, has aliases, is deeper than 20 levels or has numbers longer than 40 digits.
        ValueError: if it is no UTF-8, or has a value that is none of its kind.
    """
    try:
        return yaml.load(content.decode("utf-8"), Loader=_Loader)
    except (TypeError, AttributeError, LookupError, RecursionError, OverflowError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def read_settings_file(path: Path) -> dict[str, Any]:
    """A mapping from a YAML or JSON file.

    Raises:
        StorageError: if the file cannot be read.
        SettingsError: if it does not hold one mapping.
    """
    try:
        content = read_yaml(read_bytes(path, MAX_SETTINGS))
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}; check the path") from None
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError(f"{path} is neither YAML nor JSON: {' '.join(str(error).split())[:300]}") from None
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise SettingsError(f"{path} must hold one mapping of names to values, such as 'dense1: {{accum: ...}}'")
    return content
