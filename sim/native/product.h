// Rows of numbers times a matrix. A row is what one place of the result meets: pieces of one length, each some distance
// from the row's first number, so that a convolution reads the picture itself. Columns of the matrix go in panels of 16,
// and the sums of some rows times some panels stay in registers while their pieces go by.

#pragma once

#include "step.h"

// float32 times float32.
struct Whole {
    typedef float Number;
    typedef float Weight;
    typedef Floats Sum;
    static constexpr long GROUP = 1;
    static INLINE Floats start(const void *from, long panel) { return load((const float *)from + panel * LANES); }
    static INLINE Floats weights(const Weight *from) { return load(from); }
    static INLINE Floats spread(const Number *from) { return all(*from); }
    static INLINE Floats added(Floats sum, Floats a, Floats b) { return sum + a * b; }
    static INLINE Floats floats(Floats sum) { return sum; }
};

#if defined(__AVX512VNNI__)
// Bytes times signed bytes, four at a time, summed in int32.
struct Bytes {
    typedef uint8_t Number;
    typedef int8_t Weight;
    typedef Ints Sum;
    static constexpr long GROUP = 4;
    static INLINE Ints start(const void *from, long panel) { return *(const Ints *)((const int32_t *)from + panel * LANES); }
    static INLINE Ints weights(const Weight *from) { return *(const Ints *)from; }
    static INLINE Ints spread(const Number *from) {
        int32_t four;
        memcpy(&four, from, sizeof four);
        return (Ints)_mm512_set1_epi32(four);
    }
    static INLINE Ints added(Ints sum, Ints a, Ints b) {
        return (Ints)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
    }
    static INLINE Floats floats(Ints sum) { return (Floats)_mm512_cvtepi32_ps((__m512i)sum); }
};
#endif

#if defined(__AVX512F__)
constexpr long ROWS = 8, PANELS = 2;
#else
constexpr long ROWS = 4, PANELS = 1;
#endif

// Results of R rows in P panels from `panel` on.
template <class Kind, long R, long P, class Out>
INLINE void tile(const Step &s, const typename Kind::Number *const *rows, long panel, Out *to) {
    typename Kind::Sum sum[R][P];
    const auto *weights = (const typename Kind::Weight *)s.weights + panel * s.product.panel;
    for (long r = 0; r < R; r++)
        for (long p = 0; p < P; p++) sum[r][p] = Kind::start(s.start, panel + p);
    for (long piece = 0; piece < s.product.pieces; piece++) {
        long at = s.pieces[piece];
        for (long k = 0; k < s.product.length; k++, at += Kind::GROUP, weights += Kind::GROUP * LANES) {
            typename Kind::Sum b[P];
            for (long p = 0; p < P; p++) b[p] = Kind::weights(weights + p * s.product.panel);
            for (long r = 0; r < R; r++) {
                const auto a = Kind::spread(rows[r] + at);
                for (long p = 0; p < P; p++) sum[r][p] = Kind::added(sum[r][p], a, b[p]);
            }
        }
    }
    Floats result[R * P];
    for (long r = 0; r < R; r++)
        for (long p = 0; p < P; p++) result[r * P + p] = Kind::floats(sum[r][p]);
    through(s.stages, s.stages_length, s.added, result, R * P);
    for (long r = 0; r < R; r++)
        for (long p = 0; p < P; p++) {
            const long column = (panel + p) * LANES;
            store(to + r * s.product.columns + column, result[r * P + p], s.product.columns - column);
        }
}

// All rows, R at a time, in P panels.
template <class Kind, long R, long P, class Out>
void panels(const Step &s, const typename Kind::Number *from, long samples, long panel, Out *to) {
    const long rows = samples * s.product.places;
    long sample = 0, place = 0;
    const auto next = [&] {
        const auto *row = from + sample * s.from_size + s.places[place];
        if (++place == s.product.places) place = 0, sample++;
        return row;
    };
    const typename Kind::Number *at[R];
    long row = 0;
    for (; row + R <= rows; row += R, to += R * s.product.columns) {
        for (long r = 0; r < R; r++) at[r] = next();
        tile<Kind, R, P>(s, at, panel, to);
    }
    for (; row < rows; row++, to += s.product.columns) {
        at[0] = next();
        tile<Kind, 1, P>(s, at, panel, to);
    }
}

template <class Kind, class Out> void product(const Step &s, const typename Kind::Number *from, long samples, Out *to) {
    const long count = (s.product.columns + LANES - 1) / LANES;
    long panel = 0;
    if (samples * s.product.places == 1)
        for (; panel + 4 <= count; panel += 4) panels<Kind, 1, 4>(s, from, samples, panel, to);
    for (; panel + PANELS <= count; panel += PANELS) panels<Kind, ROWS, PANELS>(s, from, samples, panel, to);
    for (; panel < count; panel++) panels<Kind, ROWS, 1>(s, from, samples, panel, to);
}
