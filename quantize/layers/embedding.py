"""`QEmbedding`: rows of a table on a grid, read at whole numbers."""

from typing import Any

import keras
from qkeras import get_quantizer


@keras.saving.register_keras_serializable("netloom")
class QEmbedding(keras.layers.Embedding):
    """`Embedding` with `embeddings_quantizer`; a number beyond its rows reads the nearest."""

    def __init__(self, *arguments: Any, embeddings_quantizer: Any = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.embeddings_quantizer_internal = get_quantizer(embeddings_quantizer)

    def call(self, inputs: Any) -> Any:
        """The rows, quantized."""
        ops = keras.ops
        table = self.embeddings
        if self.embeddings_quantizer_internal is not None:
            table = self.embeddings_quantizer_internal(table)
        rows = ops.clip(ops.cast(ops.floor(inputs), "int32"), 0, self.input_dim - 1)
        return ops.take(table, rows, axis=0)

    def get_config(self) -> dict[str, Any]:
        """What it was made with."""
        quantizer = keras.saving.serialize_keras_object(self.embeddings_quantizer_internal)
        return {**super().get_config(), "embeddings_quantizer": quantizer}
