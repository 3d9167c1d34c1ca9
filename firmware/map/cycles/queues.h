// Units that hold beats: register stages, pipelines, FIFOs, and what a loop keeps from step to step.

#pragma once

#include <iterator>

#include "unit.h"

namespace {

struct Elastic : Unit {
    Stages stages;
    explicit Elastic(Numbers n) : stages(n[0]) {}
    void ready(Wires &w) override {
        const bool room = stages.ready(w.ready[out[0]]);
        for (const int one : in) {
            bool all = room;
            for (const int other : in) all = all && (other == one || w.valid[other]);
            w.take(one, all);
        }
    }
    bool clock(Wires &w) override {
        const bool moves = stages.clock(w.moved[in[0]], w.moved[out[0]]);
        w.offer(out[0], stages.valid());
        return moves;
    }
    void save(std::vector<Number> &state) const override { state.push_back(stages.full); }
};

// A free-running pipeline with a credit for every result, and its FIFO: a chain of registers, or a memory.
struct Pipeline : Unit {
    Number firings, left, free, depth, latency;
    unsigned __int128 flight = 0;
    bool chain;
    std::uint64_t full = 0;
    Number stored = 0;
    bool offered = false;
    explicit Pipeline(Numbers n)
        : firings(n[0]), left(n[0]), free(n[2]), depth(n[2]), latency(n[1]), chain(n[3]) {}
    void ready(Wires &w) override {
        const bool room = left > 1 || free > 0;
        if (in.size() == 1) {
            w.take(in[0], room);
        } else {
            w.take(in[0], room && w.valid[in[1]]);
            w.take(in[1], room && w.valid[in[0]]);
        }
    }
    bool clock(Wires &w) override {
        const bool given = w.moved[out[0]];
        if (w.moved[in[0]] && --left == 0) {
            left = firings;
            --free;
            flight |= static_cast<unsigned __int128>(1) << latency;
        }
        free += given;
        const bool push = flight & 1;
        flight >>= 1;
        const std::uint64_t before = full;
        const bool waits = !chain && !offered && stored > 0;
        if (chain) {
            bool moves = !(full >> (depth - 1) & 1) || given;
            for (Number place = depth - 1; place > 0; --place) {
                const bool before = full >> (place - 1) & 1;
                if (moves) full = (full & ~(1ULL << place)) | static_cast<std::uint64_t>(before) << place;
                moves = moves || !before;
            }
            if (moves) full = (full & ~1ULL) | push;
            offered = full >> (depth - 1) & 1;
        } else {
            if (!offered || given) {
                offered = stored > 0;
                stored -= offered;
            }
            stored += push;
        }
        w.offer(out[0], offered);
        return flight || push || waits || full != before || (!chain && !offered && stored > 0);
    }
    void save(std::vector<Number> &state) const override {
        const Number all[] = {left, free, static_cast<Number>(flight), static_cast<Number>(flight >> 64),
                              static_cast<Number>(full), stored, offered};
        state.insert(state.end(), std::begin(all), std::end(all));
    }
};

// Places of a FIFO whose output is a register.
struct Places {
    Number depth, level = 0;
    explicit Places(Numbers n) : depth(n[0]) {}
    bool ready() const { return level < depth; }
    bool valid() const { return level > 0; }
    bool clock(bool taken, bool given) {
        level += taken - given;
        return false;
    }
    void save(std::vector<Number> &state) const { state.push_back(level); }
};

// Those of one in block RAM: memory, its output register, the output register.
struct BlockPlaces {
    Number room, stored = 0;
    bool fetched = false, offered = false;
    explicit BlockPlaces(Numbers n) : room(n[0]) {}
    bool ready() const { return room > 0; }
    bool valid() const { return offered; }
    bool clock(bool taken, bool given) {
        const bool move = given || !offered, fetch = stored > 0 && (move || !fetched);
        if (move) offered = fetched;
        if (move || !fetched) fetched = fetch;
        stored += taken - fetch;
        room += given - taken;
        return fetch || (fetched && !offered) || (stored > 0 && !fetched);
    }
    void save(std::vector<Number> &state) const { state.insert(state.end(), {room, stored, fetched, offered}); }
};

template <class Inside>
struct Fifo : Unit {
    Inside places;
    explicit Fifo(Numbers n) : places(n) {}
    void ready(Wires &w) override { w.take(in[0], places.ready()); }
    bool clock(Wires &w) override {
        const bool moves = places.clock(w.moved[in[0]], w.moved[out[0]]);
        w.offer(out[0], places.valid());
        return moves;
    }
    void save(std::vector<Number> &state) const override { places.save(state); }
};

struct StepPosition {
    Number beats, all, passed = 0;
    explicit StepPosition(Numbers n) : beats(n[0]), all(n[0] * n[1]) {}
    bool first() const { return passed < beats; }
    bool last() const { return passed >= all - beats; }
    void clock(bool taken) {
        if (taken && ++passed == all) passed = 0;
    }
};

template <class Inside>
struct State : Unit {
    StepPosition taken, given;
    bool keep;
    Inside places;
    explicit State(Numbers n) : taken(n), given(n), keep(n[2]), places(n + 3) {}
    bool valid() const { return given.first() || places.valid(); }
    void ready(Wires &w) override { w.take(in[0], taken.last() || places.ready()); }
    bool clock(Wires &w) override {
        const bool takes = w.moved[in[0]], gives = w.moved[out[0]];
        const bool moves = places.clock(takes && !taken.last(), gives && !given.first());
        taken.clock(takes && !keep);
        given.clock(gives && (!keep || given.first()));
        w.offer(out[0], valid());
        return moves;
    }
    void begin(Wires &w) override { w.offer(out[0], valid()); }
    void save(std::vector<Number> &state) const override {
        places.save(state);
        state.insert(state.end(), {taken.passed, given.passed});
    }
};

// What begins comes in at the second input.
template <class Inside>
struct Start : Unit {
    StepPosition taken, put;
    Inside places;
    explicit Start(Numbers n) : taken(n), put(n), places(n + 2) {}
    void ready(Wires &w) override {
        const bool room = places.ready(), begins = put.first();
        w.take(in[0], taken.last() || (!begins && room));
        w.take(in[1], begins && room);
    }
    bool clock(Wires &w) override {
        const bool takes = w.moved[in[0]], puts = w.moved[in[1]] || (takes && !taken.last());
        const bool moves = places.clock(puts, w.moved[out[0]]);
        put.clock(puts);
        taken.clock(takes);
        w.offer(out[0], places.valid());
        return moves;
    }
    void save(std::vector<Number> &state) const override {
        places.save(state);
        state.insert(state.end(), {taken.passed, put.passed});
    }
};

struct Last : Unit {
    StepPosition position;
    bool full = false;
    explicit Last(Numbers n) : position(n) {}
    void ready(Wires &w) override { w.take(in[0], !position.last() || !full || w.ready[out[0]]); }
    bool clock(Wires &w) override {
        const bool taken = w.moved[in[0]];
        if (w.moved[out[0]] || !full) full = taken && position.last();
        position.clock(taken);
        w.offer(out[0], full);
        return false;
    }
    void save(std::vector<Number> &state) const override { state.insert(state.end(), {position.passed, full}); }
};

}
