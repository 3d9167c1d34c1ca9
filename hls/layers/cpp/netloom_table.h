#ifndef NETLOOM_TABLE_H_
#define NETLOOM_TABLE_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

// table[the bits of a value, read as a number without a sign]

template <class data_T, class res_T, typename CONFIG_T>
void look_up(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_in],
             typename CONFIG_T::table_t table[CONFIG_T::n_table]) {
    #pragma HLS PIPELINE
    for (int i = 0; i < CONFIG_T::n_in; i++) {
        #pragma HLS UNROLL
        ap_uint<data_T::width> word = data[i](data_T::width - 1, 0);
        res[i] = table[(unsigned)word];
    }
}

template <class data_T, class res_T, typename CONFIG_T>
void look_up(hls::stream<data_T> &data, hls::stream<res_T> &res,
             typename CONFIG_T::table_t table[CONFIG_T::n_table]) {
    for (int i = 0; i < CONFIG_T::n_in; i += data_T::size) {
        #pragma HLS PIPELINE
        data_T in = data.read();
        res_T out;
        PRAGMA_DATA_PACK(out)
        for (int j = 0; j < data_T::size; j++) {
            #pragma HLS UNROLL
            ap_uint<data_T::value_type::width> word = in[j](data_T::value_type::width - 1, 0);
            out[j] = table[(unsigned)word];
        }
        res.write(out);
    }
}

} // namespace nnet

#endif
