"""`Link`: what the driver asks of a serial port, and the opening of one."""

from typing import Any, Protocol

from netloom.errors import INSTALL_HARDWARE, LinkError, ToolMissingError


class Link(Protocol):
    """What of a serial port is used; `serial.Serial` has it."""

    def write(self, data: bytes) -> Any:
        """Send bytes."""

    def read(self, size: int) -> bytes:
        """Receive up to `size` bytes, fewer if none come for a moment."""

    def reset_input_buffer(self) -> None:
        """Forget what has come."""

    def close(self) -> None:
        """Close the port."""


def open_link(port: str, baud: int) -> Link:
    """A serial port by its name.

    Raises:
        LinkError: if it cannot be opened; names what ports there are.
        ToolMissingError: if pyserial is not installed.
    """
    try:
        import serial
    except ImportError:
        raise ToolMissingError(f"pyserial is not installed: {INSTALL_HARDWARE}") from None
    try:
        link: Link = serial.Serial(port, baud, timeout=0.02, write_timeout=30, exclusive=True)
    except (OSError, ValueError) as error:
        raise LinkError(f"cannot open {port}: {reason(error)}{_port_hint(error)}") from error
    return link


def reason(error: BaseException) -> str:
    """Why a port failed, on one line."""
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(str(text).split())


def _port_hint(error: BaseException) -> str:
    text = str(error)
    if "Permission" in text:
        return "; may you use serial ports? (Debian, Ubuntu: join the group dialout)"
    if "lock" in text or "busy" in text:
        return "; another program uses it"
    from serial.tools.list_ports import comports

    ports = [entry.device for entry in comports()]
    return f"; there are {', '.join(ports)}" if ports else "; there is no serial port here: is the board attached?"
