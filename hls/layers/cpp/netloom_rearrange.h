#ifndef NETLOOM_REARRANGE_H_
#define NETLOOM_REARRANGE_H_

#include "hls_stream.h"
#include "netloom_stream.h"
#include "nnet_common.h"

namespace nnet {

// Element order[i] of one input, or of two joined, flattened; zero where it is negative.

template <class data_T, class res_T, typename CONFIG_T>
void rearrange(data_T data[CONFIG_T::n_in1], res_T res[CONFIG_T::n_out],
               typename CONFIG_T::order_t order[CONFIG_T::n_out]) {
    #pragma HLS PIPELINE
    for (int i = 0; i < CONFIG_T::n_out; i++) {
        #pragma HLS UNROLL
        int from = order[i];
        if (from < 0)
            res[i] = 0;
        else
            res[i] = data[from];
    }
}

template <class data1_T, class data2_T, class res_T, typename CONFIG_T>
void rearrange(data1_T data1[CONFIG_T::n_in1], data2_T data2[CONFIG_T::n_in2], res_T res[CONFIG_T::n_out],
               typename CONFIG_T::order_t order[CONFIG_T::n_out]) {
    #pragma HLS PIPELINE
    for (int i = 0; i < CONFIG_T::n_out; i++) {
        #pragma HLS UNROLL
        int from = order[i];
        if (from < 0)
            res[i] = 0;
        else if (from < CONFIG_T::n_in1)
            res[i] = data1[from];
        else
            res[i] = data2[from - CONFIG_T::n_in1];
    }
}

template <class data_T, class res_T, typename CONFIG_T>
void rearrange(hls::stream<data_T> &data, hls::stream<res_T> &res, typename CONFIG_T::order_t order[CONFIG_T::n_out]) {
    typename data_T::value_type in[CONFIG_T::n_in1];
    typename res_T::value_type out[CONFIG_T::n_out];
    read_all<data_T, CONFIG_T::n_in1>(data, in);
    rearrange<typename data_T::value_type, typename res_T::value_type, CONFIG_T>(in, out, order);
    write_all<res_T, CONFIG_T::n_out>(out, res);
}

template <class data1_T, class data2_T, class res_T, typename CONFIG_T>
void rearrange(hls::stream<data1_T> &data1, hls::stream<data2_T> &data2, hls::stream<res_T> &res,
               typename CONFIG_T::order_t order[CONFIG_T::n_out]) {
    typename data1_T::value_type in1[CONFIG_T::n_in1];
    typename data2_T::value_type in2[CONFIG_T::n_in2];
    typename res_T::value_type out[CONFIG_T::n_out];
    read_all<data1_T, CONFIG_T::n_in1>(data1, in1);
    read_all<data2_T, CONFIG_T::n_in2>(data2, in2);
    rearrange<typename data1_T::value_type, typename data2_T::value_type, typename res_T::value_type, CONFIG_T>(
        in1, in2, out, order);
    write_all<res_T, CONFIG_T::n_out>(out, res);
}

} // namespace nnet

#endif
