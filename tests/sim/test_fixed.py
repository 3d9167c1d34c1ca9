"""Engine `fixed` equals hls4ml's C++ on every layer of every network of the zoo; and what goes in is checked."""

import multiprocessing

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits
from zoo import SLOW_ZOO, ZOO, random_inputs

from netloom.errors import InputError, SettingsError, StorageError
from netloom.hls.dataflow import exact_dtype
from netloom.models.data.examples import as_list
from netloom.rounding import EXACT_LIMIT
from netloom.sim import open_engine, threads
from netloom.sim.fixed import Program, _blas, one_blas_thread
from netloom.sim.values import to_raws

NETWORKS = [pytest.param(name, marks=pytest.mark.slow) if name in SLOW_ZOO else name for name in ZOO]


@pytest.fixture
def fixed(zoo):
    return lambda name: open_engine("fixed", conversion=zoo(name).conversion)


@pytest.mark.parametrize("name", NETWORKS)
def test_equals_cpp_on_every_layer(zoo, fixed, name):
    specimen = zoo(name)
    trace = fixed(name).trace(specimen.inputs)
    assert len(specimen.trace) >= len(specimen.conversion.layers) * 2 // 3
    for layer, expected in specimen.trace.items():
        assert trace[layer].shape == expected.shape
        assert (trace[layer] == expected).all(), layer


@pytest.mark.parametrize("name", NETWORKS)
def test_equals_cpp_at_the_outputs(zoo, fixed, name):
    specimen = zoo(name)
    for ours, theirs in zip(as_list(fixed(name).predict(specimen.inputs)), specimen.outputs, strict=True):
        assert ours.dtype == np.float64
        assert (ours == theirs).all()
        assert len(np.unique(theirs)) > 4, "an output that hardly varies proves nothing"


def test_lossy_types_do_lose(zoo):
    """Networks with lossy types must meet what they are there for: overflows in accumulators and results."""
    from netloom.sim.fixed import FixedEngine

    specimen = zoo("lossy")
    engine = FixedEngine(specimen.conversion)
    dataflow = specimen.conversion.dataflow
    names = [node.name for node in dataflow.nodes]
    values = Program(dataflow, names).evaluate(specimen.inputs) | {
        name: to_raws(x, tensor) for (name, tensor), x in zip(dataflow.sources.items(), specimen.inputs, strict=True)
    }
    met = set()
    for node in dataflow.nodes:
        arrays = [values[name].astype(np.int64) for name in node.inputs]
        overflowing = node.operation.overflows(dataflow.input_types(node), arrays)
        if overflowing is not None and overflowing.any():
            met.add(node.name)
    assert {"conv.matvec", "saturating.matvec", "wrapping.matvec", "rounding.matvec"} <= met
    assert engine.name == "fixed"


@pytest.mark.parametrize("count", [0, 1, 7, 300])
@pytest.mark.parametrize("name", ["mlp", "image", "merges"])
def test_any_number_of_samples(zoo, fixed, name, count):
    conversion = zoo(name).conversion
    inputs = random_inputs(conversion, 300, seed=9)
    engine = fixed(name)
    whole = as_list(engine.predict(inputs))
    part = as_list(engine.predict([x[:count] for x in inputs]))
    for a, b in zip(whole, part, strict=True):
        assert b.shape == (count, *a.shape[1:])
        assert (a[:count] == b).all()
    assert {v.shape[0] for v in engine.trace([x[:count] for x in inputs]).values()} == {count}


def test_float32_and_float64_inputs_agree_where_both_hold_the_values(zoo, fixed):
    (x,) = zoo("mlp").inputs
    x = x.astype(np.float32)
    assert (fixed("mlp").predict(x) == fixed("mlp").predict(x.astype(np.float64))).all()


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.uint8, np.int64, bool])
def test_other_numeric_dtypes(zoo, fixed, dtype):
    shape = zoo("mlp").inputs[0].shape
    x = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    assert (fixed("mlp").predict(x) == fixed("mlp").predict(x.astype(np.float64))).all()


def test_values_off_the_grid_are_rounded_as_the_quantizer_does(zoo, fixed):
    specimen = zoo("mlp")
    element = specimen.conversion.dataflow.sources["features"].element
    x = np.random.default_rng(0).normal(0, 0.7, specimen.inputs[0].shape)
    on_grid = element.to_float(element.from_float(x))
    assert (x != on_grid).any()
    assert (fixed("mlp").predict(x) == fixed("mlp").predict(on_grid)).all()


@pytest.mark.parametrize("value", [1e6, 1e30, 1e300, -1e300, 5e-324, -0.0])
def test_huge_and_tiny_values_saturate(zoo, fixed, value):
    specimen = zoo("mlp")
    element = specimen.conversion.dataflow.sources["features"].element
    x = np.full((2, 9), value)
    expected = fixed("mlp").predict(np.clip(x, element.min, element.max))
    assert (fixed("mlp").predict(x) == expected).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["mlp", "image", "merges", "lossy"])
def test_fast_quantization_of_inputs_equals_from_float(zoo, name, dtype):
    for (_, tensor), x in zip(zoo(name).conversion.dataflow.sources.items(), zoo(name).inputs, strict=True):
        x = np.concatenate([x, x * 1000, np.full_like(x[:1], 0.5 * tensor.element.step)]).astype(dtype)
        assert to_raws(x, tensor).tolist() == tensor.element.from_float(x).tolist()


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (np.zeros((3, 8)), r"shape \(samples, 9\), not \(3, 8\)"),
        (np.zeros(9), "shape"),
        (np.zeros((3, 9, 1)), "shape"),
        (np.zeros((0,)), "shape"),
        (np.full((3, 9), np.nan), "sample 0 has NaN or infinity"),
        (np.array([[0.0] * 9, [np.inf] + [0.0] * 8]), "sample 1"),
        (np.full((3, 9), "a"), "numeric"),
        (np.zeros((3, 9), dtype=complex), "numeric"),
        (np.full((3, 9), None), "numeric"),
        ([np.zeros((3, 9)), np.zeros((3, 9))], "1 inputs, not 2"),
        ([], "1 inputs, not 0"),
    ],
    ids=str,
)
def test_bad_inputs_are_refused_in_one_line(fixed, x, said):
    for call in (fixed("mlp").predict, fixed("mlp").trace):
        with pytest.raises(InputError, match=said) as caught:
            call(x)
        assert "\n" not in str(caught.value)


def test_inputs_of_unlike_numbers_of_samples_are_refused(fixed):
    with pytest.raises(InputError, match="one number of samples"):
        fixed("merges").predict([np.zeros((3, 5)), np.zeros((4, 5))])


def test_several_outputs_come_as_a_list_and_one_as_an_array(zoo, fixed):
    assert isinstance(fixed("merges").predict(zoo("merges").inputs), list)
    assert isinstance(fixed("mlp").predict(zoo("mlp").inputs), np.ndarray)


def test_progress_ends_with_all_samples(zoo, fixed):
    inputs = random_inputs(zoo("image").conversion, 700)
    seen = []
    fixed("image").predict(inputs, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (700, 700)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_dtypes_are_the_cheapest_that_are_exact(zoo):
    for limit_of in EXACT_LIMIT:
        assert exact_dtype(EXACT_LIMIT[limit_of]) is limit_of
    dataflow = zoo("mlp").conversion.dataflow
    steps = Program(dataflow, dataflow.outputs).steps
    for step in steps:
        met = [dataflow.bounds[name].magnitude for name in (*step.node.inputs, *step.node.results)]
        assert max(met) <= EXACT_LIMIT[step.dtype]
    assert {np.float32, np.int64} <= {step.dtype for step in steps}


def test_engines_by_name(zoo, tmp_path):
    conversion = zoo("mlp").conversion
    assert open_engine("fixed", conversion=str(conversion.directory)).name == "fixed"
    with pytest.raises(SettingsError, match="no engine 'vhdl'; engines are float, quantized, fixed, onnx, csim, rtl"):
        open_engine("vhdl", conversion=conversion)
    with pytest.raises(SettingsError, match="engine 'rtl' needs an emitted design"):
        open_engine("rtl", conversion=conversion)
    for name in ("fixed", "csim"):
        with pytest.raises(SettingsError, match="needs a converted network"):
            open_engine(name)
        with pytest.raises(StorageError):
            open_engine(name, conversion=tmp_path)
    for name in ("float", "quantized"):
        with pytest.raises(SettingsError, match="needs a Keras model"):
            open_engine(name, conversion=conversion)


def test_opens_without_tensorflow(zoo):
    import subprocess
    import sys

    code = (
        "import sys; from netloom.sim import open_engine; import numpy as np\n"
        f"engine = open_engine('fixed', conversion={str(zoo('mlp').conversion.directory)!r})\n"
        "assert engine.predict(np.zeros((2, 9))).shape == (2, 4)\n"
        "assert not {'tensorflow', 'keras', 'hls4ml', 'qkeras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_single_chunk_starts_no_thread(zoo, fixed, monkeypatch):
    engine, inputs = fixed("mlp"), zoo("mlp").inputs
    expected = engine.predict(inputs)
    monkeypatch.setattr(threads, "ThreadPoolExecutor", lambda *_: pytest.fail("a thread pool was made"))
    assert (engine.predict([array[:1] for array in inputs]) == expected[:1]).all()


def test_several_chunks_give_the_same_in_a_forked_process(zoo, fixed):
    engine = fixed("mlp")
    engine.program.chunk = 8
    inputs = zoo("mlp").inputs
    expected = engine.predict(inputs)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=lambda: sender.send(engine.predict(inputs)))
    process.start()
    assert receiver.poll(60), "the forked process does not answer"
    assert (receiver.recv() == expected).all()
    process.join()


def test_blas_has_one_thread_while_samples_go_through_and_what_it_had_before_afterwards():
    def threads():
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    _blas.cache_clear()  # of libraries: another test may have loaded one since
    with threadpool_limits(3, user_api="blas"):
        before = threads()
        with pytest.raises(ValueError, match="stop"), one_blas_thread():
            assert set(threads()) == {1}
            raise ValueError("stop")
        assert threads() == before == [3] * len(before)
