#ifndef NETLOOM_STREAM_H_
#define NETLOOM_STREAM_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

// A whole tensor from a stream of pixels into an array, and back.

template <class data_T, int N> void read_all(hls::stream<data_T> &data, typename data_T::value_type values[N]) {
    for (int i = 0; i < N; i += data_T::size) {
        #pragma HLS PIPELINE
        data_T pixel = data.read();
        for (int j = 0; j < data_T::size; j++) {
            #pragma HLS UNROLL
            values[i + j] = pixel[j];
        }
    }
}

template <class res_T, int N> void write_all(typename res_T::value_type values[N], hls::stream<res_T> &res) {
    for (int i = 0; i < N; i += res_T::size) {
        #pragma HLS PIPELINE
        res_T pixel;
        PRAGMA_DATA_PACK(pixel)
        for (int j = 0; j < res_T::size; j++) {
            #pragma HLS UNROLL
            pixel[j] = values[i + j];
        }
        res.write(pixel);
    }
}

} // namespace nnet

#endif
