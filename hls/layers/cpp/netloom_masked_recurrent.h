#ifndef NETLOOM_MASKED_RECURRENT_H_
#define NETLOOM_MASKED_RECURRENT_H_

#include "hls_stream.h"
#include "netloom_recurrent.h"
#include "netloom_stream.h"
#include "nnet_common.h"

namespace nnet {

// The steps that the mask, one number for each, takes: one that is 0 leaves the cell as it is, result included.

template <class data_T, class mask_T, class res_T, typename CONFIG_T, class... weights_T>
void recur_masked_from(recurrent_cell<data_T, CONFIG_T> &cell, data_T data[CONFIG_T::n_steps * CONFIG_T::n_in],
                       mask_T mask[CONFIG_T::n_steps], res_T res[CONFIG_T::n_out], weights_T *...weights) {
    for (int t = 0; t < CONFIG_T::n_steps; t++) {
        const int from = CONFIG_T::backwards ? CONFIG_T::n_steps - 1 - t : t;
        if (mask[from] != 0)
            cell.step(data + from * CONFIG_T::n_in, weights...);
        cell.template write<res_T>(res, CONFIG_T::every ? t : 0);
    }
}

// A sequence, the states to begin with, none, one, or an LSTM's two, and the mask; the weights are those of `step`.

template <class data_T, class mask_T, class res_T, typename CONFIG_T, class... weights_T>
void recur_masked(data_T data[CONFIG_T::n_steps * CONFIG_T::n_in], mask_T mask[CONFIG_T::n_steps],
                  res_T res[CONFIG_T::n_out], weights_T *...weights) {
    recurrent_cell<data_T, CONFIG_T> cell;
    recur_masked_from<data_T, mask_T, res_T, CONFIG_T>(cell, data, mask, res, weights...);
}

template <class data_T, class h_T, class mask_T, class res_T, typename CONFIG_T, class... weights_T>
void recur_masked(data_T data[CONFIG_T::n_steps * CONFIG_T::n_in], h_T h[CONFIG_T::n_units],
                  mask_T mask[CONFIG_T::n_steps], res_T res[CONFIG_T::n_out], weights_T *...weights) {
    recurrent_cell<data_T, CONFIG_T> cell;
    for (int u = 0; u < CONFIG_T::n_units; u++)
        cell.h[u] = h[u];
    recur_masked_from<data_T, mask_T, res_T, CONFIG_T>(cell, data, mask, res, weights...);
}

template <class data_T, class h_T, class c_T, class mask_T, class res_T, typename CONFIG_T, class... weights_T>
void recur_masked(data_T data[CONFIG_T::n_steps * CONFIG_T::n_in], h_T h[CONFIG_T::n_units],
                  c_T c[CONFIG_T::n_units], mask_T mask[CONFIG_T::n_steps], res_T res[CONFIG_T::n_out],
                  weights_T *...weights) {
    recurrent_cell<data_T, CONFIG_T> cell;
    for (int u = 0; u < CONFIG_T::n_units; u++) {
        cell.h[u] = h[u];
        cell.c[u] = c[u];
    }
    recur_masked_from<data_T, mask_T, res_T, CONFIG_T>(cell, data, mask, res, weights...);
}

// The same of streams.

template <class data_T, class mask_T, class res_T, typename CONFIG_T, class... weights_T>
void recur_masked(hls::stream<data_T> &data, hls::stream<mask_T> &mask, hls::stream<res_T> &res,
                  weights_T *...weights) {
    typename data_T::value_type in[CONFIG_T::n_steps * CONFIG_T::n_in];
    typename mask_T::value_type mask_in[CONFIG_T::n_steps];
    typename res_T::value_type out[CONFIG_T::n_out];
    read_all<data_T, CONFIG_T::n_steps * CONFIG_T::n_in>(data, in);
    read_all<mask_T, CONFIG_T::n_steps>(mask, mask_in);
    recur_masked<typename data_T::value_type, typename mask_T::value_type, typename res_T::value_type, CONFIG_T>(
        in, mask_in, out, weights...);
    write_all<res_T, CONFIG_T::n_out>(out, res);
}

template <class data_T, class h_T, class mask_T, class res_T, typename CONFIG_T, class... weights_T>
void recur_masked(hls::stream<data_T> &data, hls::stream<h_T> &h, hls::stream<mask_T> &mask,
                  hls::stream<res_T> &res, weights_T *...weights) {
    typename data_T::value_type in[CONFIG_T::n_steps * CONFIG_T::n_in];
    typename h_T::value_type h_in[CONFIG_T::n_units];
    typename mask_T::value_type mask_in[CONFIG_T::n_steps];
    typename res_T::value_type out[CONFIG_T::n_out];
    read_all<data_T, CONFIG_T::n_steps * CONFIG_T::n_in>(data, in);
    read_all<h_T, CONFIG_T::n_units>(h, h_in);
    read_all<mask_T, CONFIG_T::n_steps>(mask, mask_in);
    recur_masked<typename data_T::value_type, typename h_T::value_type, typename mask_T::value_type,
                 typename res_T::value_type, CONFIG_T>(in, h_in, mask_in, out, weights...);
    write_all<res_T, CONFIG_T::n_out>(out, res);
}

template <class data_T, class h_T, class c_T, class mask_T, class res_T, typename CONFIG_T, class... weights_T>
void recur_masked(hls::stream<data_T> &data, hls::stream<h_T> &h, hls::stream<c_T> &c, hls::stream<mask_T> &mask,
                  hls::stream<res_T> &res, weights_T *...weights) {
    typename data_T::value_type in[CONFIG_T::n_steps * CONFIG_T::n_in];
    typename h_T::value_type h_in[CONFIG_T::n_units];
    typename c_T::value_type c_in[CONFIG_T::n_units];
    typename mask_T::value_type mask_in[CONFIG_T::n_steps];
    typename res_T::value_type out[CONFIG_T::n_out];
    read_all<data_T, CONFIG_T::n_steps * CONFIG_T::n_in>(data, in);
    read_all<h_T, CONFIG_T::n_units>(h, h_in);
    read_all<c_T, CONFIG_T::n_units>(c, c_in);
    read_all<mask_T, CONFIG_T::n_steps>(mask, mask_in);
    recur_masked<typename data_T::value_type, typename h_T::value_type, typename c_T::value_type,
                 typename mask_T::value_type, typename res_T::value_type, CONFIG_T>(in, h_in, c_in, mask_in, out,
                                                                                    weights...);
    write_all<res_T, CONFIG_T::n_out>(out, res);
}

} // namespace nnet

#endif
