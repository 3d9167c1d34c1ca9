"""`StreamFork`: one stream to several consumers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from netloom.errors import SettingsError
from netloom.firmware.stream import Stream
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources, SourceUnit


@dataclass(frozen=True)
class StreamFork(SourceUnit):
    """Every output gets every beat, each when it can (eager); the next beat comes when all have theirs. Latency 1.

    `stream_fork` has its outputs' handshakes side by side in vectors, since their number is a parameter; a module made
    for the instance gives each output ports of its own.

    Attributes:
        source: the stream to copy.
        count: of copies, at least 2.

    Raises:
        SettingsError: if there are fewer copies.
    """

    module = "stream_fork"

    count: int

    def __post_init__(self) -> None:
        if self.count < 2:
            raise SettingsError(f"fork {self.name!r}: count must be at least 2, not {self.count}")

    @property
    def outputs(self) -> tuple[Stream, ...]:
        """Copies `{name}_out0`, `{name}_out1`, ..."""
        return tuple(replace(self.source, name=f"{self.name}_out{index}") for index in range(self.count))

    @property
    def output_ports(self) -> tuple[str, ...]:
        """`out0`, `out1`, ..."""
        return tuple(f"out{index}" for index in range(self.count))

    def parameters(self) -> dict[str, int | str]:
        """None: the instance's own module knows them."""
        return {}

    def sources(self) -> dict[str, str]:
        """`stream_fork` with named ports."""
        msb = self.source.width - 1
        ports = [("input", "", "in_valid"), ("output", "", "in_ready"), ("input", f"[{msb}:0]", "in_data")]
        for port in self.output_ports:
            ports += [
                ("output", "", f"{port}_valid"),
                ("input", "", f"{port}_ready"),
                ("output", f"[{msb}:0]", f"{port}_data"),
            ]
        header = ["input  logic clk", "input  logic rst"]
        header += [f"{way:6} logic {bits + ' ' if bits else ''}{name}" for way, bits, name in ports]

        def side_by_side(signal: str) -> str:
            return "{" + ", ".join(f"{port}_{signal}" for port in reversed(self.output_ports)) + "}"

        text = f"""\
// {self.count} copies of {self.source.name}: stream_fork with a set of ports for every output.
module {self.name} (
    {("," + chr(10) + "    ").join(header)}
);

  logic [{msb}:0] data;

  stream_fork #(
      .WIDTH({self.source.width}),
      .COUNT({self.count})
  ) fork_ (
      .clk(clk),
      .rst(rst),
      .in_valid(in_valid),
      .in_ready(in_ready),
      .in_data(in_data),
      .out_valid({side_by_side("valid")}),
      .out_ready({side_by_side("ready")}),
      .out_data(data)
  );
"""
        assigns = "".join(f"  assign {port}_data = data;\n" for port in self.output_ports)
        return {f"{self.name}.sv": f"{text}\n{assigns}\nendmodule\n"}

    def timing(self) -> Timing:
        """One register, and who still waits for it."""
        return _ForkTiming(self.count)

    def resources(self) -> Resources:
        """One register, a flag for every output."""
        return Resources(lut=2 * self.count + 2, ff=self.source.width + self.count)


class _ForkTiming(Timing):
    """A beat in a register, and which outputs have yet to take it."""

    def __init__(self, count: int) -> None:
        self._all = (True,) * count
        self._waiting = (False,) * count

    def compiled(self) -> tuple[str, list[int]]:
        """See `Timing`."""
        return "fork", [len(self._all)]

    def valid(self) -> tuple[bool, ...]:
        """Where the beat has not been taken."""
        return self._waiting

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        """When the last ones take it."""
        del valid
        for waits, takes in zip(self._waiting, ready, strict=True):
            if waits and not takes:
                return (False,)
        return (True,)

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """A new beat, or one output less to wait for it."""
        if taken[0]:
            self._waiting = self._all
        else:
            self._waiting = tuple(waits and not gone for waits, gone in zip(self._waiting, given, strict=True))
