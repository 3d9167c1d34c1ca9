#ifndef NETLOOM_POOLING_H_
#define NETLOOM_POOLING_H_

#include "hls_stream.h"
#include "netloom_stream.h"
#include "nnet_common.h"

namespace nnet {

// The greatest, or the average, of those elements of a window over up to three axes that lie inside the image.

template <class data_T, class res_T, typename CONFIG_T>
void pooling(data_T data[CONFIG_T::in_depth * CONFIG_T::in_height * CONFIG_T::in_width * CONFIG_T::n_chan],
             res_T res[CONFIG_T::out_depth * CONFIG_T::out_height * CONFIG_T::out_width * CONFIG_T::n_chan]) {
    int position = 0;
    for (int od = 0; od < CONFIG_T::out_depth; od++) {
        for (int oh = 0; oh < CONFIG_T::out_height; oh++) {
            for (int ow = 0; ow < CONFIG_T::out_width; ow++, position++) {
                #pragma HLS PIPELINE
                for (int c = 0; c < CONFIG_T::n_chan; c++) {
                    data_T greatest = 0;
                    typename CONFIG_T::accum_t sum = 0;
                    unsigned count = 0;
                    for (int kd = 0; kd < CONFIG_T::pool_depth; kd++) {
                        for (int kh = 0; kh < CONFIG_T::pool_height; kh++) {
                            for (int kw = 0; kw < CONFIG_T::pool_width; kw++) {
                                int d = od * CONFIG_T::stride_depth + kd - CONFIG_T::before_depth;
                                int h = oh * CONFIG_T::stride_height + kh - CONFIG_T::before_height;
                                int w = ow * CONFIG_T::stride_width + kw - CONFIG_T::before_width;
                                if (d < 0 || d >= CONFIG_T::in_depth || h < 0 || h >= CONFIG_T::in_height || w < 0 ||
                                    w >= CONFIG_T::in_width)
                                    continue;
                                data_T element =
                                    data[((d * CONFIG_T::in_height + h) * CONFIG_T::in_width + w) * CONFIG_T::n_chan + c];
                                if (count == 0 || element > greatest)
                                    greatest = element;
                                sum += static_cast<typename CONFIG_T::accum_t>(element);
                                count++;
                            }
                        }
                    }
                    if (CONFIG_T::average) {
                        sum /= count;
                        res[position * CONFIG_T::n_chan + c] = sum;
                    } else {
                        res[position * CONFIG_T::n_chan + c] = greatest;
                    }
                }
            }
        }
    }
}

template <class data_T, class res_T, typename CONFIG_T>
void pooling(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    const int n_in = CONFIG_T::in_depth * CONFIG_T::in_height * CONFIG_T::in_width * CONFIG_T::n_chan;
    const int n_out = CONFIG_T::out_depth * CONFIG_T::out_height * CONFIG_T::out_width * CONFIG_T::n_chan;
    static typename data_T::value_type in[n_in];
    static typename res_T::value_type out[n_out];
    read_all<data_T, n_in>(data, in);
    pooling<typename data_T::value_type, typename res_T::value_type, CONFIG_T>(in, out);
    write_all<res_T, n_out>(out, res);
}

} // namespace nnet

#endif
