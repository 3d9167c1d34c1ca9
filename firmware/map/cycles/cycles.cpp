// The handshakes of a design's units, clock by clock: the `Timing` classes of `firmware/units/` over again, for designs
// whose inferences take so many clock cycles that Python would take minutes. The tests hold one against the other.
// A unit at rest, where no beat comes or goes and nothing moves inside, costs nothing. Units come in such an order that
// none follows, by its `ready`, one that is before it.

#include <cstdint>
#include <cstring>
#include <memory>
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
    Inside places;
    explicit State(Numbers n) : taken(n), given(n), places(n + 2) {}
    bool valid() const { return given.first() || places.valid(); }
    void ready(Wires &w) override { w.take(in[0], taken.last() || places.ready()); }
    bool clock(Wires &w) override {
        const bool takes = w.moved[in[0]], gives = w.moved[out[0]];
        const bool moves = places.clock(takes && !taken.last(), gives && !given.first());
        taken.clock(takes);
        given.clock(gives);
        w.offer(out[0], valid());
        return moves;
    }
    void begin(Wires &w) override { w.offer(out[0], valid()); }
    void save(std::vector<Number> &state) const override {
        places.save(state);
        state.insert(state.end(), {taken.passed, given.passed});
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

struct Up : Unit {
    Number ratio, parts = 0;
    bool full = false;
    explicit Up(Numbers n) : ratio(n[0]) {}
    void ready(Wires &w) override { w.take(in[0], !full || w.ready[out[0]]); }
    bool clock(Wires &w) override {
        if (w.moved[out[0]]) full = false;
        if (w.moved[in[0]] && ++parts == ratio) {
            parts = 0;
            full = true;
        }
        w.offer(out[0], full);
        return false;
    }
    void save(std::vector<Number> &state) const override { state.insert(state.end(), {parts, full}); }
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

std::unique_ptr<Unit> make(Number kind, Numbers n) {
    switch (kind) {
        case 0: return std::make_unique<Elastic>(n);
        case 1: return std::make_unique<Pipeline>(n);
        case 2: return std::make_unique<Replay>(n);
        case 3: return std::make_unique<Fifo<Places>>(n);
        case 4: return std::make_unique<Fifo<BlockPlaces>>(n);
        case 5: return std::make_unique<Up>(n);
        case 6: return std::make_unique<Down>(n);
        case 7: return std::make_unique<Fork>(n);
        case 8: return std::make_unique<Lines>(n);
        case 9: return std::make_unique<Shift>(n);
        case 10: return std::make_unique<Reduce>(n);
        case 11: return std::make_unique<Permute>(n);
        case 12: return std::make_unique<State<Places>>(n);
        case 13: return std::make_unique<State<BlockPlaces>>(n);
        default: return std::make_unique<Last>(n);
    }
}

struct Sink {
    int stream;
    Number beats, given = 0, complete = 0;
};

struct Level {
    int source, target;
    Number level = 0, highest = 0;
};

struct Run {
    std::vector<std::unique_ptr<Unit>> units;
    Wires wires;
    std::vector<int> sources;
    std::vector<Sink> sinks;
    std::vector<Level> fifos;
    Number time = 0, last_progress = 0, started = -1, finished = 0;

    void cycle() {
        for (std::size_t unit = units.size(); unit-- > 0;) {
            if (!wires.stale[unit]) continue;
            wires.stale[unit] = 0;
            units[unit]->ready(wires);
        }
        bool any = false;
        for (std::size_t word = 0; word < wires.valid.size(); word += 8) {
            std::uint64_t valid, ready;
            std::memcpy(&valid, &wires.valid[word], 8);
            std::memcpy(&ready, &wires.ready[word], 8);
            const std::uint64_t moved = valid & ready;
            std::memcpy(&wires.moved[word], &moved, 8);
            for (std::uint64_t left = moved; left; left &= left - 1) {
                any = true;
                const std::size_t stream = word + __builtin_ctzll(left) / 8;
                if (wires.from[stream] >= 0) wires.awake[wires.from[stream]] = TOUCHED;
                if (wires.to[stream] >= 0) wires.awake[wires.to[stream]] = TOUCHED;
            }
        }
        for (std::size_t unit = 0; unit < units.size(); ++unit) {
            if (!wires.awake[unit]) continue;
            wires.stale[unit] = 1;
            wires.again[unit] |= units[unit]->clock(wires) | (wires.awake[unit] == TOUCHED);
        }
        // What a beat that came or went has set in motion shows in the next clock cycle.
        wires.awake.swap(wires.again);
        std::memset(wires.again.data(), 0, wires.again.size());
        if (any) last_progress = time;
        if (started < 0) {
            for (const int source : sources) {
                if (wires.moved[source]) started = time;
            }
        }
        for (Sink &sink : sinks) {
            if (wires.moved[sink.stream] && ++sink.given == sink.beats) {
                sink.given = 0;
                ++sink.complete;
            }
        }
        for (Level &fifo : fifos) {
            fifo.level += wires.moved[fifo.source] - wires.moved[fifo.target];
            if (fifo.level > fifo.highest) fifo.highest = fifo.level;
        }
        ++time;
    }

    Number complete() const {
        Number least = sinks[0].complete;
        for (const Sink &sink : sinks) least = sink.complete < least ? sink.complete : least;
        return least;
    }
};

}  // namespace

extern "C" {

// `numbers` in order: streams; units, each its kind, inputs, outputs, and constants, every list after its length; then
// sources; sinks and beats in turn; FIFOs' streams in and out in turn.
void *create(Numbers n) {
    auto *run = new Run;
    Wires &wires = run->wires;
    const std::size_t streams = *n++, whole = (streams + 7) / 8 * 8, units = *n++;
    wires.valid.assign(whole, 0);
    wires.ready.assign(whole, 0);
    wires.moved.assign(whole, 0);
    wires.from.assign(whole, -1);
    wires.to.assign(whole, -1);
    wires.stale.assign(units, 1);
    wires.awake.assign(units, 1);
    wires.again.assign(units, 0);
    for (std::size_t unit = 0; unit < units; ++unit) {
        const Number kind = *n++;
        std::vector<int> ports[2];
        for (auto &port : ports) {
            const Number count = *n++;
            port.assign(n, n + count);
            n += count;
        }
        const Number constants = *n++;
        run->units.push_back(make(kind, n));
        n += constants;
        run->units.back()->in = ports[0];
        run->units.back()->out = ports[1];
        for (const int stream : ports[0]) wires.to[stream] = static_cast<int>(unit);
        for (const int stream : ports[1]) wires.from[stream] = static_cast<int>(unit);
    }
    for (auto &unit : run->units) unit->begin(wires);
    for (Number left = *n++; left > 0; --left) {
        run->sources.push_back(*n);
        wires.valid[*n++] = 1;
    }
    for (Number left = *n++; left > 0; left -= 2, n += 2) {
        run->sinks.push_back({static_cast<int>(n[0]), n[1]});
        wires.ready[n[0]] = 1;
    }
    for (Number left = *n++; left > 0; left -= 2, n += 2) {
        run->fifos.push_back({static_cast<int>(n[0]), static_cast<int>(n[1])});
    }
    return run;
}

void destroy(void *run) { delete static_cast<Run *>(run); }

// At most so many clock cycles, and no further than the end of an inference. Gives in `found`: time, the last clock
// cycle with a transfer, that of the first input (-1: none yet), and whether an inference has ended in the last one.
void advance(void *handle, Number clocks, Number *found) {
    Run &run = *static_cast<Run *>(handle);
    bool ended = false;
    while (clocks-- > 0 && !ended) {
        run.cycle();
        if (run.complete() > run.finished) {
            ++run.finished;
            ended = true;
        }
    }
    const Number told[] = {run.time, run.last_progress, run.started, ended};
    std::memcpy(found, told, sizeof told);
}

// What its future depends on; gives how many numbers there are, of which no more than `room` are written.
Number state(void *handle, Number *numbers, Number room) {
    const Run &run = *static_cast<Run *>(handle);
    std::vector<Number> all;
    for (const auto &unit : run.units) unit->save(all);
    for (const Sink &sink : run.sinks) {
        all.push_back(sink.given);
        all.push_back(sink.complete - run.finished);
    }
    const Number count = all.size();
    std::memcpy(numbers, all.data(), sizeof(Number) * (count < room ? count : room));
    return count;
}

// The most beats each FIFO held.
void highest(void *handle, Number *numbers) {
    for (const Level &fifo : static_cast<Run *>(handle)->fifos) *numbers++ = fifo.highest;
}

// Of every stream, eight to a word, whether a beat is offered that nobody takes.
void stuck(void *handle, Bits *streams) {
    const Wires &wires = static_cast<Run *>(handle)->wires;
    for (std::size_t i = 0; i < wires.valid.size(); ++i) streams[i] = wires.valid[i] && !wires.ready[i];
}
}
