#ifndef NETLOOM_MASK_H_
#define NETLOOM_MASK_H_

#include "hls_stream.h"
#include "netloom_stream.h"
#include "nnet_common.h"

namespace nnet {

// Elements where the mask, gone through again and again, is 1; the least value where it is 0.

template <class data_T, class res_T, typename CONFIG_T>
void mask_elements(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_in],
                   typename CONFIG_T::mask_t mask[CONFIG_T::n_mask], typename CONFIG_T::least_t least[1]) {
    for (int i = 0; i < CONFIG_T::n_in; i++) {
        #pragma HLS PIPELINE
        if (mask[i % CONFIG_T::n_mask] != 0)
            res[i] = data[i];
        else
            res[i] = least[0];
    }
}

template <class data_T, class res_T, typename CONFIG_T>
void mask_elements(hls::stream<data_T> &data, hls::stream<res_T> &res, typename CONFIG_T::mask_t mask[CONFIG_T::n_mask],
                   typename CONFIG_T::least_t least[1]) {
    typename data_T::value_type in[CONFIG_T::n_in];
    typename res_T::value_type out[CONFIG_T::n_in];
    read_all<data_T, CONFIG_T::n_in>(data, in);
    mask_elements<typename data_T::value_type, typename res_T::value_type, CONFIG_T>(in, out, mask, least);
    write_all<res_T, CONFIG_T::n_in>(out, res);
}

} // namespace nnet

#endif
