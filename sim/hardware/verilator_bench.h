// A compiled model as verilator_main.cpp sees it; `ports_source` in verilator_bench.py says it of a design.

#pragma once

#include <memory>
#include <vector>

struct Port {
    const char* name;
    CData* valid;
    CData* ready;
    unsigned char* data;
    size_t bytes;
    unsigned char top_mask;  // of the last byte: bits that belong to the beat
};

struct Bench {
    CData *clk, *rst;
    std::vector<Port> inputs, outputs, probes;
    virtual ~Bench() = default;
    virtual void eval() = 0;
    virtual void finish() = 0;
};

std::unique_ptr<Bench> make_bench(VerilatedContext& context);
