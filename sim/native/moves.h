// Steps that take numbers one by one, or only move them.

#pragma once

#include <memory>

#include "step.h"

// `count` floats through the stages of a step.
template <class Out> INLINE void each(const Step &s, const float *from, long count, Out *to) {
    long n = 0;
    Floats x[4];
    for (; n + 4 * LANES <= count; n += 4 * LANES) {
        for (long i = 0; i < 4; i++) x[i] = load(from + n + i * LANES);
        through(s.stages, s.stages_length, s.added, x, 4);
        for (long i = 0; i < 4; i++) store(to + n + i * LANES, x[i], LANES);
    }
    for (; n < count; n += LANES) {
        *x = load(from + n, count - n);
        through(s.stages, s.stages_length, s.added, x, 1);
        store(to + n, *x, count - n);
    }
}

// Inputs as raws: the step's one stage, as exact in the inputs' own dtype.
INLINE void take(const Step &s, const float *from, long count, char *to) {
    if (s.to_bytes)
        each(s, from, count, (uint8_t *)to);
    else
        each(s, from, count, (float *)to);
}

INLINE void take(const Step &s, const double *from, long count, char *to) {
    const Stage &stage = *s.stages;
    for (long n = 0; n < count; n++) {
        double x = from[n] * stage.scale;
        x = stage.rounding == DOWN ? __builtin_floor(x) : stage.rounding == EVEN ? __builtin_rint(x) : x;
        x = x < stage.low ? stage.low : x > stage.high ? stage.high : x;
        if (s.to_bytes)
            ((uint8_t *)to)[n] = (uint8_t)(x + s.added);
        else
            ((float *)to)[n] = (float)x;
    }
}

INLINE void give(const Step &s, const float *from, long count, double *to) {
    for (long n = 0; n < count; n++) to[n] = from[n] * s.step;
}

// Pictures with rows and columns around them.
template <class T> void pad(const Step &s, const T *from, long samples, T *to) {
    const auto &p = s.pad;
    const T around = (T)s.fill;
    for (long sample = 0; sample < samples; sample++, to += s.to_size) {
        for (long n = 0; n < s.to_size; n++) to[n] = around;
        for (long h = 0; h < p.height; h++, from += p.row)
            memcpy(to + (p.top + h) * p.padded_row + p.left, from, p.row * sizeof(T));
    }
}

template <class T> void move(const Step &s, const T *from, long samples, T *to) {
    const T missing = (T)s.fill;
    for (long sample = 0; sample < samples; sample++, from += s.from_size, to += s.to_size) {
        if (s.numbers[1])
            for (long n = 0; n < s.to_size; n++) to[n] = missing;
        for (long n = 0; n < s.move.count; n++) to[s.places[n]] = from[s.pieces[n]];
    }
}

// Windows' greatest numbers, or sums: first of whole rows, then of their columns.
template <class T, class Function> INLINE void pooled(const Step &s, const T *x, T *row, T *to, Function function) {
    const auto &p = s.pool;
    const long across = p.width * p.channels;
    for (long h = 0; h < p.rows; h++) {
        const T *top = x + h * p.step * across;
        memcpy(row, top, across * sizeof(T));
        for (long i = 1; i < p.kernel_rows; i++)
            for (long n = 0; n < across; n++) row[n] = function(row[n], top[i * across + n]);
        for (long w = 0; w < p.columns; w++, to += p.channels) {
            const T *from = row + w * p.stride * p.channels;
            for (long c = 0; c < p.channels; c++) to[c] = from[c];
            for (long j = 1; j < p.kernel_columns; j++)
                for (long c = 0; c < p.channels; c++) to[c] = function(to[c], from[j * p.channels + c]);
        }
    }
}

template <class T> void largest(const Step &s, const T *from, long samples, T *to) {
    std::unique_ptr<T[]> row(new T[s.pool.width * s.pool.channels]);
    for (long sample = 0; sample < samples; sample++, from += s.from_size, to += s.to_size)
        pooled(s, from, row.get(), to, [](T a, T b) { return a > b ? a : b; });
}

template <class Out> void pool(const Step &s, const float *from, long samples, Out *to) {
    std::unique_ptr<float[]> row(new float[s.pool.width * s.pool.channels]), result(new float[s.to_size]);
    for (long sample = 0; sample < samples; sample++, from += s.from_size, to += s.to_size) {
        if (s.pool.maximum)
            pooled(s, from, row.get(), result.get(), [](float a, float b) { return a > b ? a : b; });
        else
            pooled(s, from, row.get(), result.get(), [](float a, float b) { return a + b; });
        each(s, result.get(), s.to_size, to);
    }
}

enum Function { ADD, SUBTRACT, MULTIPLY, MAXIMUM, MINIMUM };

// Two tensors of one shape, element by element; `gain` is what brings their points to one place.
template <class Out> void join(const Step &s, const float *from, const float *other, long count, Out *to) {
    const Floats gain = all(s.join.gain), other_gain = all(s.join.other_gain);
    for (long n = 0; n < count; n += LANES) {
        Floats a = load(from + n, count - n) * gain;
        const Floats b = load(other + n, count - n) * other_gain;
        switch (s.join.function) {
        case ADD: a += b; break;
        case SUBTRACT: a -= b; break;
        case MULTIPLY: a *= b; break;
        case MAXIMUM: a = larger(a, b); break;
        case MINIMUM: a = smaller(a, b); break;
        }
        through(s.stages, s.stages_length, s.added, &a, 1);
        store(to + n, a, count - n);
    }
}

#if defined(__AVX512F__)
INLINE Floats entries(const float *table, Floats index) {
    return (Floats)_mm512_i32gather_ps(_mm512_cvttps_epi32((__m512)index), table, 4);
}
#else
INLINE Floats entries(const float *table, Floats index) {
    for (long n = 0; n < LANES; n++) index[n] = table[(int32_t)index[n]];
    return index;
}
#endif

// Numbers are indices after the stages; each becomes a row of a table.
template <class Out> void lookup(const Step &s, const float *from, long count, Out *to) {
    const long width = s.lookup.width;
    const float *table = (const float *)s.weights + s.lookup.offset * width;
    const Floats added = all(s.added);
    Floats x[4];
    for (long n = 0; n < count; n += 4 * LANES) {
        const long here = count - n < 4 * LANES ? count - n : 4 * LANES, vectors = (here + LANES - 1) / LANES;
        for (long i = 0; i < vectors; i++) x[i] = load(from + n + i * LANES, here - i * LANES);
        through(s.stages, s.stages_length, 0, x, vectors);
        for (long i = 0; i < vectors; i++) {
            const long left = here - i * LANES;
            if (width == 1) {
                store(to + n + i * LANES, entries(table, x[i]) + added, left);
                continue;
            }
            for (long k = 0; k < LANES && k < left; k++) {
                const float *row = table + (int32_t)x[i][k] * width;
                Out *const there = to + (n + i * LANES + k) * width;
                for (long c = 0; c < width; c += LANES) store(there + c, load(row + c, width - c) + added, width - c);
            }
        }
    }
}

// Numbers of each sample: of one of several steps, or among those of others.
template <class Out> void copy(const Step &s, const float *from, long samples, Out *to) {
    for (long sample = 0; sample < samples; sample++, from += s.from_size, to += s.to_size) each(s, from, s.copy.count, to);
}

template <class Out> void fill(const Step &s, long samples, Out *to) {
    for (long sample = 0; sample < samples; sample++, to += s.to_size) each(s, (const float *)s.weights, s.to_size, to);
}
