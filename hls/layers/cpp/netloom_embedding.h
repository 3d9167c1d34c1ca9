#ifndef NETLOOM_EMBEDDING_H_
#define NETLOOM_EMBEDDING_H_

#include "hls_stream.h"
#include "netloom_stream.h"
#include "nnet_common.h"

namespace nnet {

// Row data[i] of a table; a number beyond its rows reads the nearest.

template <class data_T, class res_T, typename CONFIG_T>
void embed(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_in * CONFIG_T::n_row],
           typename CONFIG_T::table_t table[CONFIG_T::n_table]) {
    for (int i = 0; i < CONFIG_T::n_in; i++) {
        #pragma HLS PIPELINE
        int row = data[i];
        if (row < 0)
            row = 0;
        if (row > CONFIG_T::n_rows - 1)
            row = CONFIG_T::n_rows - 1;
        for (int j = 0; j < CONFIG_T::n_row; j++) {
            #pragma HLS UNROLL
            res[i * CONFIG_T::n_row + j] = table[row * CONFIG_T::n_row + j];
        }
    }
}

template <class data_T, class res_T, typename CONFIG_T>
void embed(hls::stream<data_T> &data, hls::stream<res_T> &res, typename CONFIG_T::table_t table[CONFIG_T::n_table]) {
    typename data_T::value_type in[CONFIG_T::n_in];
    typename res_T::value_type out[CONFIG_T::n_in * CONFIG_T::n_row];
    read_all<data_T, CONFIG_T::n_in>(data, in);
    embed<typename data_T::value_type, typename res_T::value_type, CONFIG_T>(in, out, table);
    write_all<res_T, CONFIG_T::n_in * CONFIG_T::n_row>(out, res);
}

} // namespace nnet

#endif
