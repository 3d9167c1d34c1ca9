// Drives a Verilator model of a module with valid/ready streams, and records every beat.
//
// Compiled once for all models, which it knows by verilator_bench.h.
// Arguments: see `Arguments` below; sim/hardware/verilator.py gives them. Files in the working directory:
//   inI.bin              beats of input I, `bytes` bytes each, little-endian                       (read)
//   outJ.bin             beats of output J                                                         (written)
//   probeK.bin           beats seen on probe K                                                     (written)
//   inI.cycles, outJ.cycles, probeK.cycles   int64 cycle number of the transfer of every beat      (written)
// Standard output: "progress BEATS" lines, at the end "done CYCLES" or "failed REASON".
// Does not know what the beats mean. One clock, one synchronous reset, everything sampled at the rising edge.

#include "prelude.h"

#include <sys/prctl.h>

#include <csignal>
#include <cstdint>

namespace {

constexpr int kResetCycles = 4;
constexpr uint64_t kOutputPorts = 1 << 16;  // ports of this number and above are outputs, for the stall pattern

struct Arguments {
    uint64_t seed, input_stall, output_stall, burst, patience, drain, progress, probe;
    std::vector<uint64_t> expected;  // beats of every output, then of every probe where that is known
};

// Whether a port pauses in a cycle. `Stalls._pauses` in sim/hardware/verilator_stalls.py is the same function.
bool pauses(const Arguments& arguments, uint64_t port, uint64_t cycle, uint64_t threshold) {
    if (threshold == 0) return false;
    uint64_t z = arguments.seed * 0x9E3779B97F4A7C15u + port * 0xD1B54A32D192ED03u
        + (cycle / arguments.burst + 1) * 0x8CB92BA72F3D8DD7u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (z >> 32) < threshold;
}

[[noreturn]] void fail(const std::string& reason) {
    std::printf("failed %s\n", reason.c_str());
    std::fflush(stdout);
    std::exit(3);
}

// Collects the beats of one port in a file and their cycles in another.
class Recorder {
  public:
    Recorder(const Port& port, const std::string& name, bool beats)
        : port_(port), cycles_(open(name + ".cycles")), beats_(beats ? open(name + ".bin") : nullptr) {}

    void record(int64_t cycle) {
        write(&cycle, sizeof cycle, cycles_);
        if (beats_) write(port_.data, port_.bytes, beats_);
        ++count_;
    }
    uint64_t count() const { return count_; }
    void close() {
        if (std::fclose(cycles_) || (beats_ && std::fclose(beats_))) fail("cannot write its results: disk full?");
    }

  private:
    static std::FILE* open(const std::string& name) {
        std::FILE* file = std::fopen(name.c_str(), "wb");
        if (!file) fail("cannot write " + name);
        std::setvbuf(file, nullptr, _IOFBF, 1 << 16);
        return file;
    }
    static void write(const void* from, size_t size, std::FILE* to) {
        if (fwrite_unlocked(from, 1, size, to) != size) fail("cannot write its results: disk full?");
    }

    const Port& port_;
    std::FILE* cycles_;
    std::FILE* beats_;
    uint64_t count_ = 0;
};

// Offers the beats of a file; once a beat is offered it stays until it is taken.
class Source {
  public:
    Source(const Port& port, const std::string& name) : port_(port), taken_(port, name, false) {
        std::FILE* file = std::fopen((name + ".bin").c_str(), "rb");
        if (!file) fail("cannot read " + name + ".bin");
        std::fseek(file, 0, SEEK_END);
        beats_.resize(std::ftell(file));
        std::rewind(file);
        if (std::fread(beats_.data(), 1, beats_.size(), file) != beats_.size()) fail("cannot read " + name + ".bin");
        std::fclose(file);
        count_ = beats_.size() / port.bytes;
        *port_.valid = 0;
    }

    void drive(bool pause) {
        if (*port_.valid) return;
        if (!pause && !done()) {
            *port_.valid = 1;
            std::memcpy(port_.data, &beats_[taken_.count() * port_.bytes], port_.bytes);
        } else if (fresh_) {
            spoil();
        }
        fresh_ = false;
    }
    bool sample(int64_t cycle) {
        transfer_ = *port_.valid && *port_.ready;
        if (transfer_) taken_.record(cycle);
        return transfer_;
    }
    // After the clock edge: what `sample` saw transferred is gone.
    void advance() {
        if (transfer_) *port_.valid = 0;
        fresh_ = transfer_;
    }
    bool done() const { return taken_.count() == count_; }
    void close() { taken_.close(); }
    std::string state() const {
        std::string text = std::string("input '") + port_.name + "' took " + std::to_string(taken_.count()) + " of "
            + std::to_string(count_) + " beats";
        return *port_.valid ? text + " and is not ready for the next" : text;
    }

  private:
    // No module may look at data that are not valid: give it some that are wrong.
    void spoil() {
        for (size_t i = 0; i < port_.bytes; ++i) port_.data[i] ^= 0xA5 + 29 * i;
        port_.data[port_.bytes - 1] &= port_.top_mask;
    }

    const Port& port_;
    Recorder taken_;
    std::vector<unsigned char> beats_;
    uint64_t count_ = 0;
    bool transfer_ = false;  // in the cycle sampled last
    bool fresh_ = true;      // the data are those of a beat that is gone
};

// Watches a stream: records transfers, and holds its sender to the rule that a stalled beat stays as it is.
class Monitor {
  public:
    Monitor(const Port& port, const std::string& name, const char* kind)
        : port_(port), given_(port, name, true), kind_(kind), held_(port.bytes) {}

    bool sample(int64_t cycle) {
        port_.data[port_.bytes - 1] &= port_.top_mask;
        if (waiting_ && (!*port_.valid || std::memcmp(held_.data(), port_.data, port_.bytes)))
            fail(std::string(kind_) + " '" + port_.name + "' " + (*port_.valid ? "changes" : "withdraws")
                + " a beat that was offered and not yet taken, in cycle " + std::to_string(cycle));
        bool transfer = *port_.valid && *port_.ready;
        waiting_ = *port_.valid && !*port_.ready;
        if (waiting_) std::memcpy(held_.data(), port_.data, port_.bytes);
        if (transfer) given_.record(cycle);
        return transfer;
    }
    uint64_t count() const { return given_.count(); }
    bool offers() const { return *port_.valid; }
    const Port& port() const { return port_; }
    void close() { given_.close(); }

  private:
    const Port& port_;
    Recorder given_;
    const char* kind_;
    std::vector<unsigned char> held_;
    bool waiting_ = false;
};

std::string state(const Monitor& output, uint64_t expected) {
    return std::string("output '") + output.port().name + "' gave " + std::to_string(output.count()) + " of "
        + std::to_string(expected) + " beats" + (output.offers() ? " and offers another" : "");
}

Arguments parse(int argc, char** argv) {
    if (argc < 9) fail("wrong arguments");
    auto number = [&](int index) { return std::strtoull(argv[index], nullptr, 10); };
    Arguments arguments{number(1), number(2), number(3), number(4), number(5), number(6), number(7), number(8), {}};
    for (int index = 9; index < argc; ++index) arguments.expected.push_back(number(index));
    return arguments;
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // who started it and is gone, will not read what comes out
    VerilatedContext context;
    context.randReset(2);  // whatever is not reset starts with noise, the same in every run
    context.randSeed(20240229);
    const std::unique_ptr<Bench> made = make_bench(context);
    Bench& bench = *made;

    const std::vector<Port>&input_ports = bench.inputs, &output_ports = bench.outputs;
    const std::vector<Port> probe_ports = arguments.probe ? bench.probes : std::vector<Port>{};
    const bool known = arguments.expected.size() == output_ports.size() + probe_ports.size();
    if (!known && arguments.expected.size() != output_ports.size()) fail("wrong arguments");
    const uint64_t* const watched_expected = arguments.expected.data() + output_ports.size();
    std::vector<Source> sources;
    std::vector<Monitor> sinks, watched;
    for (size_t i = 0; i < input_ports.size(); ++i) sources.emplace_back(input_ports[i], "in" + std::to_string(i));
    for (size_t j = 0; j < output_ports.size(); ++j)
        sinks.emplace_back(output_ports[j], "out" + std::to_string(j), "output");
    for (size_t k = 0; k < probe_ports.size(); ++k)
        watched.emplace_back(probe_ports[k], "probe" + std::to_string(k), "stream");

    *bench.rst = 1;
    for (const Port& port : output_ports) *port.ready = 0;
    for (int cycle = 0; cycle < kResetCycles; ++cycle) {
        *bench.clk = 0;
        bench.eval();
        *bench.clk = 1;
        bench.eval();
    }
    *bench.rst = 0;

    auto finished = [&] {
        for (const Source& source : sources)
            if (!source.done()) return false;
        for (size_t j = 0; j < sinks.size(); ++j)
            if (sinks[j].count() < arguments.expected[j]) return false;
        return true;
    };
    auto describe = [&] {
        std::string text;
        for (const Source& source : sources) text += source.state() + ", ";
        for (size_t j = 0; j < sinks.size(); ++j)
            text += state(sinks[j], arguments.expected[j]) + (j + 1 < sinks.size() ? ", " : "");
        for (size_t k = 0; k < watched.size(); ++k)
            text += std::string(", stream '") + watched[k].port().name + "' " + std::to_string(watched[k].count())
                + (known ? " of " + std::to_string(watched_expected[k]) : "");
        return text;
    };
    // Streams are watched in the order of their layers: the first that lacks beats is the nearest to what is wrong.
    auto lacking = [&] {
        for (size_t k = 0; known && k < watched.size(); ++k)
            if (watched[k].count() < watched_expected[k])
                return std::string("; stream '") + watched[k].port().name + "' is the first that lacks beats";
        return std::string();
    };
    // While others have not, these have given all: an input may, and what gives too much.
    auto complete = [&] {
        std::string text;
        for (size_t k = 0; known && k < watched.size(); ++k)
            if (watched[k].count() >= watched_expected[k])
                text += (text.empty() ? "; already complete: stream '" : ", stream '")
                    + std::string(watched[k].port().name) + "'";
        return text;
    };

    std::clock_t told = std::clock();
    uint64_t idle = 0, after = 0;
    int64_t cycle = 0, last = -1;
    for (;; ++cycle) {
        if (last < 0 && finished()) last = cycle;
        if (last >= 0 && after++ >= arguments.drain) break;
        for (size_t i = 0; i < sources.size(); ++i) sources[i].drive(pauses(arguments, i, cycle, arguments.input_stall));
        for (size_t j = 0; j < sinks.size(); ++j)
            *output_ports[j].ready
                = last < 0 && !pauses(arguments, kOutputPorts + j, cycle, arguments.output_stall);
        *bench.clk = 0;
        bench.eval();

        bool progress = false;
        for (Source& source : sources) progress |= source.sample(cycle);
        for (Monitor& probe : watched) progress |= probe.sample(cycle);
        for (Monitor& sink : sinks) progress |= sink.sample(cycle);
        for (size_t j = 0; j < sinks.size(); ++j)
            if (sinks[j].count() + (last >= 0 && sinks[j].offers()) > arguments.expected[j])
                fail(std::string("output '") + sinks[j].port().name + "' offers more than the "
                    + std::to_string(arguments.expected[j]) + " beats expected, in cycle " + std::to_string(cycle) + "; "
                    + describe() + complete());
        idle = progress ? 0 : idle + 1;
        if (last < 0 && idle >= arguments.patience)
            fail("stuck: no beat moved in " + std::to_string(idle) + " cycles up to cycle " + std::to_string(cycle)
                + "; " + describe() + lacking());

        *bench.clk = 1;
        bench.eval();
        for (Source& source : sources) source.advance();
        if (arguments.progress && (cycle & 1023) == 0 && std::clock() - told > CLOCKS_PER_SEC / 10) {
            told = std::clock();
            std::printf("progress %llu\n", static_cast<unsigned long long>(sinks.empty() ? 0 : sinks[0].count()));
            std::fflush(stdout);
        }
    }
    bench.finish();
    for (Source& source : sources) source.close();
    for (Monitor& sink : sinks) sink.close();
    for (Monitor& probe : watched) probe.close();
    std::printf("done %lld\n", static_cast<long long>(last));
    return 0;
}
