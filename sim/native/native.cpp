// A whole network, block of samples by block: every step reads what the ones before it left in the arena, which stays in
// the cache. Exact wherever the numbers are integers that float32 holds, which the planner proves (native_plan.py).

#include <memory>

#include "depthwise.h"
#include "moves.h"
#include "product.h"

namespace {

// Rows of a convolution's result through the stages, into the arena.
template <class Out> struct Staged {
    const Step &s;
    std::unique_ptr<float[]> row;
    long elements;
    Out *to;
    float *begin() { return row.get(); }
    void end() {
        each(s, row.get(), elements, to);
        to += elements;
    }
};

template <class T> struct Plain {
    T *to;
    long elements;
    T *begin() { return to; }
    void end() { to += elements; }
};

template <class Out> void depthwise(const Step &s, const float *from, long samples, Out *to) {
    Sizes sizes;
    memcpy(&sizes.height, s.numbers, 11 * sizeof(long));
    sizes.samples = samples;
    const long elements = sizes.result_width * sizes.channels;
    convolve(from, (const float *)s.weights, (const float *)s.start, sizes,
             Staged<Out>{s, std::make_unique<float[]>(elements + LANES), elements, to});
}

template <class Out> void from_floats(const Step &s, const float *from, const float *other, long samples, Out *to) {
    switch (s.kind) {
    case PRODUCT: product<Whole>(s, from, samples, to); break;
    case DEPTHWISE: depthwise(s, from, samples, to); break;
    case POOL: pool(s, from, samples, to); break;
    case EACH: each(s, from, samples * s.to_size, to); break;
    case JOIN: join(s, from, other, samples * s.to_size, to); break;
    case LOOKUP: lookup(s, from, samples * s.from_size, to); break;
    case COPY: copy(s, from, samples, to); break;
    case FILL: fill(s, samples, to); break;
    }
}

template <class In> void within(const Step &s, const In *from, long samples, In *to) {
    switch (s.kind) {
    case PAD: pad(s, from, samples, to); break;
    case POOL: largest(s, from, samples, to); break;
    case MOVE: move(s, from, samples, to); break;
    }
}

// One step; `round` and `place` are those of the loop that it is in: how often it has been done, and of which step of the
// sequence it takes the numbers.
void compute(const Step &s, char *arena, long samples, long round, long place) {
    const char *from = arena + s.from;
    char *to = arena + s.to;
    if (s.kind == COPY) {
        from += place * s.copy.from_each * sizeof(float);
        to += round * s.copy.to_each * (s.to_bytes ? 1 : sizeof(float));
    }
    const bool moves = s.kind == PAD || s.kind == MOVE || (s.kind == POOL && s.pool.maximum && !s.stages_length);
    if (moves && s.from_bytes)
        within(s, (const uint8_t *)from, samples, (uint8_t *)to);
    else if (moves)
        within(s, (const float *)from, samples, (float *)to);
#if defined(__AVX512VNNI__)
    else if (s.from_bytes && s.to_bytes)
        product<Bytes>(s, (const uint8_t *)from, samples, (uint8_t *)to);
    else if (s.from_bytes)
        product<Bytes>(s, (const uint8_t *)from, samples, (float *)to);
#endif
    else if (s.to_bytes)
        from_floats(s, (const float *)from, (const float *)(arena + s.other), samples, (uint8_t *)to);
    else
        from_floats(s, (const float *)from, (const float *)(arena + s.other), samples, (float *)to);
}

// Steps one after the other, the bodies of loops as often as they are to be done.
void compute_all(const Step *s, const Step *end, char *arena, long samples, long round, long place) {
    for (; s < end; s++) {
        if (s->kind != LOOP) {
            compute(*s, arena, samples, round, place);
            continue;
        }
        const Step *body = s + 1;
        for (long n = 0; n < s->loop.times; n++)
            compute_all(body, body + s->loop.steps, arena, samples, n, s->loop.backwards ? s->loop.times - 1 - n : n);
        s += s->loop.steps;
    }
}

struct Free {
    void operator()(char *memory) const { free(memory); }
};

char *arena_of(long bytes) {
    static thread_local std::unique_ptr<char, Free> arena;
    static thread_local long size = 0;
    if (size < bytes) {
        size = (bytes + 63) / 64 * 64;
        arena.reset((char *)aligned_alloc(64, size));
        memset(arena.get(), 0, size);
    }
    return arena.get();
}

}  // namespace

extern "C" {

// Whether bytes can be multiplied.
int has_bytes() {
#if defined(__AVX512VNNI__)
    return 1;
#else
    return 0;
#endif
}

// All samples through all steps. Inputs are float32, or float64 where `wide` says so; (samples, elements) each.
void run(const Step *steps, long count, const void *const *inputs, const char *wide, double *const *outputs, long samples,
         long block, long bytes) {
    char *arena = arena_of(bytes);
    for (long done = 0; done < samples; done += block) {
        const long taken = samples - done < block ? samples - done : block;
        const Step *const end = steps + count, *s = steps, *last = end;
        while (last > steps && last[-1].kind == GIVE) last--;
        for (; s < last && s->kind == TAKE; s++) {
            const long first = done * s->from_size, elements = taken * s->from_size;
            if (wide[s->from]) {
                take(*s, (const double *)inputs[s->from] + first, elements, arena + s->to);
            } else {
                take(*s, (const float *)inputs[s->from] + first, elements, arena + s->to);
            }
        }
        compute_all(s, last, arena, taken, 0, 0);
        for (s = last; s < end; s++)
            give(*s, (const float *)(arena + s->from), taken * s->from_size, outputs[s->to] + done * s->from_size);
    }
}

void convolve_float32(const float *x, const float *weights, const float *start, float *result, const Sizes *s) {
    convolve(x, weights, start, *s, Plain<float>{result, s->result_width * s->channels});
}

void convolve_float64(const double *x, const double *weights, const double *start, double *result, const Sizes *s) {
    convolve(x, weights, start, *s, Plain<double>{result, s->result_width * s->channels});
}
}
