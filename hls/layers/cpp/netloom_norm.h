#ifndef NETLOOM_NORM_H_
#define NETLOOM_NORM_H_

#include "hls_stream.h"
#include "netloom_stream.h"
#include "nnet_common.h"

namespace nnet {

// d = n * x - sum(x), or x; v = sum(d * d); result = d * table[v]. The table has segments: from start[s] on an entry
// stands for 2^shift[s] values of v, and the first of them is table[first[s]].

template <class data_T, class res_T, typename CONFIG_T>
void normalize_row(data_T data[CONFIG_T::n_row], res_T res[CONFIG_T::n_row],
                   typename CONFIG_T::table_t table[CONFIG_T::n_table],
                   typename CONFIG_T::start_t start[CONFIG_T::n_segments],
                   typename CONFIG_T::shift_t shift[CONFIG_T::n_segments],
                   typename CONFIG_T::first_t first[CONFIG_T::n_segments]) {
    #pragma HLS INLINE
    typename CONFIG_T::deviation_t deviation[CONFIG_T::n_row];
    typename CONFIG_T::deviation_t total = 0;
    for (int i = 0; i < CONFIG_T::n_row; i++) {
        #pragma HLS UNROLL
        deviation[i] = data[i];
        if (CONFIG_T::centred)
            total += deviation[i];
    }
    typename CONFIG_T::power_t power = 0;
    for (int i = 0; i < CONFIG_T::n_row; i++) {
        #pragma HLS UNROLL
        if (CONFIG_T::centred)
            deviation[i] = deviation[i] * ap_uint<32>(CONFIG_T::n_row) - total;
        power += deviation[i] * deviation[i];
    }
    ap_uint<64> word = power(CONFIG_T::power_t::width - 1, 0);
    int index = 0;
    for (int s = 0; s < CONFIG_T::n_segments; s++) {
        #pragma HLS UNROLL
        ap_uint<64> from = start[s];
        if (word >= from)
            index = (int)first[s] + (int)((word - from) >> (int)shift[s]);
    }
    for (int i = 0; i < CONFIG_T::n_row; i++) {
        #pragma HLS UNROLL
        res[i] = deviation[i] * table[index];
    }
}

template <class data_T, class res_T, typename CONFIG_T>
void normalize_rows(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_in],
                    typename CONFIG_T::table_t table[CONFIG_T::n_table],
                    typename CONFIG_T::start_t start[CONFIG_T::n_segments],
                    typename CONFIG_T::shift_t shift[CONFIG_T::n_segments],
                    typename CONFIG_T::first_t first[CONFIG_T::n_segments]) {
    for (int row = 0; row < CONFIG_T::n_in; row += CONFIG_T::n_row) {
        #pragma HLS PIPELINE
        normalize_row<data_T, res_T, CONFIG_T>(data + row, res + row, table, start, shift, first);
    }
}

template <class data_T, class res_T, typename CONFIG_T>
void normalize_rows(hls::stream<data_T> &data, hls::stream<res_T> &res,
                    typename CONFIG_T::table_t table[CONFIG_T::n_table],
                    typename CONFIG_T::start_t start[CONFIG_T::n_segments],
                    typename CONFIG_T::shift_t shift[CONFIG_T::n_segments],
                    typename CONFIG_T::first_t first[CONFIG_T::n_segments]) {
    for (int row = 0; row < CONFIG_T::n_in; row += CONFIG_T::n_row) {
        #pragma HLS PIPELINE
        typename data_T::value_type in[CONFIG_T::n_row];
        typename res_T::value_type out[CONFIG_T::n_row];
        read_all<data_T, CONFIG_T::n_row>(data, in);
        normalize_row<typename data_T::value_type, typename res_T::value_type, CONFIG_T>(in, out, table, start, shift,
                                                                                         first);
        write_all<res_T, CONFIG_T::n_row>(out, res);
    }
}

} // namespace nnet

#endif
