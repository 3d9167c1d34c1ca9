#ifndef NETLOOM_CONVOLUTION_H_
#define NETLOOM_CONVOLUTION_H_

#include "hls_stream.h"
#include "netloom_stream.h"
#include "nnet_common.h"

namespace nnet {

// Which of `size` elements lies at place `at` of an axis with `apart` - 1 zeros between neighbours; -1 for a zero.
inline int convolution_place(int at, int apart, int size) {
    if (at < 0 || at % apart != 0 || at / apart >= size)
        return -1;
    return at / apart;
}

// Kernels over an image of up to three axes: `upsampling` - 1 zeros between its pixels, zeros around it, `dilation`
// pixels from one element of the kernel to its neighbour, and channels and filters in groups that do not meet.
// A sum starts with the bias; products of zeros are left out.

template <class data_T, class res_T, typename CONFIG_T>
void convolution(data_T data[CONFIG_T::in_depth * CONFIG_T::in_height * CONFIG_T::in_width * CONFIG_T::n_chan],
                 res_T res[CONFIG_T::out_depth * CONFIG_T::out_height * CONFIG_T::out_width * CONFIG_T::n_filt],
                 typename CONFIG_T::weight_t weights[CONFIG_T::filt_depth * CONFIG_T::filt_height *
                                                     CONFIG_T::filt_width * CONFIG_T::n_chan / CONFIG_T::groups *
                                                     CONFIG_T::n_filt],
                 typename CONFIG_T::bias_t biases[CONFIG_T::n_filt]) {
    const int chan = CONFIG_T::n_chan / CONFIG_T::groups;
    const int filt = CONFIG_T::n_filt / CONFIG_T::groups;
    int position = 0;
    for (int od = 0; od < CONFIG_T::out_depth; od++) {
        for (int oh = 0; oh < CONFIG_T::out_height; oh++) {
            for (int ow = 0; ow < CONFIG_T::out_width; ow++, position++) {
                #pragma HLS PIPELINE
                for (int f = 0; f < CONFIG_T::n_filt; f++) {
                    typename CONFIG_T::accum_t sum = biases[f];
                    int tap = 0;
                    for (int kd = 0; kd < CONFIG_T::filt_depth; kd++) {
                        for (int kh = 0; kh < CONFIG_T::filt_height; kh++) {
                            for (int kw = 0; kw < CONFIG_T::filt_width; kw++, tap++) {
                                int d = convolution_place(od * CONFIG_T::stride_depth + kd * CONFIG_T::dilation_depth -
                                                              CONFIG_T::before_depth,
                                                          CONFIG_T::upsampling_depth, CONFIG_T::in_depth);
                                int h = convolution_place(oh * CONFIG_T::stride_height +
                                                              kh * CONFIG_T::dilation_height - CONFIG_T::before_height,
                                                          CONFIG_T::upsampling_height, CONFIG_T::in_height);
                                int w = convolution_place(ow * CONFIG_T::stride_width + kw * CONFIG_T::dilation_width -
                                                              CONFIG_T::before_width,
                                                          CONFIG_T::upsampling_width, CONFIG_T::in_width);
                                if (d < 0 || h < 0 || w < 0)
                                    continue;
                                int pixel = (d * CONFIG_T::in_height + h) * CONFIG_T::in_width + w;
                                for (int c = 0; c < chan; c++) {
                                    sum += static_cast<typename CONFIG_T::accum_t>(
                                        data[pixel * CONFIG_T::n_chan + f / filt * chan + c] *
                                        weights[(tap * chan + c) * CONFIG_T::n_filt + f]);
                                }
                            }
                        }
                    }
                    res[position * CONFIG_T::n_filt + f] = sum;
                }
            }
        }
    }
}

template <class data_T, class res_T, typename CONFIG_T>
void convolution(hls::stream<data_T> &data, hls::stream<res_T> &res,
                 typename CONFIG_T::weight_t weights[CONFIG_T::filt_depth * CONFIG_T::filt_height *
                                                     CONFIG_T::filt_width * CONFIG_T::n_chan / CONFIG_T::groups *
                                                     CONFIG_T::n_filt],
                 typename CONFIG_T::bias_t biases[CONFIG_T::n_filt]) {
    const int n_in = CONFIG_T::in_depth * CONFIG_T::in_height * CONFIG_T::in_width * CONFIG_T::n_chan;
    const int n_out = CONFIG_T::out_depth * CONFIG_T::out_height * CONFIG_T::out_width * CONFIG_T::n_filt;
    static typename data_T::value_type in[n_in];
    static typename res_T::value_type out[n_out];
    read_all<data_T, n_in>(data, in);
    convolution<typename data_T::value_type, typename res_T::value_type, CONFIG_T>(in, out, weights, biases);
    write_all<res_T, n_out>(out, res);
}

} // namespace nnet

#endif
