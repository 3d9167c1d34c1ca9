// What a unit is to the clock: streams with `valid` and `ready`, and the stages a beat passes.

#pragma once

#include <cstdint>
#include <vector>

namespace {

using Bits = unsigned char;
using Number = std::int64_t;
using Numbers = const Number *;
constexpr Bits TOUCHED = 2;

// The streams, eight to a word; of each, the units at its ends, -1 for the world outside.
struct Wires {
    std::vector<Bits> valid, ready, moved, stale, awake, again;
    std::vector<int> from, to;

    void offer(int stream, bool is) {
        if (valid[stream] == is) return;
        valid[stream] = is;
        if (to[stream] >= 0) stale[to[stream]] = again[to[stream]] = 1;
    }
    void take(int stream, bool is) {
        if (ready[stream] == is) return;
        ready[stream] = is;
        if (from[stream] >= 0) stale[from[stream]] = 1;
    }
};

struct Unit {
    std::vector<int> in, out;
    virtual ~Unit() = default;
    // Which inputs take a beat, in terms of `valid` of the inputs and `ready` of the outputs.
    virtual void ready(Wires &wires) = 0;
    // End the cycle; leaves `valid` of the outputs as the next one begins with. Gives whether anything moved inside.
    virtual bool clock(Wires &wires) = 0;
    // All that its future depends on.
    virtual void save(std::vector<Number> &state) const = 0;
    // Leaves `valid` of the outputs as the first cycle begins with.
    virtual void begin(Wires &) {}
};

// Register stages; a beat moves on when its stage, or any stage behind it, is empty, or the end is taken.
struct Stages {
    std::uint64_t full = 0, filled, last;
    explicit Stages(Number count) : filled((1ULL << count) - 1), last(1ULL << (count - 1)) {}
    bool valid() const { return full & last; }
    bool ready(bool out_ready) const { return out_ready || full != filled; }
    bool clock(bool taken, bool given) {
        const std::uint64_t before = full;
        if (given || !(full & last)) {
            full = (full << 1 | taken) & filled;
        } else if (const std::uint64_t empty = ~full & filled) {
            const std::uint64_t moving = (2ULL << (63 - __builtin_clzll(empty))) - 1;
            full = (full & ~moving) | ((full << 1 | taken) & moving);
        }
        return full != before;
    }
};

}
