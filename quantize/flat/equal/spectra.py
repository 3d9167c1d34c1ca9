"""Spectra of short stretches of sound: convolutions with cosines and sines, and what is made of the two."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.quantize.flat.equal.parts import Parts


def short_time_fourier(layer: Any, tensors: Sequence[Any], parts: Parts) -> Any:
    """`STFTSpectrogram`: its own kernels, on each channel alike."""
    import keras

    if layer.mode == "angle":
        parts.refuse("its angle is a function of two values together, which no table holds: take mode='stft'")
    first = layer.data_format == "channels_first"
    sound = parts.permute(tensors[0], (2, 1)) if first else tensors[0]
    both = [kernel for name in ("real_kernel", "imag_kernel") if (kernel := getattr(layer, name, None)) is not None]
    waves = [
        _convolved(sound, keras.ops.convert_to_numpy(kernel), layer._frame_step, layer.padding, parts)
        for kernel in both
    ]
    return _laid_out(_of_waves(layer.mode, waves, parts), first, layer.expand_dims, parts)


def _convolved(sound: Any, kernel: np.ndarray, step: int, padding: str, parts: Parts) -> Any:
    """(time, channels) by (frame, 1, frequencies) to (frames, channels, frequencies)."""
    import keras

    channels, frequencies = sound.shape[-1], kernel.shape[-1]
    layer = keras.layers.Conv1D(
        channels * frequencies,
        len(kernel),
        strides=step,
        padding=padding,
        groups=channels,
        use_bias=False,
        name=parts.names.of(f"{parts.name}_waves"),
    )
    result = layer(sound)
    layer.set_weights([np.tile(kernel, (1, 1, channels))])
    return parts.reshape(result, (result.shape[1], channels, frequencies))


def _of_waves(mode: str, waves: Sequence[Any], parts: Parts) -> Any:
    """What a mode makes of one convolution or of both, frequencies last."""
    import keras

    if mode in ("real", "imag"):
        return waves[0]
    if mode == "stft":
        return parts.layer("Concatenate", list(waves), axis=-1)
    power = _power(waves, parts)
    if mode == "psd":
        twice = np.full(power.shape[-1], 2.0)
        twice[[0, -1]] = 1.0
        return parts.affine(power, twice, 0)
    least = {"x2": keras.config.epsilon()}
    magnitude = parts.function(parts.function(power, "maximum", least, "x1"), "sqrt")
    return (
        magnitude if mode == "magnitude" else parts.function(parts.function(magnitude, "maximum", least, "x1"), "log")
    )


def _power(waves: Sequence[Any], parts: Parts) -> Any:
    return parts.layer("Add", [parts.layer("Multiply", [wave, wave]) for wave in waves])


def _laid_out(tensor: Any, first: bool, expand: bool, parts: Parts) -> Any:
    """(frames, channels, frequencies) in the order of axes that is asked for."""
    if expand:
        return parts.permute(tensor, (2, 1, 3) if first else (1, 3, 2))
    flat = parts.reshape(tensor, (tensor.shape[1], prod(tensor.shape[2:])))
    return parts.permute(flat, (2, 1)) if first else flat


def mel(layer: Any, tensors: Sequence[Any], parts: Parts) -> Any:
    """`MelSpectrogram`: the sound with its ends mirrored, its spectra, and a matrix of frequencies."""
    import keras

    (sound,) = tensors
    if layer.power_to_db:
        parts.refuse(
            "its decibels are held against the loudest of all samples of a batch: use power_to_db=False, and "
            "10 * keras.ops.log10(keras.ops.maximum(x, 1e-10)) after it"
        )
    if len(sound.shape) != 2:
        parts.refuse("give it one row of values a sample: reshape its input to (values,)")
    size, length = layer.fft_length, sound.shape[-1]
    mirrored = parts.rearrange(sound, np.pad(np.arange(length), size // 2, mode="reflect")[:, None])
    stft = keras.ops.stft(
        np.eye(size, dtype=np.float32), layer.sequence_length, layer.sequence_stride, size, layer.window, center=False
    )
    kernels = [keras.ops.convert_to_numpy(part) for part in stft]
    waves = [_convolved(mirrored, kernel, layer.sequence_stride, "valid", parts) for kernel in kernels]
    power = parts.reshape(_power(waves, parts), (waves[0].shape[1], waves[0].shape[-1]))
    if layer.mag_exp != 2:
        power = parts.function(power, "power", {"x2": layer.mag_exp / 2}, "x1")
    matrix = layer.linear_to_mel_weight_matrix(
        layer.num_mel_bins, power.shape[-1], layer.sampling_rate, layer.min_freq, layer.max_freq
    )
    return parts.permute(parts.dense(power, keras.ops.convert_to_numpy(matrix)), (2, 1))
