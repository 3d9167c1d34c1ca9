"""Run as a script: convert a set of models with hls4ml's own backends, with netloom's plug-in loaded or hidden.

    python vitis_projects.py FOLDER (with|without) (few|all)

Writes a project a model into the folder, and `failures.json` for what did not convert.
"""

import importlib.metadata
import json
import os
import sys
import uuid
from pathlib import Path

PLUGINS = "hls4ml.backends"
FEW = ("activation_object", "relu", "normalized", "qdense_activation", "binary")


def hide_plugins() -> None:
    """As if no package offered one."""
    find = importlib.metadata.entry_points

    def without(**query):
        groups = [group for group in find().groups if group != PLUGINS]
        return importlib.metadata.EntryPoints(entry for group in groups for entry in find(group=group)).select(**query)

    importlib.metadata.entry_points = without


def models() -> dict:
    import keras
    import qkeras

    layers = keras.layers
    bits = {"kernel_quantizer": "quantized_bits(4,0,alpha=1)", "bias_quantizer": "quantized_bits(4,0,alpha=1)"}
    image, vector = (6, 6, 2), (8,)
    chains = {
        "dense": (
            vector,
            [layers.Dense(5, activation="relu", name="d"), layers.Dense(3, activation="softmax", name="s")],
        ),
        "activation": (vector, [layers.Dense(5, name="d"), layers.Activation("tanh", name="t")]),
        "activation_object": (vector, [layers.Dense(5, name="d"), layers.Activation(layers.ReLU(), name="t")]),
        "relu": (vector, [layers.Dense(5, name="d"), layers.ReLU(name="r")]),
        "relu6": (vector, [layers.Dense(5, name="d"), layers.ReLU(6.0, name="r")]),
        "softmax_2d": ((4, 3), [layers.Activation("softmax", name="s")]),
        "normalized": (
            image,
            [layers.Conv2D(3, 3, name="c"), layers.BatchNormalization(name="n"), layers.ReLU(name="r")],
        ),
        "padded": (
            image,
            [layers.ZeroPadding2D(1, name="z"), layers.Conv2D(2, 3, name="c"), layers.UpSampling2D(name="u")],
        ),
        "cropped": (image, [layers.Cropping2D(1, name="x"), layers.Flatten(name="f"), layers.Dense(2, name="d")]),
        "qdense": (vector, [qkeras.QDense(5, **bits, name="d"), qkeras.QActivation("quantized_relu(5)", name="a")]),
        "qdense_activation": (vector, [qkeras.QDense(5, **bits, activation="quantized_relu(5)", name="d")]),
        "qconv": (image, [qkeras.QConv2D(3, 3, **bits, name="c"), qkeras.QBatchNormalization(name="n")]),
        "qseparable": (image, [qkeras.QSeparableConv2D(3, 3, bias_quantizer="quantized_bits(4,0,alpha=1)", name="c")]),
        "binary": (
            vector,
            [
                qkeras.QDense(5, kernel_quantizer="binary(alpha=1)", use_bias=False, name="d"),
                layers.BatchNormalization(name="n"),
                qkeras.QActivation("binary_tanh", name="t"),
            ],
        ),
    }
    return {
        name: keras.Sequential([keras.Input(shape, name="source"), *chain]) for name, (shape, chain) in chains.items()
    }


def project(model, folder: str, backend: str, io_type: str, configured: bool) -> str | None:
    """Convert and write; the exception, if there is one."""
    import hls4ml

    try:
        config = (
            hls4ml.utils.config_from_keras_model(model, granularity="name", backend=backend) if configured else None
        )
        graph = hls4ml.converters.convert_from_keras_model(
            model, hls_config=config, backend=backend, io_type=io_type, output_dir=folder
        )
        graph.write()
    except Exception as error:  # noqa: BLE001  (whatever it is, it must be the same)
        return f"{type(error).__name__}: {error}"
    return None


def main() -> None:
    folder, plugin, number = Path(sys.argv[1]), *sys.argv[2:]
    if plugin == "without":
        hide_plugins()
    # hls4ml stamps each project.
    uuid.uuid4 = lambda: uuid.UUID(int=1)
    import hls4ml
    import keras

    if plugin == "with":
        import netloom.hls.frontends.keras.handlers  # noqa: F401
    assert ("netloom" in hls4ml.backends.get_available_backends()) == (plugin == "with")
    keras.utils.set_random_seed(0)
    folder.mkdir()
    os.chdir(folder)
    cases = [("Vitis", "io_stream", False)]
    if number == "all":
        cases += [("Vitis", "io_parallel", True), ("Quartus", "io_parallel", True)]
    failures = {}
    for name, model in models().items():
        if number == "few" and name not in FEW:
            continue
        for backend, io_type, configured in cases:
            target = f"{name}-{backend}-{io_type}"
            failure = project(model, target, backend, io_type, configured)
            if failure:
                failures[target] = failure
    Path("failures.json").write_text(json.dumps(failures, indent=1))


if __name__ == "__main__":
    main()
