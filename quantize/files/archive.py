"""What a `.keras` archive is made of, checked before Keras builds anything from it.

Keras's own safe mode refuses Python lambdas. Still, a configuration names the classes and functions to look up and
call, and QKeras evaluates quantizers that are given as text. So everything named in it must be a Keras or QKeras
object that computes, and text must be a plain call with literal arguments.
"""

import ast
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NoReturn

from pydantic_core import from_json

from netloom.common.reading import regular
from netloom.errors import ModelFileError
from netloom.quantize.files.hgq2 import MODULES, register_hgq
from netloom.quantize.files.keras2 import modern

MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}
MAX_CONFIG_BYTES = 64 * 2**20
MAX_METADATA_BYTES = 2**20
MAX_WEIGHTS_BYTES = 2**32

QUANTIZERS = frozenset(
    "bernoulli binary quantized_bits quantized_hswish quantized_linear quantized_po2 quantized_relu quantized_relu_po2 "
    "quantized_sigmoid quantized_tanh quantized_ulaw stochastic_binary stochastic_ternary ternary".split()
)
"""QKeras's quantizers by name."""

_RUNS_CODE = {"Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "FlaxNnxLayer"}
_READS_FILES = {"StringLookup", "IntegerLookup", "TextVectorization"}
_KERAS_MODULES = re.compile(
    r"keras(\.src)?\.(activations|constraints|dtype_policies|initializers|layers|models|ops|random|regularizers)(\.|$)"
)
_KERAS_NAMES = {"DTypePolicy", "Functional", "Model", "Sequential"}
_UNREGISTERED = ("qkeras.qdense_batchnorm", "QDenseBatchnorm")
"""A layer of QKeras that QKeras does not register with Keras: see `hdf5.unregistered`."""

_OWNERS = {"qkeras": ("qkeras.",), "netloom": ("netloom.quantize.layers.",), "hgq": MODULES}
"""Packages that register layers with Keras under a name of theirs, and where those are."""
_QUANTIZER_KEY = re.compile(r"(.*_)?(quantizer|activation)$")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")


def check_archive(path: Path) -> str:
    """Check that an archive is whole and names nothing that could run code; returns the Keras version that wrote it.

    Raises:
        ModelFileError: if it is not a whole `.keras` archive, or names a class or function beyond Keras and QKeras.
        ToolMissingError: if it is a model of HGQ2, which is not installed.
    """
    try:
        with regular(path) as file, zipfile.ZipFile(file) as archive:
            members = set(archive.namelist())
            if members != MEMBERS:
                odd = sorted(members ^ MEMBERS)
                _refuse(
                    path, f"is not a Keras 3 model: members {odd} are missing or unexpected; save it with model.save()"
                )
            if archive.getinfo("config.json").file_size > MAX_CONFIG_BYTES:
                _refuse(path, f"has a configuration of more than {MAX_CONFIG_BYTES} bytes: save it again")
            damaged = archive.testzip()
            if damaged is not None:
                _refuse(path, f"is damaged ({damaged} fails its checksum): copy or save it again")
            if archive.getinfo("metadata.json").file_size > MAX_METADATA_BYTES:
                _refuse(path, f"has metadata of more than {MAX_METADATA_BYTES} bytes: save it again")
            if archive.getinfo("model.weights.h5").file_size > MAX_WEIGHTS_BYTES:
                _refuse(path, f"has more than {MAX_WEIGHTS_BYTES} bytes of weights")
            # It bounds the depth, where json.loads would end in a RecursionError, or in Keras in a crash.
            config = from_json(archive.read("config.json"))
            version = from_json(archive.read("metadata.json")).get("keras_version", "unknown")
    except (zipfile.BadZipFile, EOFError, zlib.error):
        _refuse(path, "is not a whole .keras archive: copy or save it again")
    except (ValueError, AttributeError, NotImplementedError, RuntimeError) as error:
        _refuse(path, f"cannot be read ({error}): save it again with model.save()")
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        _refuse(path, "has no model in its configuration: save it again with model.save()")
    # What the model was compiled with is not loaded.
    config = {**config, "compile_config": None}
    check_configuration(path, modern(config) if str(version).startswith("2.") else config)
    return str(version)


def check_configuration(path: Path, config: dict[str, Any], legacy: Collection[str] = ()) -> None:
    """Check that a configuration names nothing that could run code.

    Args:
        path: of the file, for messages.
        config: what Keras is to build a model from.
        legacy: names of classes that stand without a module, as Keras 2 wrote them.

    Raises:
        ModelFileError: if it names a class or function beyond Keras and QKeras.
    """
    for place, node in _objects(config, "model"):
        _check_object(path, place, node, legacy)


def _refuse(path: Path, reason: str) -> NoReturn:
    raise ModelFileError(f"{path} {' '.join(reason.split())}")


def _objects(node: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every dictionary of a configuration, with the name of the layer it is in."""
    pending = [(node, place)]
    while pending:
        node, place = pending.pop()
        if isinstance(node, dict):
            config = node.get("config")
            if (
                isinstance(config, dict)
                and isinstance(config.get("name"), str)
                and node.get("class_name") != "DTypePolicy"
            ):
                place = f"layer {config['name']!r}"
            yield place, node
            pending += [(value, place) for value in node.values()]
        elif isinstance(node, list):
            pending += [(value, place) for value in node]


def _check_object(path: Path, place: str, node: dict[str, Any], legacy: Collection[str]) -> None:
    if "class_name" in node:
        _check_class(path, place, node, legacy)
    for key, value in node.items():
        if isinstance(value, str) and _QUANTIZER_KEY.match(key) and not _is_plain(value):
            _refuse(
                path,
                f"is not loaded: {place} has {key}={value!r}, which must be a name or a quantizer with literal values",
            )


def _check_class(path: Path, place: str, node: dict[str, Any], legacy: Collection[str]) -> None:
    name, module, registered = node["class_name"], node.get("module"), node.get("registered_name")
    for key, value in (("class_name", name), ("module", module), ("registered_name", registered)):
        if not isinstance(value, str) and not (value is None and key != "class_name"):
            _refuse(path, f"is not loaded: {place} has a {key} that is no text; save it again with model.save()")
    if name in _RUNS_CODE:
        _refuse(path, f"is not loaded: {place} ({name}) would run code from the file; build it from keras layers")
    if name in _READS_FILES and not _has_its_numbers(name, node.get("config")):
        _refuse(path, f"is not loaded: {place} ({name}) would read other files; encode the data before the network")
    if isinstance(registered, str) and ">" in registered:
        owner = registered.partition(">")[0]
        known = owner in _OWNERS and str(module).startswith(_OWNERS[owner])
        if known and owner == "hgq":
            register_hgq(path)
    elif module is None:
        known = str(name).startswith("__") or name in QUANTIZERS or name in legacy
    else:
        known = bool(_KERAS_MODULES.match(str(module))) or (module == "keras" and name in _KERAS_NAMES)
        known = known or (module, name) == _UNREGISTERED
    if not known:
        label = node.get("config") if name == "function" else name
        _refuse(
            path, f"is not loaded: {place} needs {label!r} of {module or registered!r}, not part of Keras or QKeras"
        )


def _has_its_numbers(name: str, config: Any) -> bool:
    """Whether a vocabulary stands in the configuration itself."""
    return name == "IntegerLookup" and isinstance(config, dict) and isinstance(config.get("vocabulary"), list)


def _is_plain(text: str) -> bool:
    """Whether text is a plain name, or a call of a QKeras quantizer with literal arguments."""
    if _NAME.match(text):
        return True
    try:
        call = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in QUANTIZERS:
        return False
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    return all(_is_literal(argument) for argument in arguments)


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub | ast.UAdd) and isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Constant)
