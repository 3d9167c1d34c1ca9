"""A small design written by hand, as `emit` would write it: layer `sum` adds a table, `half` halves and rounds.

Inputs are (2, 3) of fixed<6,3>, two elements a beat; outputs the same of fixed<7,3>.
"""

import json
from pathlib import Path

import numpy as np

TABLE = (3, -2, 5, 1, 0, -7)
INTERVAL = 3
LATENCY = 4
NETWORK = """
`default_nettype none
module network (
    input  wire logic clk, input wire logic rst,
    input  wire logic [15:0] s_axis_tdata, input wire logic s_axis_tvalid, output wire logic s_axis_tready,
    output wire logic [15:0] m_axis_tdata, output wire logic m_axis_tvalid, input wire logic m_axis_tready,
    output wire logic m_axis_tlast
);
    logic sum_valid, sum_ready, half_valid, half_ready;
    logic [13:0] sum_data, half_data;
    sum_unit #(.FILE("table.mem")) sum_unit (
        .clk(clk), .rst(rst),
        .in_valid(s_axis_tvalid), .in_ready(s_axis_tready), .in_data(s_axis_tdata[11:0]),
        .out_valid(sum_valid), .out_ready(sum_ready), .out_data(sum_data)
    );
    half_unit half_unit (
        .clk(clk), .rst(rst),
        .in_valid(sum_valid), .in_ready(sum_ready), .in_data(sum_data),
        .out_valid(half_valid), .out_ready(half_ready), .out_data(half_data)
    );
    assign m_axis_tvalid = half_valid;
    assign m_axis_tdata = {2'b0, half_data};
    assign half_ready = m_axis_tready;
    logic unused;
    assign unused = &{1'b0, s_axis_tdata[15:12]};
    logic [1:0] beat;
    assign m_axis_tlast = beat == 2'd2;
    always_ff @(posedge clk)
        if (rst) beat <= '0;
        else if (half_valid && half_ready) beat <= m_axis_tlast ? '0 : beat + 1'b1;
endmodule
`default_nettype wire
"""
SUM = """
module sum_unit #(parameter FILE = "") (
    input  logic clk, input logic rst,
    input  logic in_valid, output logic in_ready, input logic [11:0] in_data,
    output logic out_valid, input logic out_ready, output logic [13:0] out_data
);
    logic [13:0] words [0:2];
    initial if (FILE != "") $readmemh(FILE, words);
    logic [1:0] place;
    logic [13:0] extended;
    assign extended = {in_data[11], in_data[11:6], in_data[5], in_data[5:0]};
    assign in_ready = !out_valid || out_ready;
    always_ff @(posedge clk) begin
        if (in_ready)
            out_data <= {extended[13:7] + words[place][13:7], extended[6:0] + words[place][6:0]};
        if (rst) begin
            out_valid <= 1'b0;
            place <= '0;
        end else if (in_ready) begin
            out_valid <= in_valid;
            if (in_valid) place <= place == 2'd2 ? '0 : place + 1'b1;
        end
    end
endmodule
"""
HALF = """
module half_unit (
    input  logic clk, input logic rst,
    input  logic in_valid, output logic in_ready, input logic [13:0] in_data,
    output logic out_valid, input logic out_ready, output logic [13:0] out_data
);
    logic [6:0] high, low;
    assign high = $signed(in_data[13:7]) >>> 1;
    assign low = $signed(in_data[6:0]) >>> 1;
    assign in_ready = !out_valid || out_ready;
    always_ff @(posedge clk) begin
        if (in_ready) out_data <= {high + {6'b0, in_data[7]}, low + {6'b0, in_data[0]}};
        if (rst) out_valid <= 1'b0;
        else if (in_ready) out_valid <= in_valid;
    end
endmodule
"""


def meaning(raws: np.ndarray) -> dict[str, np.ndarray]:
    """Raws of both layers for input raws (samples, 2, 3)."""
    total = raws + np.array(TABLE).reshape(2, 3)
    return {"sum": total, "half": (total + 1) >> 1}


def files() -> dict[str, str]:
    """The design's files."""
    pairs = zip(TABLE[::2], TABLE[1::2], strict=True)
    table = "".join(f"{(high & 127) << 7 | low & 127:04x}\n" for low, high in pairs)
    tensor = {"shape": [2, 3], "lanes": 2, "beats": 3}
    wide = {**tensor, "element": "fixed<7,4,TRN,WRAP>", "width": 14}
    narrow = {**tensor, "element": "fixed<6,3,TRN,WRAP>", "width": 12}
    description = {
        "schema_version": "1.0",
        "name": "handmade",
        "target": "generic",
        "top": "network",
        "files": ["sum_unit.sv", "half_unit.sv", "network.sv"],
        "memories": ["table.mem"],
        "inputs": [{"name": "x", "port": "s_axis", "stream": "x", "tdata_width": 16, **narrow}],
        "outputs": [{"name": "y", "port": "m_axis", "stream": "half", "tdata_width": 16, **wide}],
        "layers": [{"layer": "sum", "stream": "sum", **wide}, {"layer": "half", "stream": "half", **wide}],
        "latency": LATENCY,
        "interval": INTERVAL,
    }
    return {
        "network.sv": NETWORK,
        "sum_unit.sv": SUM,
        "half_unit.sv": HALF,
        "table.mem": table,
        "design.json": json.dumps(description),
    }


def write(folder: Path, **changed: str) -> Path:
    """Write the design; `changed` replaces whole files, by their name without its end."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(changed.get(name.rpartition(".")[0], text), encoding="utf-8")
    return folder
