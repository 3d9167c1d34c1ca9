#ifndef NETLOOM_LINES_H_
#define NETLOOM_LINES_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

// slope * x below zero, x above, at most the bound if there is one.

template <class data_T, class res_T, typename CONFIG_T>
res_T on_lines(data_T x, typename CONFIG_T::slope_t slope, typename CONFIG_T::bound_t bound) {
    #pragma HLS INLINE
    if (x < 0)
        return slope * x;
    if (CONFIG_T::bounded && x > bound)
        return bound;
    return x;
}

template <class data_T, class res_T, typename CONFIG_T>
void lines(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_in], typename CONFIG_T::slope_t slope[CONFIG_T::n_slopes],
           typename CONFIG_T::bound_t bound[1]) {
    #pragma HLS PIPELINE
    for (int i = 0; i < CONFIG_T::n_in; i++) {
        #pragma HLS UNROLL
        res[i] = on_lines<data_T, res_T, CONFIG_T>(data[i], slope[i % CONFIG_T::n_slopes], bound[0]);
    }
}

template <class data_T, class res_T, typename CONFIG_T>
void lines(hls::stream<data_T> &data, hls::stream<res_T> &res, typename CONFIG_T::slope_t slope[CONFIG_T::n_slopes],
           typename CONFIG_T::bound_t bound[1]) {
    for (int i = 0; i < CONFIG_T::n_in; i += data_T::size) {
        #pragma HLS PIPELINE
        data_T in = data.read();
        res_T out;
        PRAGMA_DATA_PACK(out)
        for (int j = 0; j < data_T::size; j++) {
            #pragma HLS UNROLL
            out[j] = on_lines<typename data_T::value_type, typename res_T::value_type, CONFIG_T>(
                in[j], slope[(i + j) % CONFIG_T::n_slopes], bound[0]);
        }
        res.write(out);
    }
}

} // namespace nnet

#endif
