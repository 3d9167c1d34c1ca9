// The handshakes of a design's units, clock by clock: the `Timing` classes of `firmware/units/` over again, for designs
// whose inferences take so many clock cycles that Python would take minutes. The tests hold one against the other.
// A unit at rest, where no beat comes or goes and nothing moves inside, costs nothing. Units come in such an order that
// none follows, by its `ready`, one that is before it.

#include <cstring>
#include <memory>
#include <vector>

#include "movers.h"
#include "queues.h"

namespace {

std::unique_ptr<Unit> make(Number kind, Numbers n) {
    switch (kind) {
        case 0: return std::make_unique<Elastic>(n);
        case 1: return std::make_unique<Pipeline>(n);
        case 2: return std::make_unique<Replay>(n);
        case 3: return std::make_unique<Fifo<Places>>(n);
        case 4: return std::make_unique<Fifo<BlockPlaces>>(n);
        case 5: return std::make_unique<Down>(n);
        case 6: return std::make_unique<Fork>(n);
        case 7: return std::make_unique<Lines>(n);
        case 8: return std::make_unique<Shift>(n);
        case 9: return std::make_unique<Reduce>(n);
        case 10: return std::make_unique<Permute>(n);
        case 11: return std::make_unique<State<Places>>(n);
        case 12: return std::make_unique<State<BlockPlaces>>(n);
        case 13: return std::make_unique<Start<Places>>(n);
        case 14: return std::make_unique<Start<BlockPlaces>>(n);
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
