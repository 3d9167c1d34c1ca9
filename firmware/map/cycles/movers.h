// Units that take beats apart, join them, or give them in another order.

#pragma once

#include <iterator>

#include "unit.h"

namespace {

struct Replay : Unit {
    Number words, word_stride, repeats, repeat_stride, groups, step, tail, span;
    Number ahead = 0, room, word, repeat, group;
    bool block, fetched = false, offered = false;
    explicit Replay(Numbers n)
        : words(n[0]), word_stride(n[1]), repeats(n[2]), repeat_stride(n[3]), groups(n[4]), step(n[5]), tail(n[6]),
          span(n[7]), room(n[8]), word(n[0]), repeat(n[2]), group(n[4]), block(n[9]) {}
    void ready(Wires &w) override { w.take(in[0], room > 0); }
    bool clock(Wires &w) override {
        const bool move = w.moved[out[0]] || !offered;
        bool fetch;
        if (block) {
            const bool enable = move || !fetched;
            fetch = enable && ahead > 0;
            if (move) offered = fetched;
            if (enable) fetched = fetch;
        } else {
            fetch = move && ahead > 0;
            if (move) offered = fetch;
        }
        if (w.moved[in[0]]) {
            ++ahead;
            --room;
        }
        if (fetch) next();
        w.offer(out[0], offered);
        return (ahead > 0 && (!offered || (block && !fetched))) || (fetched && !offered);
    }
    void next() {
        if (--word) {
            ahead -= word_stride;
            return;
        }
        word = words;
        if (--repeat) {
            ahead -= repeat_stride - (words - 1) * word_stride;
            return;
        }
        repeat = repeats;
        Number freed = step;
        if (--group == 0) {
            group = groups;
            freed = tail;
        }
        ahead -= freed - span;
        room += freed;
    }
    void save(std::vector<Number> &state) const override {
        const Number all[] = {ahead, room, word, repeat, group, fetched, offered};
        state.insert(state.end(), std::begin(all), std::end(all));
    }
};

struct Down : Unit {
    Number ratio, left = 0;
    explicit Down(Numbers n) : ratio(n[0]) {}
    void ready(Wires &w) override { w.take(in[0], left == 0 || (left == 1 && w.ready[out[0]])); }
    bool clock(Wires &w) override {
        left -= w.moved[out[0]];
        if (w.moved[in[0]]) left = ratio;
        w.offer(out[0], left > 0);
        return false;
    }
    void save(std::vector<Number> &state) const override { state.push_back(left); }
};

struct Fork : Unit {
    std::vector<Bits> waiting;
    explicit Fork(Numbers n) : waiting(n[0], 0) {}
    void ready(Wires &w) override {
        bool free = true;
        for (std::size_t i = 0; i < waiting.size(); ++i) free = free && (!waiting[i] || w.ready[out[i]]);
        w.take(in[0], free);
    }
    bool clock(Wires &w) override {
        const bool taken = w.moved[in[0]];
        for (std::size_t i = 0; i < waiting.size(); ++i) {
            waiting[i] = taken || (waiting[i] && !w.moved[out[i]]);
            w.offer(out[i], waiting[i]);
        }
        return false;
    }
    void save(std::vector<Number> &state) const override { state.insert(state.end(), waiting.begin(), waiting.end()); }
};

struct Lines : Unit {
    // Of every row: whether it is padding, whether its columns leave; of every column: whether it is padding.
    std::vector<Bits> pad_row, ends_row, pad_column;
    std::size_t row = 0, column = 0;
    bool full = false, begun = false, offered = false;
    explicit Lines(Numbers n) {
        const Number rows = *n++, columns = *n++;
        for (Number i = 0; i < rows; ++i) pad_row.push_back(*n++);
        for (Number i = 0; i < rows; ++i) ends_row.push_back(*n++);
        for (Number i = 0; i < columns; ++i) pad_column.push_back(*n++);
    }
    bool pad() const { return pad_row[row] || pad_column[column]; }
    bool space(bool out_ready) const { return !ends_row[row] || !full || out_ready; }
    void ready(Wires &w) override {
        offered = w.valid[in[0]];
        w.take(in[0], !pad() && space(w.ready[out[0]]));
    }
    bool clock(Wires &w) override {
        const bool given = w.moved[out[0]], ends = ends_row[row];
        const bool passes = pad() && (begun || offered || !ends) && space(given);
        if (given) full = false;
        if (w.moved[in[0]] || passes) {
            full = full || ends;
            if (++column == pad_column.size()) {
                column = 0;
                if (++row == pad_row.size()) row = 0;
            }
            begun = (row || column) && (begun || offered);
        }
        w.offer(out[0], full);
        return passes;
    }
    void save(std::vector<Number> &state) const override {
        state.insert(state.end(), {static_cast<Number>(row), static_cast<Number>(column), full, begun});
    }
};

struct Shift : Unit {
    std::vector<Bits> ends;
    std::size_t index = 0;
    bool full = false;
    explicit Shift(Numbers n) : ends(n + 1, n + 1 + n[0]) {}
    void ready(Wires &w) override { w.take(in[0], !full || w.ready[out[0]]); }
    bool clock(Wires &w) override {
        if (w.moved[out[0]]) full = false;
        if (w.moved[in[0]]) {
            full = ends[index];
            if (++index == ends.size()) index = 0;
        }
        w.offer(out[0], full);
        return false;
    }
    void save(std::vector<Number> &state) const override {
        state.insert(state.end(), {static_cast<Number>(index), full});
    }
};

struct Reduce : Unit {
    Number beats, count = 0;
    bool staged, full = false;
    Stages stages;
    explicit Reduce(Numbers n) : beats(n[1]), staged(n[0]), stages(n[0] ? n[0] : 1) {}
    bool accepts(bool out_ready) const { return count < beats - 1 || !full || out_ready; }
    void ready(Wires &w) override {
        const bool accepted = accepts(w.ready[out[0]]);
        w.take(in[0], staged ? stages.ready(accepted) : accepted);
    }
    bool clock(Wires &w) override {
        const bool taken = w.moved[in[0]], given = w.moved[out[0]];
        bool arrives = taken, moves = false;
        if (staged) {
            arrives = stages.valid() && accepts(given);
            moves = stages.clock(taken, arrives) || arrives;
        }
        if (given) full = false;
        if (arrives && ++count == beats) {
            count = 0;
            full = true;
        }
        w.offer(out[0], full);
        return moves;
    }
    void save(std::vector<Number> &state) const override {
        state.insert(state.end(), {count, full, static_cast<Number>(stages.full)});
    }
};

struct Permute : Unit {
    std::vector<Number> beats, written, halves;
    Number out_beats, read = 0;
    Stages ahead{2}, stages{2};
    explicit Permute(Numbers n)
        : beats(n + 2, n + 2 + n[1]), written(n[1], 0), halves(n[1], 0), out_beats(n[0]) {}
    void ready(Wires &w) override {
        for (std::size_t i = 0; i < beats.size(); ++i) w.take(in[i], halves[i] < 2);
    }
    bool clock(Wires &w) override {
        const bool given = w.moved[out[0]];
        bool reads = ahead.valid() && stages.ready(given);
        for (const Number half : halves) reads = reads && half;
        bool moves = ahead.clock(ahead.ready(reads), reads);
        moves = stages.clock(reads, given) || moves || reads;
        for (std::size_t i = 0; i < beats.size(); ++i) {
            if (w.moved[in[i]] && ++written[i] == beats[i]) {
                written[i] = 0;
                ++halves[i];
            }
        }
        if (reads && ++read == out_beats) {
            read = 0;
            for (Number &half : halves) --half;
        }
        w.offer(out[0], stages.valid());
        return moves;
    }
    void save(std::vector<Number> &state) const override {
        state.insert(state.end(), written.begin(), written.end());
        state.insert(state.end(), halves.begin(), halves.end());
        state.insert(state.end(), {read, static_cast<Number>(ahead.full), static_cast<Number>(stages.full)});
    }
};

}
