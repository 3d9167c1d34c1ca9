"""Small emitted designs, hand-written, for what surrounds a network: shell, tools, driver."""

import json
from pathlib import Path

ADD = """
module add_table #(
    parameter int W = 8
) (
    input  logic         clk,
    input  logic         rst,
    input  logic         in_valid,
    output logic         in_ready,
    input  logic [W-1:0] in_data,
    output logic         out_valid,
    input  logic         out_ready,
    output logic [W-1:0] out_data
);
    logic [W-1:0] table_ [0:255];
    initial $readmemh("add.mem", table_);
    assign in_ready = !out_valid || out_ready;
    always_ff @(posedge clk) begin
        if (rst) out_valid <= 1'b0;
        else if (in_ready) out_valid <= in_valid;
        if (in_ready) out_data <= table_[in_data];
    end
endmodule
"""
BYTES = """
module network (
    input  logic       clk,
    input  logic       rst,
    input  logic [7:0] s_axis_tdata,
    input  logic       s_axis_tvalid,
    output logic       s_axis_tready,
    output logic [7:0] m_axis_tdata,
    output logic       m_axis_tvalid,
    input  logic       m_axis_tready,
    output logic       m_axis_tlast
);
"""
ADD_TOP = f"""{BYTES}    logic [2:0] beat;
    add_table #(.W(8)) dense1 (
        .clk(clk), .rst(rst),
        .in_valid(s_axis_tvalid), .in_ready(s_axis_tready), .in_data(s_axis_tdata),
        .out_valid(m_axis_tvalid), .out_ready(m_axis_tready), .out_data(m_axis_tdata)
    );
    always_ff @(posedge clk)
        if (rst) beat <= '0;
        else if (m_axis_tvalid && m_axis_tready) beat <= beat + 1'b1;
    assign m_axis_tlast = beat == 3'd7;
endmodule
"""
JOIN_TOP = """
// Two inputs, 12-bit elements: the first in 2 beats of 3, the second in 1 beat of 2.
// Two outputs: the first's beats back, and the sum of the second's elements.
module network (
    input  logic        clk,
    input  logic        rst,
    input  logic [39:0] s_axis0_tdata,
    input  logic        s_axis0_tvalid,
    output logic        s_axis0_tready,
    input  logic [23:0] s_axis1_tdata,
    input  logic        s_axis1_tvalid,
    output logic        s_axis1_tready,
    output logic [39:0] m_axis0_tdata,
    output logic        m_axis0_tvalid,
    input  logic        m_axis0_tready,
    output logic        m_axis0_tlast,
    output logic [15:0] m_axis1_tdata,
    output logic        m_axis1_tvalid,
    input  logic        m_axis1_tready,
    output logic        m_axis1_tlast
);
    assign s_axis0_tready = !m_axis0_tvalid || m_axis0_tready;
    assign s_axis1_tready = !m_axis1_tvalid || m_axis1_tready;
    assign m_axis1_tlast = 1'b1;
    logic odd;
    assign m_axis0_tlast = odd;
    always_ff @(posedge clk) begin
        if (rst) begin
            odd <= 1'b0;
            m_axis0_tvalid <= 1'b0;
            m_axis1_tvalid <= 1'b0;
        end else begin
            if (m_axis0_tvalid && m_axis0_tready) odd <= !odd;
            if (s_axis0_tready) m_axis0_tvalid <= s_axis0_tvalid;
            if (s_axis1_tready) m_axis1_tvalid <= s_axis1_tvalid;
        end
        if (s_axis0_tready) m_axis0_tdata <= s_axis0_tdata;
        if (s_axis1_tready) m_axis1_tdata <= {4'd0, s_axis1_tdata[11:0] + s_axis1_tdata[23:12]};
    end
endmodule
"""
STUCK_TOP = f"""{BYTES}
    // Takes a sample, and gives its last element only if the first one was not zero; a reset brings it back.
    logic second, stuck;
    assign s_axis_tready = !m_axis_tvalid && !stuck;
    assign m_axis_tlast = 1'b1;
    always_ff @(posedge clk) begin
        if (rst) begin
            second <= 1'b0;
            stuck <= 1'b0;
            m_axis_tvalid <= 1'b0;
        end else begin
            if (m_axis_tready) m_axis_tvalid <= 1'b0;
            if (s_axis_tvalid && s_axis_tready) begin
                second <= !second;
                stuck <= !second && s_axis_tdata == 8'd0;
                m_axis_tvalid <= second;
            end
        end
        if (s_axis_tvalid && s_axis_tready) m_axis_tdata <= s_axis_tdata;
    end
endmodule
"""


def add_design(folder: Path, add: int = 3) -> Path:
    """8 elements of fixed<8,4>, one a beat; each comes back `add` steps larger, from a table of 256 words."""
    table = "".join(f"{(value + add) & 255:02x}\n" for value in range(256))
    ports = {"inputs": [_port("x", "s_axis", 8, 1)], "outputs": [_port("y", "m_axis", 8, 1)]}
    return _write(folder, ports, {"add_table.sv": ADD, "network.sv": ADD_TOP}, {"add.mem": table}, 8, 8)


def join_design(folder: Path) -> Path:
    """Two inputs and two outputs with beats of several bytes."""
    element = "fixed<12,6>"
    ports = {
        "inputs": [_port("a", "s_axis0", 2, 3, element, (2, 3)), _port("b", "s_axis1", 1, 2, element)],
        "outputs": [_port("c", "m_axis0", 2, 3, element, (2, 3)), _port("d", "m_axis1", 1, 1, element)],
    }
    return _write(folder, ports, {"network.sv": JOIN_TOP}, {}, 2, 2)


def stuck_design(folder: Path) -> Path:
    """2 elements; the second comes back, unless the first is zero: then nothing does."""
    ports = {"inputs": [_port("x", "s_axis", 2, 1)], "outputs": [_port("y", "m_axis", 1, 1)]}
    return _write(folder, ports, {"network.sv": STUCK_TOP}, {}, 2, 2)


def _port(
    name: str, port: str, beats: int, lanes: int, element: str = "fixed<8,4>", shape: tuple[int, ...] | None = None
) -> dict[str, object]:
    return {"name": name, "port": port, "shape": shape or [beats * lanes], "element": element} | {
        "lanes": lanes,
        "beats": beats,
    }


def _write(
    folder: Path, ports: dict[str, list], files: dict[str, str], memories: dict[str, str], latency: int, interval: int
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    description = {
        "schema_version": "1.0",
        "name": folder.name,
        "target": "generic",
        "top": "network",
        "files": [*files],
        "memories": [*memories],
        **ports,
        "latency": latency,
        "interval": interval,
    }
    for name, text in (files | memories | {"design.json": json.dumps(description)}).items():
        (folder / name).write_text(text)
    return folder
