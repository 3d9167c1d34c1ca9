"""A front end is one more file: a toy one is added here, and what it reads converts to exact firmware."""

from dataclasses import dataclass

import numpy as np
import pytest

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint
from netloom.hls import HlsSettings, convert
from netloom.hls.frontends import registry
from netloom.hls.frontends.parsed import ParsedModel
from netloom.sim import open_engine


@dataclass
class Matrix:
    """A model of another library: integers, multiplied by a matrix."""

    weights: np.ndarray


def parse_matrix(model, settings):
    from netloom.hls.frontends.keras.handlers.quantizer import GridQuantizer

    del settings
    count, results = model.weights.shape
    byte = GridQuantizer(FixedPoint(8, 8, True))
    bias = {"use_bias": False, "bias_data": None, "bias_quantizer": None}
    layers = [
        {"name": "rows", "class_name": "InputLayer", "input_shape": [count], "inputs": []},
        {"name": "bytes", "class_name": "Activation", "activation": "linear", "n_in": count, "inputs": ["rows"]}
        | {"activation_quantizer": byte},
        {"name": "product", "class_name": "Dense", "n_in": count, "n_out": results, "inputs": ["bytes"]}
        | {"data_format": "channels_last", "weight_data": model.weights, "weight_quantizer": byte}
        | bias,
    ]
    names = {layer["name"]: layer["name"] for layer in layers}
    shapes = [("rows", (count,))], [("product", (results,))]
    return ParsedModel(layers, ["rows"], ["product"], names, *shapes, {"product": (results,)})


def test_a_front_end_is_found_by_what_the_model_is(tmp_path, monkeypatch):
    model = Matrix(np.random.default_rng(0).integers(-100, 100, (5, 3)).astype(np.float64))
    with pytest.raises(
        LayerNotSupportedError,
        match="must be a Keras model of HGQ2 layers or a Sequential or functional Keras model, not of type Matrix",
    ):
        convert(model, HlsSettings(), tmp_path / "net")
    toy = registry.FrontEnd("matrix", lambda model: isinstance(model, Matrix), parse_matrix)
    monkeypatch.setattr(registry, "FRONT_ENDS", [*registry.FRONT_ENDS, toy])
    conversion = convert(model, HlsSettings(), tmp_path / "net")
    x = np.random.default_rng(1).integers(-128, 128, (50, 5))
    with open_engine("fixed", conversion=conversion) as fixed:
        assert (fixed.predict(x) == x @ model.weights).all()
