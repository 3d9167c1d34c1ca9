// A depthwise convolution, rows of pictures times rows of weights: neighbours in memory are worked on side by side, and
// the sums of a stretch of them stay in registers while all of the kernel goes by. Exact wherever sums and products of
// the integers given are: nothing depends on the order.

#pragma once

#include <vector>

#include "stages.h"

struct Sizes {
    long samples, height, width, channels;   // of the pictures
    long kernel_rows, kernel_columns;        //
    long step, stride;                       // rows and columns from one result to the next
    long top, left;                          // rows of zeros above, columns of zeros on the left
    long result_height, result_width;        //
};

template <class T> struct Wide {
    typedef T Vector __attribute__((vector_size(64), aligned(sizeof(T)), may_alias));
    static constexpr long STRETCH = 4 * 64 / sizeof(T);
};

// A row of a picture, sorted into parts: columns 0, stride, 2 * stride, ..., then 1, 1 + stride, ... of the row with
// its zeros. So what one column of the kernel meets lies side by side. The zeros are there.
template <class T> INLINE void lay_out(const T *row, T *parts, long part, long phases, const Sizes &s) {
    const long first = s.left * s.channels;
    if (s.stride == 1) {
        const long elements = s.width * s.channels < part - first ? s.width * s.channels : part - first;
        for (long n = 0; n < elements; n++) parts[first + n] = row[n];
        return;
    }
    for (long phase = 0; phase < phases; phase++, parts += part) {
        T *out = parts;
        for (long column = phase - s.left; column < s.width && out + s.channels <= parts + part; column += s.stride) {
            if (column >= 0)
                for (long c = 0; c < s.channels; c++) out[c] = row[column * s.channels + c];
            out += s.channels;
        }
    }
}

// Results of a row from `n` on; `lines` are the rows, laid out, that the kernel's rows meet.
template <class T>
INLINE void stretch(const T *const *lines, const long *shifts, const T *weights, const T *start, T *result, long row,
                    long n, const Sizes &s) {
    typedef typename Wide<T>::Vector Vector;
    const Vector *first = (const Vector *)(start + n);
    Vector t0 = first[0], t1 = first[1], t2 = first[2], t3 = first[3];
    weights += n;
    for (long i = 0; i < s.kernel_rows; i++)
        for (long j = 0; j < s.kernel_columns; j++, weights += row) {
            const Vector *a = (const Vector *)(lines[i] + shifts[j] + n);
            const Vector *b = (const Vector *)weights;
            t0 += a[0] * b[0];
            t1 += a[1] * b[1];
            t2 += a[2] * b[2];
            t3 += a[3] * b[3];
        }
    Vector *out = (Vector *)result;
    out[0] = t0, out[1] = t1, out[2] = t2, out[3] = t3;
}

// Weights: (kernel rows, kernel columns, row); start: (row). A row has the elements of a result's row, and at least those
// of a stretch. `out` says where each row of the result goes: `begin` gives room for it, `end` takes it.
template <class T, class Out>
INLINE void convolve(const T *x, const T *weights, const T *start, const Sizes &s, Out out) {
    constexpr long STRETCH = Wide<T>::STRETCH;
    const long elements = s.result_width * s.channels;
    const long row = elements > STRETCH ? elements : STRETCH;
    const long phases = s.stride < s.kernel_columns ? s.stride : s.kernel_columns;
    const long part = row + (s.kernel_columns - 1) / s.stride * s.channels;
    // As many rows as the kernel has, each in the place of one that it has left behind; then a row of zeros.
    std::vector<T> ring((s.kernel_rows + 1) * phases * part), narrow(STRETCH);
    std::vector<const T *> lines(s.kernel_rows);
    std::vector<long> shifts(s.kernel_columns);
    for (long j = 0; j < s.kernel_columns; j++) shifts[j] = j % s.stride * part + j / s.stride * s.channels;
    for (long sample = 0; sample < s.samples; sample++, x += s.height * s.width * s.channels) {
        long laid = 0;
        for (long h = 0; h < s.result_height; h++) {
            T *result = out.begin();
            for (long i = 0; i < s.kernel_rows; i++) {
                const long y = h * s.step - s.top + i;
                const bool inside = y >= 0 && y < s.height;
                T *line = &ring[(inside ? y % s.kernel_rows : s.kernel_rows) * phases * part];
                if (inside && y >= laid) {
                    lay_out(x + y * s.width * s.channels, line, part, phases, s);
                    laid = y + 1;
                }
                lines[i] = line;
            }
            if (elements < STRETCH) {
                stretch(lines.data(), shifts.data(), weights, start, narrow.data(), row, 0, s);
                for (long n = 0; n < elements; n++) result[n] = narrow[n];
            } else {
                for (long n = 0; n + STRETCH <= elements; n += STRETCH)
                    stretch(lines.data(), shifts.data(), weights, start, result + n, row, n, s);
                // What is left over, with some of what has been done.
                if (elements % STRETCH) {
                    const long n = elements - STRETCH;
                    stretch(lines.data(), shifts.data(), weights, start, result + n, row, n, s);
                }
            }
            out.end();
        }
    }
}

