"""`OwnLayer`: what a layer of netloom's own is to hls4ml, and how hls4ml comes to know it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from hls4ml.backends.backend import get_backend
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.layers import Layer, register_layer
from hls4ml.model.types import NamedType

from netloom.fixed_point import FixedPoint
from netloom.hls.hls4ml_types import precision_type
from netloom.hls.lower.context import LoweringContext
from netloom.hls.vitis import vitis_backends

_HEADERS = Path(__file__).parent / "cpp"
_SHARED = "netloom_stream.h"


class OwnLayer(Layer):
    """A layer that hls4ml does not have: one subclass, called `Netloom...`, and one header `cpp/<header>`.

    In C++ a layer is a struct `config<index>` and a call
    `nnet::<function><input types..., output type, config>(inputs..., output, weights...)`, which the header has for
    arrays (io_parallel) and for `hls::stream`s (io_stream).

    Attributes:
        header: file in `cpp/`, copied into projects that use the layer.
        further_headers: files in `cpp/` that it includes.
        function: of the header, in namespace `nnet`.
        type_roles: of the layer's own types, which `initialize` sets.
        weight_names: of the weights, in the order of the call's arguments; `initialize` adds them.
    """

    header: ClassVar[str]
    further_headers: ClassVar[tuple[str, ...]] = ()
    function: ClassVar[str]
    type_roles: ClassVar[tuple[str, ...]] = ()
    weight_names: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def description(
        cls, name: str, inputs: Sequence[str], output: str, shapes: Sequence[Sequence[int]], **attributes: Any
    ) -> dict[str, Any]:
        """What hls4ml is told of one, for handlers.

        Args:
            name: of the layer.
            inputs: names of the Keras tensors that it reads.
            output: name of the Keras tensor that it gives.
            shapes: of the inputs, without the batch.
            attributes: what is the layer's own.
        """
        return attributes | {
            "name": name,
            "class_name": cls.__name__,
            "input_keras_tensor_names": list(inputs),
            "output_keras_tensor_names": [output],
            "input_shape": [list(shape) for shape in shapes],
        }

    def __init_subclass__(cls) -> None:
        """Tell hls4ml: the class by its name, and its C++. The classes that backends derive are not meant."""
        super().__init_subclass__()
        if "_wrapped" in vars(cls):
            return
        register_layer(cls.__name__, cls)
        for template in (_ConfigTemplate, _CallTemplate):
            get_backend(vitis_backends()[-1]).register_template(lambda template=template: template(cls))

    def initialize(self) -> None:
        """Add the output variable, the layer's own types and its weights; called by hls4ml's constructor."""
        for header in (self.header, *self.further_headers, _SHARED):
            self.model.config.backend.register_source(_HEADERS / header)

    def settle(self) -> None:
        """Called when all types stand, before the C++ is written: what depends on them is made here."""

    def constants(self) -> Mapping[str, int | bool]:
        """Members of the C++ struct beside its types: sizes and options."""
        raise NotImplementedError

    def lower(self, context: LoweringContext) -> None:
        """Add what the layer means to the dataflow graph, and finish it there.

        Raises:
            LayerNotSupportedError, PrecisionError: where that is nothing exact.
        """
        raise NotImplementedError

    def set_type(self, role: str, type_: FixedPoint) -> None:
        """Give the layer a type of its own, `<role>_t` in the C++ struct."""
        self.set_attr(f"{role}_t", NamedType(f"layer{self.index}_{role}_t", precision_type(type_)))

    def add_constants(self, name: str, raws: Any, type_: FixedPoint) -> None:
        """Add a weight (`weight_names`) by its raws: a table, an order, a kernel; its C++ type is `<name>_t`."""
        self.add_weights_variable(
            name=name, var_name=f"{name}{{index}}", data=type_.to_float(raws), precision=precision_type(type_)
        )

    def input_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the inputs, without the batch."""
        return [tuple(int(size) for size in self.get_input_variable(name).shape) for name in self.inputs]


class _ConfigTemplate(LayerConfigTemplate):
    def format(self, node: OwnLayer) -> str:
        """The struct of sizes, options and types."""
        node.settle()
        lines = [
            f"static const {'bool' if isinstance(value, bool) else 'int'} {name} = {str(value).lower()};"
            for name, value in node.constants().items()
        ]
        types = {f"{role}_t": node.get_attr(f"{role}_t").name for role in node.type_roles}
        types |= {f"{name}_t": node.weights[name].type.name for name in node.weight_names}
        lines += [f"typedef {type_} {name};" for name, type_ in types.items()]
        return "\n    ".join([f"struct config{node.index} {{", *lines]) + "\n};\n"


class _CallTemplate(FunctionCallTemplate):
    def __init__(self, cls: type[OwnLayer]) -> None:
        super().__init__(cls, include_header=[f"nnet_utils/{cls.header}"])

    def format(self, node: OwnLayer) -> str:
        """The call of the header's function."""
        inputs = [node.get_input_variable(name) for name in node.inputs]
        output = node.get_output_variable()
        types = ", ".join([*(variable.type.name for variable in (*inputs, output)), f"config{node.index}"])
        variables = [*inputs, output, *(node.weights[name] for name in node.weight_names)]
        return f"nnet::{node.function}<{types}>({', '.join(variable.name for variable in variables)});"
