"""`.keras` archives as Keras 2 wrote them (2.12 to 2.15, and `tf_keras`), put into the words of Keras 3."""

import json
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic_core import from_json

_MODELS = ("Functional", "Sequential", "Model")
_NO_GROUPS = ("DepthwiseConv1D", "DepthwiseConv2D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")


def modern(config: Any) -> Any:
    """A configuration of Keras 2 as Keras 3 reads it; what Keras 3 does not know is left, and refused by it or before.

    Models are in another module; the first call of a nested model is counted 0, not 1; the axis of a batch
    normalization is a number; and `groups`, 1 always, is none of the arguments of some layers.
    """
    renumber(config)
    return _modern(config)


def _modern(node: Any) -> Any:
    if isinstance(node, list):
        return [_modern(one) for one in node]
    if not isinstance(node, dict):
        return node
    found = {name: _modern(value) for name, value in node.items()}
    kind, module = found.get("class_name"), str(found.get("module"))
    if kind in _MODELS and module.startswith(("tf_keras.src.engine.", "keras.src.engine.", "keras.engine.")):
        name = "Functional" if kind == "Model" else kind
        found |= {"module": f"keras.src.models.{name.lower()}", "class_name": name, "registered_name": name}
    options = found.get("config")
    if isinstance(options, dict):
        dropped = {"batch_input_shape"} if kind != "InputLayer" else set()
        if kind in _NO_GROUPS and options.get("groups") == 1:
            dropped.add("groups")
        if kind == "BatchNormalization" and isinstance(options.get("axis"), list):
            options["axis"] = options["axis"][0]
        found["config"] = {name: value for name, value in options.items() if name not in dropped}
    return found


def renumber(config: Any) -> bool:
    """Count the calls of nested models from 0, in place; whether there were any."""
    inner = config.get("config")
    layers = inner.get("layers") if isinstance(inner, dict) else inner
    layers = [layer for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []
    nested = {
        layer["config"]["name"] for layer in layers if layer.get("class_name") in ("Functional", "Model", "Sequential")
    }
    changed = [renumber(layer) for layer in layers]
    if nested and isinstance(inner, dict):
        places = [layer.get("inbound_nodes") for layer in layers]
        changed += [_count_from_0(place, nested) for place in [*places, inner.get("output_layers")]]
    return any(changed)


def _count_from_0(place: Any, nested: set[str]) -> bool:
    if not isinstance(place, list):
        return False
    if len(place) >= 3 and isinstance(place[0], str) and place[0] in nested and isinstance(place[1], int):
        place[1] -= 1
        return True
    changed = [_count_from_0(one, nested) for one in place]
    return any(changed)


@contextmanager
def modernized(path: Path) -> Iterator[Path]:
    """A checked archive of Keras 2, written anew for Keras 3; `path` is left as it is."""
    with tempfile.TemporaryDirectory(prefix="netloom-") as folder:
        copy = Path(folder) / path.name
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
            new.writestr("config.json", json.dumps(modern(from_json(old.read("config.json")))))
            for member in ("metadata.json", "model.weights.h5"):
                with old.open(member) as source, new.open(member, "w", force_zip64=True) as target:
                    while block := source.read(2**20):
                        target.write(block)
        yield copy
