#ifndef NETLOOM_MATMUL_H_
#define NETLOOM_MATMUL_H_

#include "hls_stream.h"
#include "netloom_stream.h"
#include "nnet_common.h"

namespace nnet {

// Matrices of one tensor times those of another, row by row; rows of the second, if transposed, else its columns.

template <class data1_T, class data2_T, class res_T, typename CONFIG_T>
void multiply_matrices(data1_T data1[CONFIG_T::n_matrices * CONFIG_T::n_rows * CONFIG_T::n_terms],
                       data2_T data2[CONFIG_T::n_matrices * CONFIG_T::n_columns * CONFIG_T::n_terms],
                       res_T res[CONFIG_T::n_matrices * CONFIG_T::n_rows * CONFIG_T::n_columns]) {
    for (int matrix = 0; matrix < CONFIG_T::n_matrices; matrix++) {
        const int start1 = matrix * CONFIG_T::n_rows * CONFIG_T::n_terms;
        const int start2 = matrix * CONFIG_T::n_columns * CONFIG_T::n_terms;
        const int start = matrix * CONFIG_T::n_rows * CONFIG_T::n_columns;
        for (int row = 0; row < CONFIG_T::n_rows; row++) {
            for (int column = 0; column < CONFIG_T::n_columns; column++) {
                #pragma HLS PIPELINE
                typename CONFIG_T::accum_t sum = 0;
                for (int term = 0; term < CONFIG_T::n_terms; term++) {
                    #pragma HLS UNROLL
                    const int place =
                        CONFIG_T::transposed ? column * CONFIG_T::n_terms + term : term * CONFIG_T::n_columns + column;
                    sum += data1[start1 + row * CONFIG_T::n_terms + term] * data2[start2 + place];
                }
                res[start + row * CONFIG_T::n_columns + column] = sum;
            }
        }
    }
}

template <class data1_T, class data2_T, class res_T, typename CONFIG_T>
void multiply_matrices(hls::stream<data1_T> &data1, hls::stream<data2_T> &data2, hls::stream<res_T> &res) {
    constexpr int size1 = CONFIG_T::n_matrices * CONFIG_T::n_rows * CONFIG_T::n_terms;
    constexpr int size2 = CONFIG_T::n_matrices * CONFIG_T::n_columns * CONFIG_T::n_terms;
    constexpr int size = CONFIG_T::n_matrices * CONFIG_T::n_rows * CONFIG_T::n_columns;
    typename data1_T::value_type in1[size1];
    typename data2_T::value_type in2[size2];
    typename res_T::value_type out[size];
    read_all<data1_T, size1>(data1, in1);
    read_all<data2_T, size2>(data2, in2);
    multiply_matrices<typename data1_T::value_type, typename data2_T::value_type, typename res_T::value_type, CONFIG_T>(
        in1, in2, out);
    write_all<res_T, size>(out, res);
}

} // namespace nnet

#endif
