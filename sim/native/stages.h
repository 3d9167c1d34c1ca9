// What becomes of numbers one by one: scaled by a power of two, rounded, kept within a type; 16 side by side. All are
// integers that float32 holds, and stay so: the planner has proven it.

#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#define INLINE inline __attribute__((always_inline))

constexpr long LANES = 16;
typedef float Floats __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t Ints __attribute__((vector_size(64), aligned(4), may_alias));

enum Rounding { EXACT, DOWN, EVEN, HALF_UP, HALF_DOWN, TOWARD_ZERO };
enum Overflow { NEVER, SATURATE, WRAP };

struct Stage {
    float scale, low, high, modulus;
    int32_t rounding, overflow;
};

#if defined(__AVX512F__)
INLINE Floats down(Floats x) { return (Floats)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
INLINE Floats even(Floats x) { return (Floats)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
INLINE Floats smaller(Floats a, Floats b) { return (Floats)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE Floats larger(Floats a, Floats b) { return (Floats)_mm512_max_ps((__m512)a, (__m512)b); }
#else
INLINE Floats down(Floats x) {
    for (long n = 0; n < LANES; n++) x[n] = __builtin_floorf(x[n]);
    return x;
}
INLINE Floats even(Floats x) {
    for (long n = 0; n < LANES; n++) x[n] = __builtin_rintf(x[n]);
    return x;
}
INLINE Floats smaller(Floats a, Floats b) { return a < b ? a : b; }
INLINE Floats larger(Floats a, Floats b) { return a > b ? a : b; }
#endif

INLINE Floats all(float x) { return Floats{} + x; }

// `count` vectors through all stages; `added` is what bytes are stored with.
inline __attribute__((noinline)) void through(const Stage *stages, long length, float added, Floats *x, long count) {
#define EVERY(value)                                                                                                   \
    for (long n = 0; n < count; n++) x[n] = value
    for (const Stage *s = stages; s < stages + length; s++) {
        if (s->scale != 1) EVERY(x[n] * s->scale);
        switch (s->rounding) {
        case DOWN: EVERY(down(x[n])); break;
        case EVEN: EVERY(even(x[n])); break;
        case HALF_UP: EVERY(down(x[n] + 0.5f)); break;
        case HALF_DOWN: EVERY(-down(0.5f - x[n])); break;
        case TOWARD_ZERO: EVERY(x[n] < 0 ? -down(-x[n]) : down(x[n])); break;
        }
        if (s->overflow == SATURATE)
            EVERY(smaller(larger(x[n], all(s->low)), all(s->high)));
        else if (s->overflow == WRAP)
            EVERY(x[n] - down((x[n] - s->low) * (1 / s->modulus)) * s->modulus);
    }
    if (added != 0) EVERY(x[n] + added);
#undef EVERY
}

INLINE Floats load(const float *from) { return *(const Floats *)from; }

INLINE Floats load(const float *from, long count) {
    if (count >= LANES) return load(from);
    Floats x{};
    memcpy(&x, from, count * sizeof(float));
    return x;
}

// The first `count` of a vector; as bytes, numbers of 0 to 255.
#if defined(__AVX512BW__) && defined(__AVX512VL__)
INLINE __mmask16 first(long count) { return count >= LANES ? 0xffff : (1u << count) - 1; }
INLINE void store(float *to, Floats x, long count) { _mm512_mask_storeu_ps(to, first(count), (__m512)x); }
INLINE void store(uint8_t *to, Floats x, long count) {
    _mm_mask_storeu_epi8(to, first(count), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32((__m512)x)));
}
#else
INLINE void store(float *to, Floats x, long count) {
    if (count >= LANES)
        *(Floats *)to = x;
    else
        memcpy(to, &x, count * sizeof(float));
}
INLINE void store(uint8_t *to, Floats x, long count) {
    for (long n = 0; n < count && n < LANES; n++) to[n] = (uint8_t)x[n];
}
#endif
