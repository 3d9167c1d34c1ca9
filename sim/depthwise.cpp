// Sums of a depthwise convolution, rows of pictures times rows of weights: neighbours in memory are worked on side by
// side, and the sums of a stretch of them stay in registers while all of the kernel goes by. Exact wherever sums and
// products of the integers given are: nothing depends on the order.

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FASTEST __attribute__((target_clones("avx512f", "avx2,fma", "default")))
#else
#define FASTEST
#endif
#define INLINE inline __attribute__((always_inline))

namespace {

struct Sizes {
    long samples, height, row;              // of the pictures; a row's elements: columns times channels
    long kernel_rows, kernel_columns;       //
    long result_height, result_row;         // of the result, likewise
    long step, top, left, channels;         // rows from one result to the next; zeros above; zeros on the left, columns
};

template <class T> struct Wide {
    typedef T Vector __attribute__((vector_size(64), aligned(sizeof(T)), may_alias));
    static constexpr long STRETCH = 4 * 64 / sizeof(T);
};

template <class T>
INLINE void stretch(const T *x, const T *weights, T *result, const Sizes &s, long first_row, long last_row) {
    typedef typename Wide<T>::Vector Vector;
    Vector *out = (Vector *)result;
    Vector t0 = out[0], t1 = out[1], t2 = out[2], t3 = out[3];
    for (long i = first_row; i < last_row; i++)
        for (long j = 0; j < s.kernel_columns; j++) {
            const Vector *a = (const Vector *)(x + i * s.row + j * s.channels);
            const Vector *b = (const Vector *)(weights + (i * s.kernel_columns + j) * s.result_row);
            t0 += a[0] * b[0];
            t1 += a[1] * b[1];
            t2 += a[2] * b[2];
            t3 += a[3] * b[3];
        }
    out[0] = t0, out[1] = t1, out[2] = t2, out[3] = t3;
}

// Elements from `start` to `end` of a row, where some of the kernel may lie beside the picture.
template <class T>
INLINE void edge(const T *x, const T *weights, T *result, const Sizes &s, long first_row, long last_row, long start,
                 long end) {
    for (long i = first_row; i < last_row; i++)
        for (long j = 0; j < s.kernel_columns; j++) {
            const long shift = (j - s.left) * s.channels;
            const long from = start < -shift ? -shift : start, to = end < s.row - shift ? end : s.row - shift;
            const T *a = x + i * s.row + shift, *b = weights + (i * s.kernel_columns + j) * s.result_row;
            for (long n = from; n < to; n++) result[n] += a[n] * b[n];
        }
}

template <class T> INLINE void sums(const T *x, const T *weights, T *result, const Sizes &s) {
    const long inner = s.left * s.channels;
    const long right = s.row - (s.kernel_columns - 1 - s.left) * s.channels;
    const long outer = right < s.result_row ? right : s.result_row;
    for (long sample = 0; sample < s.samples; sample++)
        for (long h = 0; h < s.result_height; h++) {
            const long above = h * s.step - s.top;
            const long first = above < 0 ? -above : 0;
            const long last = above + s.kernel_rows > s.height ? s.height - above : s.kernel_rows;
            const T *corner = x + (sample * s.height + above) * s.row;
            T *out = result + (sample * s.result_height + h) * s.result_row;
            long n = inner;
            for (; n + Wide<T>::STRETCH <= outer; n += Wide<T>::STRETCH)
                stretch(corner - inner + n, weights + n, out + n, s, first, last);
            const long done = n > inner ? n : 0;
            edge(corner, weights, out, s, first, last, 0, done ? inner : s.result_row);
            if (done) edge(corner, weights, out, s, first, last, done, s.result_row);
        }
}

}  // namespace

extern "C" {
FASTEST void sums_float32(const float *x, const float *weights, float *result, const Sizes *sizes) {
    sums(x, weights, result, *sizes);
}
FASTEST void sums_float64(const double *x, const double *weights, double *result, const Sizes *sizes) {
    sums(x, weights, result, *sizes);
}
}
