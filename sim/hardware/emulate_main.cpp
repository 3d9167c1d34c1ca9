// Runs a Verilator model of the shell, with its serial line on a file descriptor (the master of a pseudo-terminal).
//
// Compiled in one translation unit with the model, whose top is `shell`: clk, rst, rx, tx. Arguments: the descriptor,
// clock cycles of a bit, clock cycles of a millisecond. Ends when standard input does: the starter is gone.
// Every bit of every byte goes over the line. While bytes travel the clock runs as fast as it can; on a silent line it
// soon keeps to real time, and stands still once the shell cannot be waiting for anything.

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>

#include "model/Vshell.h"

namespace {

constexpr int kBatch = 4096;          // cycles between looks at the line
constexpr uint64_t kEager = 50;       // milliseconds of silent line that pass as fast as they can: the network computes
constexpr uint64_t kSilence = 1500;   // milliseconds of silent line after which the clock stands still
constexpr size_t kMostWaiting = 4096; // bytes taken from the descriptor ahead of the line

// Puts bytes on the line, bit by bit.
class Sender {
  public:
    explicit Sender(uint64_t divider) : divider_(divider) {}

    bool level() {
        if (left_ == 0) {
            if (waiting_.empty()) return true;
            bits_ = static_cast<unsigned>(waiting_.front()) << 1 | 0x200u;  // start bit below, stop bit above
            waiting_.pop_front();
            left_ = 10 * divider_;
        }
        const uint64_t index = 9 - (left_ - 1) / divider_;
        --left_;
        return bits_ >> index & 1;
    }

    void push(unsigned char byte) { waiting_.push_back(byte); }
    bool idle() const { return waiting_.empty() && left_ == 0; }
    size_t waiting() const { return waiting_.size(); }

  private:
    uint64_t divider_, left_ = 0;  // left_: clock cycles of the byte on the line
    unsigned bits_ = 0;
    std::deque<unsigned char> waiting_;
};

// Takes bytes from the line.
class Receiver {
  public:
    explicit Receiver(uint64_t divider) : divider_(divider) {}

    // True when `byte` is complete.
    bool take(bool level, unsigned char& byte) {
        if (index_ < 0) {
            if (!level) {
                index_ = 0;
                timer_ = divider_ / 2;
            }
            return false;
        }
        if (timer_-- != 0) return false;
        timer_ = divider_ - 1;
        ++index_;
        if (index_ >= 2 && index_ <= 9) value_ = static_cast<unsigned char>(value_ >> 1 | (level ? 0x80 : 0));
        if (index_ < 10) return false;
        index_ = -1;
        byte = value_;
        return level;
    }

    bool idle() const { return index_ < 0; }

  private:
    uint64_t divider_, timer_ = 0;
    int index_ = -1;
    unsigned char value_ = 0;
};

// Writes all of it, or ends the program when nobody can read it any more.
void write_all(int file, const unsigned char* data, size_t size) {
    while (size != 0) {
        const ssize_t done = write(file, data, size);
        if (done <= 0) std::exit(0);
        data += done;
        size -= static_cast<size_t>(done);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const int file = std::atoi(argv[1]);
    const uint64_t divider = std::strtoull(argv[2], nullptr, 10);
    const uint64_t millisecond = std::strtoull(argv[3], nullptr, 10);
    auto context = std::make_unique<VerilatedContext>();
    auto shell = std::make_unique<Vshell>(context.get());
    Sender sender(divider);
    Receiver receiver(divider);
    const auto cycle = [&] {
        shell->clk = 0;
        shell->rx = sender.level();
        shell->eval();
        shell->clk = 1;
        shell->eval();
        unsigned char byte;
        if (receiver.take(shell->tx, byte)) write_all(file, &byte, 1);
    };
    shell->rst = 1;
    for (int i = 0; i < 8; ++i) cycle();
    shell->rst = 0;
    std::printf("ready\n");
    std::fflush(stdout);

    uint64_t silent = 0;  // milliseconds
    auto before = std::chrono::steady_clock::now();
    for (;;) {
        pollfd watched[2] = {{file, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        const bool active = !sender.idle() || !receiver.idle();
        if (active) silent = 0;
        if (sender.waiting() >= kMostWaiting) watched[0].events = 0;
        const int patience = silent < kEager ? 0 : silent > kSilence ? -1 : 1;
        if (poll(watched, 2, patience) < 0) return 1;
        if (watched[1].revents != 0) return 0;
        if (watched[0].revents & POLLIN) {
            unsigned char data[1024];
            const ssize_t count = read(file, data, sizeof data);
            if (count <= 0) return 0;
            for (ssize_t i = 0; i < count; ++i) sender.push(data[i]);
            silent = 0;
        } else if (watched[0].revents & (POLLERR | POLLNVAL)) {
            return 0;
        }
        uint64_t cycles = kBatch;
        const auto now = std::chrono::steady_clock::now();
        if (sender.idle() && receiver.idle()) {
            // A machine that is late catches up, but not with hours in which it slept.
            const auto late = std::chrono::duration_cast<std::chrono::milliseconds>(now - before).count();
            const uint64_t passed = std::clamp<int64_t>(late, 1, 50);
            cycles = passed * millisecond;
            silent += passed;
        }
        before = now;
        for (uint64_t i = 0; i < cycles; ++i) cycle();
    }
}
