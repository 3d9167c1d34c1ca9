"""The table of layers: what quantization and conversion take, class by class, and what they refuse whole.

A new layer is an entry here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from netloom.errors import LayerNotSupportedError
from netloom.quantize.support import rules
from netloom.quantize.support.arguments import unread_argument
from netloom.quantize.support.layer import LayerFacts, RefusingStage
from netloom.quantize.support.rules import Rule


@dataclass(frozen=True)
class Entry:
    """A class of layers that is taken.

    Attributes:
        read: arguments that quantization and conversion read, or hold against a rule.
        rules: options that are refused.
        role: its part in quantization. `weights`: multipliers with a bias, into which batch normalizations fold;
            `moves`: its outputs are elements of its inputs, or zeros; `largest`: the largest of them; `nothing`: does
            nothing at inference.
        stage: the only one that takes it; both if None.
        default_only: arguments known, and refused unless they are at their default.
    """

    read: str = ""
    rules: tuple[Rule, ...] = ()
    role: Literal["weights", "moves", "largest", "nothing"] | None = None
    stage: RefusingStage | None = None
    default_only: str = "dtype lora_rank lora_alpha quantization_config keepdims mask"


@dataclass(frozen=True)
class Refused:
    """A class of layers that is refused whole: the way out, and why."""

    instead: str
    reason: str


_DENSE = "units activation use_bias kernel_quantizer bias_quantizer"
_CONV = (
    "filters kernel_size strides padding data_format dilation_rate groups activation use_bias kernel_quantizer "
    "bias_quantizer"
)
_DEPTHWISE = (
    "kernel_size strides padding data_format dilation_rate depth_multiplier activation use_bias depthwise_quantizer "
    "bias_quantizer"
)
_SEPARABLE = f"filters pointwise_quantizer {_DEPTHWISE}"
_TRANSPOSED = (
    "filters kernel_size strides padding output_padding data_format dilation_rate activation use_bias kernel_quantizer "
    "bias_quantizer"
)
_RECURRENT = (
    "cell units activation recurrent_activation use_bias return_sequences go_backwards unroll "
    "reset_after implementation unit_forget_bias zero_output_for_mask kernel_quantizer "
    "recurrent_quantizer bias_quantizer state_quantizer use_cudnn"
)
_MASKED = _RECURRENT.replace("zero_output_for_mask ", "")
_OF_RECURRENT = "dtype quantization_config return_state stateful"
_NORM = "axis epsilon center scale"
_POOL = "pool_size strides padding data_format"

_FLOAT_CONVOLUTION = (*rules.CONVOLUTION, rules.ACTIVATION)
_FLOAT_TRANSPOSED = (*rules.TRANSPOSED, rules.ACTIVATION)


def _each(kinds: str, entry: Entry) -> dict[str, Entry]:
    return dict.fromkeys(kinds.split(), entry)


LAYERS: dict[str, Entry] = {
    "InputLayer": Entry("shape batch_shape", stage="convert", default_only="dtype sparse ragged input_tensor optional"),
    # Layers of weights: Keras's, then QKeras's.
    "Dense": Entry(_DENSE, (rules.ACTIVATION,), "weights", "quantize"),
    "Conv1D": Entry(_CONV, (rules.ACTIVATION,), "weights", "quantize"),
    **_each("Conv2D Conv3D", Entry(_CONV, _FLOAT_CONVOLUTION, "weights", "quantize")),
    **_each("DepthwiseConv1D DepthwiseConv2D", Entry(_DEPTHWISE, _FLOAT_CONVOLUTION, "weights", "quantize")),
    **_each("SeparableConv1D SeparableConv2D", Entry(_SEPARABLE, _FLOAT_CONVOLUTION, "weights", "quantize")),
    **_each(
        "Conv1DTranspose Conv2DTranspose Conv3DTranspose",
        Entry(_TRANSPOSED, _FLOAT_TRANSPOSED, "weights", "quantize"),
    ),
    "QDense": Entry(_DENSE, (), "weights", "convert"),
    "QDenseBatchnorm": Entry(f"{_DENSE} {_NORM}", (), "weights", "convert"),
    "QConv1D": Entry(_CONV, rules.CONVOLUTION, "weights", "convert"),
    "QConv2D": Entry(f"{_CONV} mask", (*rules.CONVOLUTION, rules.KERNEL_MASK), "weights", "convert"),
    "QConv2DBatchnorm": Entry(f"{_CONV} {_NORM}", rules.CONVOLUTION, "weights", "convert"),
    "QDepthwiseConv2D": Entry(_DEPTHWISE, rules.CONVOLUTION, "weights", "convert"),
    "QDepthwiseConv2DBatchnorm": Entry(f"{_DEPTHWISE} {_NORM}", rules.CONVOLUTION, "weights", "convert"),
    **_each("QSeparableConv1D QSeparableConv2D", Entry(_SEPARABLE, rules.CONVOLUTION, "weights", "convert")),
    "QConv2DTranspose": Entry(_TRANSPOSED, rules.TRANSPOSED, "weights", "convert"),
    # netloom.quantize's, which QKeras has not.
    "QConv3D": Entry(_CONV, rules.CONVOLUTION, "weights", "convert"),
    "QDepthwiseConv1D": Entry(_DEPTHWISE, rules.CONVOLUTION, "weights", "convert"),
    **_each(
        "QConv1DTranspose QPaddedConv2DTranspose QConv3DTranspose",
        Entry(_TRANSPOSED, rules.TRANSPOSED, "weights", "convert"),
    ),
    "Embedding": Entry("input_dim output_dim mask_zero weights", (rules.EMBEDDING_MASK,), stage="quantize"),
    "QEmbedding": Entry(
        "input_dim output_dim mask_zero weights embeddings_quantizer", (rules.EMBEDDING_MASK,), stage="convert"
    ),
    # Layers that carry a state from step to step.
    **_each(
        "SimpleRNN LSTM MemoryLSTM GRU",
        Entry(_RECURRENT, (rules.STATES, *rules.CELL_FUNCTIONS), stage="quantize", default_only=_OF_RECURRENT),
    ),
    **_each(
        "MaskedSimpleRNN MaskedLSTM MaskedMemoryLSTM MaskedGRU",
        Entry(
            _MASKED,
            (rules.STATES, *rules.CELL_FUNCTIONS),
            stage="quantize",
            default_only=f"{_OF_RECURRENT} zero_output_for_mask",
        ),
    ),
    **_each(
        "QSimpleRNN QLSTM QMemoryLSTM QGRU",
        Entry(f"{_RECURRENT} stateful", (rules.STATES,), stage="convert", default_only="dtype return_state"),
    ),
    **_each(
        "QMaskedSimpleRNN QMaskedLSTM QMaskedMemoryLSTM QMaskedGRU",
        Entry(
            _MASKED, (rules.STATES,), stage="convert", default_only="dtype return_state stateful zero_output_for_mask"
        ),
    ),
    "RecurrentDecoder": Entry("embedding recurrent logits quantizer steps start stop"),
    # Activations, normalization.
    "Activation": Entry("activation", (rules.ACTIVATION,)),
    "QActivation": Entry("activation", stage="convert"),
    "ReLU": Entry("max_value negative_slope threshold"),
    "LeakyReLU": Entry("negative_slope"),
    "PReLU": Entry("shared_axes"),
    "ELU": Entry("alpha"),
    "Function": Entry("function options argument"),
    "Softmax": Entry("axis", (rules.SOFTMAX_MASK,)),
    "MaskedSoftmax": Entry("mask", stage="quantize"),
    "QSoftmax": Entry("quantizer axis mask", stage="convert"),
    "BatchNormalization": Entry(_NORM),
    "QBatchNormalization": Entry(
        f"{_NORM} beta_quantizer gamma_quantizer mean_quantizer variance_quantizer inverse_quantizer",
        stage="convert",
        default_only="dtype activation",
    ),
    **_each("LayerNormalization GroupNormalization", Entry(f"{_NORM} groups", stage="quantize")),
    "RMSNormalization": Entry("axis epsilon", stage="quantize"),
    "UnitNormalization": Entry("axis", stage="quantize"),
    "QNormalization": Entry("quantizer mode epsilon groups", stage="convert"),
    # Pooling, merging.
    **_each("MaxPooling1D MaxPooling2D MaxPooling3D", Entry(_POOL, (), "largest")),
    **_each("AveragePooling1D AveragePooling2D AveragePooling3D", Entry(_POOL)),
    **_each("GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D", Entry("data_format", (), "largest")),
    **_each(
        "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D",
        Entry("data_format"),
    ),
    **_each("Add Maximum Minimum Multiply Subtract", Entry(rules=(rules.FEW,))),
    "Average": Entry(rules=(rules.FEW,)),
    "MatrixProduct": Entry("transposed"),
    "ArgMax": Entry(),
    "Concatenate": Entry("axis", (rules.SAMPLES,), "moves"),
    # What moves values.
    "Flatten": Entry("data_format", (), "moves"),
    "Reshape": Entry("target_shape", (), "moves"),
    "Permute": Entry("dims", (), "moves"),
    "Rearrange": Entry("order", (), "moves"),
    "RepeatVector": Entry("n", (), "moves"),
    **_each("ZeroPadding1D ZeroPadding2D ZeroPadding3D", Entry("padding data_format", (), "moves")),
    **_each("Cropping1D Cropping2D Cropping3D", Entry("cropping data_format", (), "moves")),
    "UpSampling1D": Entry("size", (), "moves"),
    "UpSampling3D": Entry("size data_format", (), "moves"),
    "UpSampling2D": Entry("size data_format interpolation", (), "moves"),
    # Nothing at inference; hls4ml does not know the last two.
    **_each("Dropout SpatialDropout1D AlphaDropout GaussianDropout", Entry("", (), "nothing")),
    "SpatialDropout2D": Entry("data_format", (), "nothing"),
    "GaussianNoise": Entry("stddev", (), "nothing", "quantize"),
    "ActivityRegularization": Entry("l1 l2", (), "nothing", "quantize"),
}
"""Every Keras and QKeras layer class that is taken."""


def part_descriptions(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The layers that a layer has as its parts, as Keras describes them, by the names of its arguments.

    Args:
        kind: of the layer.
        config: its arguments.
    """
    parts = ("embedding", "recurrent", "logits", "quantizer") if kind == "RecurrentDecoder" else ()
    return {part: config[part] for part in parts if config[part] is not None}


def _all(kinds: str, instead: str, reason: str) -> dict[str, Refused]:
    return dict.fromkeys(kinds.split(), Refused(instead, reason))


REFUSED: dict[str, Refused] = {
    "Lambda": Refused("build it from keras layers", "it is arbitrary Python: its code would run when the model loads"),
    **_all(
        "FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper",
        "rebuild the network with keras layers",
        "it is another library's code, which cannot be read",
    ),
    **_all(
        "ConvLSTM1D ConvLSTM2D ConvLSTM3D",
        "use convolutions in TimeDistributed, then SimpleRNN, LSTM or GRU",
        "a state of images is not taken yet",
    ),
    **_all(
        "HashedCrossing Hashing StringLookup TextVectorization",
        "encode the data before the network, and give an Embedding the numbers",
        "it reads text, or numbers of any size",
    ),
    **_all(
        "AutoContrast ContrastLimitedAdaptiveHistogramEqualization Equalization",
        "do that to the images before the network",
        "it divides by the range of a whole image, or looks its own histogram up",
    ),
}
"""Classes that people bring and that have no exact firmware. Of others there is nothing better to say than what has."""


def kinds(role: str, stage: str | None = None) -> frozenset[str]:
    """Classes of a role; with `stage`, those that this one takes."""
    return frozenset(
        kind for kind, entry in LAYERS.items() if entry.role == role and (stage is None or entry.stage in (None, stage))
    )


WEIGHTED, MOVES, NO_OPERATION = (kinds(role, "quantize") for role in ("weights", "moves", "nothing"))

TRANSPARENT = MOVES | kinds("largest", "quantize")
"""Their outputs are on the grid of their inputs."""


def check_layer(layer: LayerFacts, stage: RefusingStage) -> None:
    """Refuse a layer, or an option of it, that has no exact firmware.

    Args:
        layer: what is known of it.
        stage: that is to take it.

    Raises:
        LayerNotSupportedError: naming the layer, the option, what to do instead, and why.
    """
    entry = LAYERS.get(layer.kind)
    if entry is None or entry.stage not in (None, stage):
        raise LayerNotSupportedError(f"layer {layer.name!r}: {layer.kind} {_refusal(layer.kind, stage)}")
    problem = unread_argument(layer, entry.read)
    for rule in entry.rules:
        problem = problem or rule.problem(layer)
    if problem:
        raise LayerNotSupportedError(f"layer {layer.name!r} ({layer.kind}): {problem}")


def _refusal(kind: str, stage: str) -> str:
    if kind in REFUSED:
        return f"is not supported: {REFUSED[kind].instead} ({REFUSED[kind].reason})"
    if kind in NO_OPERATION:
        return "is not supported: leave it out (it does nothing at inference)"
    if kind in LAYERS and stage == "convert":
        return "is not quantized: run netloom.quantize first"
    taken = sorted(kind for kind, entry in LAYERS.items() if entry.stage in (None, stage))
    return f"is not supported: build the model from {', '.join(taken)}"
