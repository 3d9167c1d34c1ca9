"""Every error netloom raises on purpose, as one tree.

NetloomError                    exit code 2
├── SettingsError               a setting is out of range, or two contradict each other
├── NetworkNotFoundError        no network of that name in the registry
├── DataUnavailableError        a data set could be had from none of its sources
├── InputError                  arrays of a wrong shape, dtype or content
├── ModelFileError              a model file is missing, corrupt, or would run code
├── NotSupportedError
│   ├── LayerNotSupportedError      a layer, or one of its options
│   └── QuantizerNotSupportedError  a quantizer the firmware cannot equal exactly
├── PrecisionError              a type cannot hold what must go through it
├── FoldingError                a layer cannot be laid out as asked
├── DeadlockError               hardware units wait for each other
├── StorageError                a file could not be written or read, or is not what it should be
├── SimulationError             hardware gets stuck in simulation, or breaks the handshake
├── LinkError                   a board does not answer, or answers wrongly
├── ToolMissingError            g++ and the like are not installed
└── ToolFailedError             a tool ran and failed; the message names its log
    └── ToolTimeoutError            or was stopped after the time it was given

`PrecisionWarning`, a UserWarning, is the one warning: a type that cannot hold all, and is followed all the same.

A message is one line: what is wrong, where, and what to do about it.
"""

INSTALL_HARDWARE = "pip install '.[hardware]' in netloom's source folder"
"""How to get the tools from SystemVerilog to the bitstream; netloom is on no index, so its name would not do."""


class NetloomError(Exception):
    """Base of all errors that netloom raises on purpose; the command line prints its one line and exits with 2."""


class SettingsError(NetloomError):
    """A setting is out of range, or contradicts another."""


class NetworkNotFoundError(NetloomError):
    """The registry has no network of that name."""


class DataUnavailableError(NetloomError):
    """A data set could be had from none of its sources."""


class InputError(NetloomError):
    """An array has a wrong shape, dtype or content (NaN, infinity)."""


class ModelFileError(NetloomError):
    """A model file is missing, corrupt, or would run code when loaded."""


class NotSupportedError(NetloomError):
    """Base of what netloom declines to convert, always by name and with the way out."""


class LayerNotSupportedError(NotSupportedError):
    """A layer, or an option of it, has no exact hardware equivalent here."""


class QuantizerNotSupportedError(NotSupportedError):
    """A quantizer the firmware cannot equal exactly."""


class PrecisionError(NetloomError):
    """A fixed-point type cannot hold what must go through it, or is wider than netloom's 256 bits."""


class FoldingError(NetloomError):
    """A layer cannot be laid out as asked."""


class DeadlockError(NetloomError):
    """Hardware units that wait for each other."""


class StorageError(NetloomError):
    """A file could not be read or written, or is not what its name says."""


class SimulationError(NetloomError):
    """Hardware misbehaves in simulation: it gets stuck, breaks the handshake, or gives too much."""


class LinkError(NetloomError):
    """A board cannot be reached, does not answer, holds another design, or answers wrongly again and again."""


class ToolMissingError(NetloomError):
    """A program that a stage calls is not installed."""


class ToolFailedError(NetloomError):
    """A program that a stage calls failed; the message names its log file."""


class ToolTimeoutError(ToolFailedError):
    """A program that a stage calls was stopped after the time it was given."""


class PrecisionWarning(UserWarning):
    """A type of an hls4ml configuration cannot hold what its layer computes; the numbers follow it all the same."""
