#ifndef NETLOOM_ARGMAX_H_
#define NETLOOM_ARGMAX_H_

#include "hls_stream.h"
#include "netloom_stream.h"
#include "nnet_common.h"

namespace nnet {

// The place of the first of the largest elements of each row.

template <class data_T, class res_T, typename CONFIG_T>
void find_largest(data_T data[CONFIG_T::n_rows * CONFIG_T::n_row], res_T res[CONFIG_T::n_rows]) {
    for (int row = 0; row < CONFIG_T::n_rows; row++) {
        #pragma HLS PIPELINE
        int place = 0;
        for (int i = 1; i < CONFIG_T::n_row; i++) {
            #pragma HLS UNROLL
            if (data[row * CONFIG_T::n_row + i] > data[row * CONFIG_T::n_row + place])
                place = i;
        }
        res[row] = place;
    }
}

template <class data_T, class res_T, typename CONFIG_T>
void find_largest(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    constexpr int size = CONFIG_T::n_rows * CONFIG_T::n_row;
    typename data_T::value_type in[size];
    typename res_T::value_type out[CONFIG_T::n_rows];
    read_all<data_T, size>(data, in);
    find_largest<typename data_T::value_type, typename res_T::value_type, CONFIG_T>(in, out);
    write_all<res_T, CONFIG_T::n_rows>(out, res);
}

} // namespace nnet

#endif
