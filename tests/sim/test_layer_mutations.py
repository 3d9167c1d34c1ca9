"""One fault in the C++ or the hardware of each layer that is netloom's own: the first layer that differs must be it.

Each fault is in the first layer that it reaches: what comes behind proves nothing more.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras")

from netloom.errors import SimulationError
from netloom.firmware.generate import generate_design
from netloom.firmware.map.folding.folding import intervals
from netloom.hls import Conversion, HlsSettings, convert
from netloom.sim import compare_engines, open_engine
from netloom.sim.hardware.rtl import RtlEngine
from netloom.testing.random_networks import build_model, random_samples

SETTINGS = {"io_type": "io_stream", "strategy": "Latency", "reuse_factor": 1}
WEIGHTED = {"bits": 5, "integer": 1, "bias": True, "symmetric": 0}


def quant(name):
    return {"kind": "quant", "name": name, "bits": 6, "integer": 2, "symmetric": 0, "signed": True}


def steps(kernel, stride=1, padding="valid", dilation=1):
    return {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}


def conv(name, filters, groups=1, causal=False, **options):
    return {"kind": "conv", "name": name, "filters": filters, "groups": groups, "causal": causal} | {
        "folded": False,
        "mask": False,
        **WEIGHTED,
        **options,
    }


def pool(name, function, **options):
    return {"kind": "pool", "name": name, "function": function, "global": False, "padding": "same"} | options


def norm(name, mode, groups=None):
    return {"kind": "norm", "name": name, "mode": mode, "groups": groups, "width": 5}


def recurrent(name, kind, **options):
    return {"kind": "recurrent", "name": name, "class": kind, "units": 2, "every": True, "direction": "forward"} | {
        "before": False,
        "begins": "zeros",
        "stacked": False,
        "states": False,
        "activation": "tanh",
        "gate": "hard_sigmoid",
        "state": 7,
        **WEIGHTED,
        **options,
    }


CHAINS = {
    "windows": {
        "input": {"shape": [3, 3, 2], "bits": 6, "signed": True},
        "layers": [
            {"kind": "transposed", "name": "transposed", "kernel": [2, 2], "stride": 2, "padding": "valid"}
            | {"output_padding": None, "filters": 2, **WEIGHTED},
            quant("q1"),
            conv("dilated", 2, groups=2, **steps([2, 2], dilation=2)),
            quant("q2"),
            {"kind": "depthwise", "name": "depthwise", "multiplier": 2, "folded": False, **WEIGHTED, **steps([2, 2])},
            quant("q3"),
            pool("greatest", "Max", size=[2, 2], strides=1),
            pool("average", "Average", size=[3, 3], strides=2),
            quant("q4"),
            {"kind": "reshape", "name": "reshape", "what": "split", "target": [2, 2, 2, 2]},
            conv("volume", 2, **steps([2, 2, 2])),
        ],
    },
    "elements": {
        "input": {"shape": [3, 4], "bits": 6, "signed": True},
        "layers": [
            {"kind": "permute", "name": "permute", "dims": [2, 1]},
            {"kind": "permute", "name": "back", "dims": [2, 1]},
            {"kind": "merge", "name": "difference", "function": "Subtract"}
            | {"bits": 4, "integer": 1, "others": [{"source": "quantized", "shape": [1, 4]}]},
            {"kind": "function", "name": "lines", "function": "PReLU", "slopes": [0.5, -0.25, 1.25, 0.75]}
            | {"bits": 5, "integer": 1, "closed": True, "bound": None, "threshold": 0.0, "short": True},
            {"kind": "function", "name": "bounded", "function": "ReLU", "slopes": [0.5, -0.25, 1.25, 0.75]}
            | {"bits": 5, "integer": 1, "closed": True, "bound": 0.75, "threshold": 0.0, "short": True},
            {"kind": "function", "name": "table", "function": "gelu", "bits": 5, "integer": 1, "closed": True},
            norm("layer", "layer"),
            norm("rms", "rms"),
            norm("unit", "unit"),
            norm("group", "layer", groups=2),
            {"kind": "concatenate", "name": "joined", "axis": 0, "bits": 5, "integer": 2}
            | {"others": [{"source": "quantized", "shape": [1, 4]}]},
            {"kind": "softmax", "name": "softmax", "class": "QSoftmax", "axis": -1, "bits": 5},
            {"kind": "pad", "name": "pad", "ends": [[1, 0]]},
        ],
    },
    "steps": {
        "input": {"shape": [4, 3], "bits": 6, "signed": True},
        "layers": [
            recurrent("simple", "QSimpleRNN", direction="backward"),
            quant("q1"),
            recurrent("lstm", "QLSTM", activation="hard_tanh"),
            quant("q2"),
            recurrent("gru", "QGRU", gate="sigmoid"),
            quant("q3"),
            recurrent("resets", "QGRU", before=True),
        ],
    },
    "tokens": {
        "input": {"shape": [4], "bits": 6, "signed": False},
        "layers": [
            {"kind": "embedding", "name": "embedding", "rows": 7, "units": 3, **WEIGHTED},
            quant("q1"),
            {"kind": "attention", "name": "attention", "depth": 2, "units": 2, "mask": "causal", "across": False}
            | {"activation": "linear", **WEIGHTED},
        ],
    },
}


def made(name, folder) -> tuple[Conversion, list[np.ndarray]]:
    spec = {"seed": 3, "outputs": [], "lossy": {}, "settings": SETTINGS, **CHAINS[name]}
    model = build_model(spec)
    return convert(model, HlsSettings(**SETTINGS), folder), random_samples(spec, model)


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """Each chain once: its conversion, and inputs."""
    found = {}

    def of(name):
        if name not in found:
            found[name] = made(name, tmp_path_factory.mktemp(name) / "conversion")
        return found[name]

    return of


def replaced(path: Path, right: str, wrong: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert right in text, f"{path.name} has changed: choose another fault"
    path.write_text(text.replace(right, wrong), encoding="utf-8")


CPP = [
    ("windows", "convolution", "at / apart >= size", "at / apart > size - 2", "transposed"),
    ("windows", "convolution", "kh * CONFIG_T::dilation_height", "kh", "dilated"),
    ("windows", "convolution", "f / filt * chan + c", "c", "dilated"),
    ("windows", "convolution", "od * CONFIG_T::stride_depth + kd * CONFIG_T::dilation_depth", "0", "volume"),
    ("windows", "pooling", "if (count == 0 || element > greatest)", "if (element > greatest)", "greatest"),
    ("windows", "pooling", "sum /= count", "sum /= CONFIG_T::pool_height * CONFIG_T::pool_width", "average"),
    ("elements", "rearrange", "res[i] = data[from]", "res[i] = data[from ^ 1]", "permute"),
    ("elements", "rearrange", "from - CONFIG_T::n_in1", "0", "joined"),
    ("elements", "rearrange", "from < 0", "from < 1", "permute"),
    ("elements", "lines", "(i + j) % CONFIG_T::n_slopes", "0", "lines"),
    ("tokens", "embedding", "table[row * CONFIG_T::n_row + j]", "table[row * CONFIG_T::n_row]", "embedding"),
    ("tokens", "matmul", "start1 + row * CONFIG_T::n_terms", "start1", "attention_scores"),
    ("tokens", "matmul", "? column * CONFIG_T::n_terms + term", "? term * CONFIG_T::n_columns + column", "attention"),
    ("tokens", "mask", "mask[i % CONFIG_T::n_mask]", "mask[0]", "attention_weights"),
    ("steps", "recurrent", "h[u] = result[u]", "h[u] = 0", "simple"),
    ("steps", "recurrent", "CONFIG_T::n_steps - 1 - t", "t", "simple"),
    ("steps", "recurrent", "index_T index = x", "index_T index = x / 2", "simple"),
    ("steps", "recurrent", "second * c[u] + first", "first * c[u] + second", "lstm"),
    ("steps", "recurrent", "(x + 1) * half", "x * half", "lstm"),
    ("steps", "recurrent", "sum += second * back[third]", "sum += first * back[third]", "gru"),
    ("steps", "recurrent", "(1 - first) * candidate", "candidate", "gru"),
    ("steps", "recurrent", "kept[u] = reset * h[u]", "kept[u] = h[u]", "resets"),
]


def case(chain, module, right, wrong, layer, slow=True):
    marks = pytest.mark.slow if slow else ()
    return pytest.param(chain, module, right, wrong, layer, marks=marks, id=f"{module}-{layer}-{wrong[:20]}")


def faulty(converted, name, folder) -> tuple[Conversion, Conversion, list[np.ndarray]]:
    conversion, x = converted(name)
    shutil.copytree(conversion.directory, folder)
    return conversion, Conversion.load(folder), x


@pytest.mark.parametrize(("name", "module", "right", "wrong", "layer"), [case(*one) for one in CPP])
def test_a_fault_in_the_cpp(converted, tmp_path, name, module, right, wrong, layer):
    conversion, copy, x = faulty(converted, name, tmp_path / "copy")
    replaced(copy.project / "firmware" / "nnet_utils" / f"netloom_{module}.h", right, wrong)
    found = compare_engines(
        open_engine("fixed", conversion=conversion), open_engine("csim", conversion=copy), x, trace=True
    )
    assert found.first_mismatch is not None
    assert found.first_mismatch.layer.startswith(layer)


RTL = [
    ("windows", "column_reduce", "first || less", "first && less", "greatest"),
    ("windows", "depthwise", "valid[Stages-1] && first[Stages-1]", "valid[Stages-1]", "dilated"),
    ("windows", "divide", ".SHIFT(Log)", ".SHIFT(Log - 1)", "average"),
    ("windows", "pool", ".MAXIMUM(MAXIMUM)", ".MAXIMUM(1'b0)", "greatest"),
    ("tokens", "gather", "AddressBits'({row, ", "AddressBits'({~row, ", "embedding"),
    ("tokens", "gather", "step[0] <= next", "step[0] <= '0", "embedding"),
    ("tokens", "matmul", ".start({OUT_WIDTH{1'b0}})", ".start({OUT_WIDTH{1'b1}})", "attention_scores"),
    ("elements", "clamp", "below ? Low[OUT_WIDTH-1:0]", "below ? High[OUT_WIDTH-1:0]", "lines"),
    ("elements", "combine_value", "$signed(a) > $signed(b)", "$signed(a) < $signed(b)", "softmax"),
    ("elements", "elementwise", "result = a - b", "result = a + b", "difference"),
    ("elements", "elementwise", ".b(in1_data", ".b(~in1_data", "layer"),
    ("elements", "lookup", "out_data <= words", "out_data <= ~words", "layer"),
    ("elements", "lookup_index", "SumWidth'(OFFSET)", "SumWidth'(OFFSET + 1)", "table"),
    ("elements", "permute", "memory_zero ? '0 : memory_data", "memory_zero ? '1 : memory_data", "pad"),
    ("elements", "reduce", "first ? beat : combined", "first ? combined : beat", "layer"),
    ("steps", "scan_state", "out_first ? initial_data : fifo_data", "out_first ? ~initial_data : fifo_data", "simple"),
    ("steps", "scan_state", ".in_data  (in_data)", ".in_data  (~in_data)", "simple"),
]

MEMORIES = [
    ("windows", "transposed_places"),
    ("windows", "depthwise_repeat"),
    ("windows", "depthwise_matvec_weights"),
    ("windows", "greatest_pad"),
    ("windows", "average_pad"),
    ("windows", "volume_matvec_weights"),
    ("elements", "permute_move"),
    ("elements", "lines_scale_weights"),
    ("elements", "table_closed_table"),
    ("elements", "layer_table0"),
    ("elements", "rms_table0"),
    ("elements", "unit_table0"),
    ("elements", "group_part_table0"),
    ("elements", "softmax_exp"),
    ("elements", "softmax_inverse"),
    ("elements", "pad_pad"),
    ("tokens", "embedding_rows"),
    ("tokens", "attention_weights_exp"),
    ("tokens", "attention_weights_inverse"),
    ("tokens", "attention_weights_mask_mask_weights"),
    ("steps", "simple_cell_weights"),
    ("steps", "simple_cell_bias"),
    ("steps", "simple_cell_table"),
    ("steps", "simple_scan_order"),
    ("steps", "lstm_input_weights"),
    ("steps", "lstm_input_bias"),
    ("steps", "lstm_output_half_bias"),
    ("steps", "gru_update_weights"),
    ("steps", "gru_update_bias"),
    ("steps", "gru_update_table"),
    ("steps", "gru_candidate_table"),
    ("steps", "resets_update_product_weights"),
    ("steps", "resets_candidate_product_weights"),
]
"""Of a recurrent layer: kernels, biases, tables of tanh and sigmoid, hard sigmoids, the order of steps.

`product` is the recurrent kernel's.
"""


@pytest.fixture(scope="session")
def cache(shared):
    return shared / "models"


@pytest.fixture(scope="module")
def designed(converted):
    """Each chain's files at its slowest pace."""
    found = {}

    def of(name):
        if name not in found:
            dataflow = converted(name)[0].dataflow
            # A loop takes longer than its multipliers.
            found[name] = generate_design(dataflow, interval=512 if name == "steps" else max(intervals(dataflow)))
        return found[name]

    return of


def first_wrong(converted, name, folder, cache) -> str | None:
    """The first layer of a design that differs; empty if it gets stuck or loses beats."""
    conversion, x = converted(name)
    few = [one[:8] for one in x]
    try:
        found = compare_engines(
            open_engine("fixed", conversion=conversion), RtlEngine(folder, None, cache), few, trace=True
        )
    except SimulationError:
        return ""
    return None if found.first_mismatch is None else found.first_mismatch.layer


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAINS)
def test_without_a_fault_all_are_equal(converted, designed, tmp_path, cache, name):
    conversion, x = converted(name)
    assert compare_engines(
        open_engine("fixed", conversion=conversion), open_engine("csim", conversion=conversion), x, trace=True
    ).equal
    designed(name).write(tmp_path)
    assert first_wrong(converted, name, tmp_path, cache) is None


@pytest.mark.parametrize(("name", "module", "right", "wrong", "layer"), [case(*one) for one in RTL])
def test_a_fault_in_a_module(converted, designed, tmp_path, cache, name, module, right, wrong, layer):
    designed(name).write(tmp_path)
    replaced(tmp_path / f"{module}.sv", right, wrong)
    assert first_wrong(converted, name, tmp_path, cache).startswith(layer)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "memory"), MEMORIES)
def test_a_fault_in_a_memory(converted, designed, tmp_path, cache, name, memory):
    """The least bit of every word: tables, weights, and the order in which a tensor is read."""
    designed(name).write(tmp_path)
    path = tmp_path / f"{memory}.mem"
    words = path.read_text().split()
    path.write_text("\n".join(f"{int(word, 16) ^ 1:0{len(word)}x}" for word in words) + "\n")
    found = first_wrong(converted, name, tmp_path, cache)
    assert found.startswith(memory.split("_")[0]), "no memory says when a beat comes"
