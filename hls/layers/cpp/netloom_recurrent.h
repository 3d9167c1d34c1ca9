#ifndef NETLOOM_RECURRENT_H_
#define NETLOOM_RECURRENT_H_

#include "hls_stream.h"
#include "netloom_stream.h"
#include "nnet_common.h"

namespace nnet {

// Recurrent cells as QKeras computes them: the state goes through its quantizer when it is read, and what a step gives
// is not quantized but by its activation.

// Functions in a cell: 0 the value as it is or cast, 1 a hard sigmoid, 2 a table by the bits of a value.

template <int KIND, class index_T, class res_T, class x_T, class table_T> res_T cell_function(x_T x, table_T table[]) {
    #pragma HLS INLINE
    if (KIND == 1) {
        ap_ufixed<1, 0> half = 0.5;
        return (x + 1) * half;
    }
    if (KIND == 2) {
        index_T index = x;
        ap_uint<index_T::width> word = index(index_T::width - 1, 0);
        return table[(unsigned)word];
    }
    return x;
}

// Kinds of cells: 0 simple, 1 LSTM, 2 GRU that resets the product, 3 GRU that resets the state before it.

template <class data_T, typename CONFIG_T> struct recurrent_cell {
    typename CONFIG_T::state_t h[CONFIG_T::n_units];
    typename CONFIG_T::state_t c[CONFIG_T::n_units];
    typename CONFIG_T::step_t result[CONFIG_T::n_units];
    typename CONFIG_T::memory_t memory[CONFIG_T::n_units]; // before its quantizer

    recurrent_cell() {
        for (int i = 0; i < CONFIG_T::n_units; i++) {
            #pragma HLS UNROLL
            h[i] = 0;
            c[i] = 0;
            result[i] = 0;
            memory[i] = 0;
        }
    }

    static typename CONFIG_T::sum_t of_input(data_T x[CONFIG_T::n_in], int column,
                                             typename CONFIG_T::kernel_t kernel[CONFIG_T::n_in * CONFIG_T::n_columns],
                                             typename CONFIG_T::bias_t bias[CONFIG_T::n_columns]) {
        typename CONFIG_T::sum_t sum = bias[column];
        for (int i = 0; i < CONFIG_T::n_in; i++)
            sum += x[i] * kernel[i * CONFIG_T::n_columns + column];
        return sum;
    }

    template <class value_T>
    static typename CONFIG_T::sum_t
    of_state(value_T state[CONFIG_T::n_units], int column,
             typename CONFIG_T::recurrent_t recurrent[CONFIG_T::n_units * CONFIG_T::n_columns],
             typename CONFIG_T::recurrent_bias_t recurrent_bias[CONFIG_T::n_columns]) {
        typename CONFIG_T::sum_t sum = recurrent_bias[column];
        for (int i = 0; i < CONFIG_T::n_units; i++)
            sum += state[i] * recurrent[i * CONFIG_T::n_columns + column];
        return sum;
    }

    void step(data_T x[CONFIG_T::n_in], typename CONFIG_T::kernel_t kernel[CONFIG_T::n_in * CONFIG_T::n_columns],
              typename CONFIG_T::recurrent_t recurrent[CONFIG_T::n_units * CONFIG_T::n_columns],
              typename CONFIG_T::bias_t bias[CONFIG_T::n_columns],
              typename CONFIG_T::recurrent_bias_t recurrent_bias[CONFIG_T::n_columns],
              typename CONFIG_T::act_table_t act_table[CONFIG_T::n_act_table],
              typename CONFIG_T::gate_table_t gate_table[CONFIG_T::n_gate_table]) {
        const int n = CONFIG_T::n_units;
        typedef typename CONFIG_T::act_t act_t;
        typedef typename CONFIG_T::gate_t gate_t;
        typedef typename CONFIG_T::act_index_t act_index_t;
        typedef typename CONFIG_T::gate_index_t gate_index_t;
        typename CONFIG_T::sum_t in[CONFIG_T::n_columns];
        typename CONFIG_T::sum_t back[CONFIG_T::n_columns];
        for (int j = 0; j < CONFIG_T::n_columns; j++) {
            in[j] = of_input(x, j, kernel, bias);
            back[j] = of_state(h, j, recurrent, recurrent_bias);
        }
        typename CONFIG_T::kept_t kept[CONFIG_T::n_units];
        for (int u = 0; u < n && CONFIG_T::kind == 3; u++) {
            typename CONFIG_T::sum_t sum = in[n + u] + back[n + u];
            gate_t reset = cell_function<CONFIG_T::gate, gate_index_t, gate_t>(sum, gate_table);
            kept[u] = reset * h[u];
        }
        for (int u = 0; u < n; u++) {
            typename CONFIG_T::sum_t sum = in[u] + back[u];
            if (CONFIG_T::kind == 0) {
                result[u] = cell_function<CONFIG_T::act, act_index_t, act_t>(sum, act_table);
                continue;
            }
            gate_t first = cell_function<CONFIG_T::gate, gate_index_t, gate_t>(sum, gate_table);
            sum = in[(n + u) % CONFIG_T::n_columns] + back[(n + u) % CONFIG_T::n_columns];
            gate_t second = cell_function<CONFIG_T::gate, gate_index_t, gate_t>(sum, gate_table);
            const int third = (2 * n + u) % CONFIG_T::n_columns;
            sum = in[third];
            if (CONFIG_T::kind == 2)
                sum += second * back[third];
            else if (CONFIG_T::kind == 3)
                sum += of_state(kept, third, recurrent, recurrent_bias);
            else
                sum += back[third];
            act_t candidate = cell_function<CONFIG_T::act, act_index_t, act_t>(sum, act_table);
            if (CONFIG_T::kind == 1) {
                const int fourth = (3 * n + u) % CONFIG_T::n_columns;
                typename CONFIG_T::sum_t last = in[fourth] + back[fourth];
                gate_t output = cell_function<CONFIG_T::gate, gate_index_t, gate_t>(last, gate_table);
                memory[u] = second * c[u] + first * candidate;
                act_t shown = cell_function<CONFIG_T::act, act_index_t, act_t>(memory[u], act_table);
                result[u] = output * shown;
                c[u] = memory[u];
            } else {
                result[u] = first * h[u] + (1 - first) * candidate;
            }
        }
        for (int u = 0; u < n; u++)
            h[u] = result[u];
    }

    // What the last step gave, to place `to` of the results.

    template <class res_T> void write(res_T *res, int to) const {
        const int width = CONFIG_T::memory_too ? 2 * CONFIG_T::n_units : CONFIG_T::n_units;
        for (int u = 0; u < CONFIG_T::n_units; u++) {
            #pragma HLS UNROLL
            res[to * width + u] = result[u];
            if (CONFIG_T::memory_too)
                res[to * width + width - CONFIG_T::n_units + u] = memory[u];
        }
    }
};

// All steps, from the state that the cell has.

template <class data_T, class res_T, typename CONFIG_T>
void recur_from(recurrent_cell<data_T, CONFIG_T> &cell, data_T data[CONFIG_T::n_steps * CONFIG_T::n_in],
           res_T res[CONFIG_T::n_out],
           typename CONFIG_T::kernel_t kernel[CONFIG_T::n_in * CONFIG_T::n_columns],
           typename CONFIG_T::recurrent_t recurrent[CONFIG_T::n_units * CONFIG_T::n_columns],
           typename CONFIG_T::bias_t bias[CONFIG_T::n_columns],
           typename CONFIG_T::recurrent_bias_t recurrent_bias[CONFIG_T::n_columns],
           typename CONFIG_T::act_table_t act_table[CONFIG_T::n_act_table],
           typename CONFIG_T::gate_table_t gate_table[CONFIG_T::n_gate_table]) {
    for (int t = 0; t < CONFIG_T::n_steps; t++) {
        const int from = CONFIG_T::backwards ? CONFIG_T::n_steps - 1 - t : t;
        cell.step(data + from * CONFIG_T::n_in, kernel, recurrent, bias, recurrent_bias, act_table, gate_table);
        cell.template write<res_T>(res, CONFIG_T::every ? t : 0);
    }
}

// A sequence, and the states to begin with: none, one, or an LSTM's two; the weights are those of `recur_from`.

template <class data_T, class res_T, typename CONFIG_T, class... weights_T>
void recur(data_T data[CONFIG_T::n_steps * CONFIG_T::n_in], res_T res[CONFIG_T::n_out], weights_T *...weights) {
    if (CONFIG_T::keep) {
        static recurrent_cell<data_T, CONFIG_T> kept;
        recur_from<data_T, res_T, CONFIG_T>(kept, data, res, weights...);
        return;
    }
    recurrent_cell<data_T, CONFIG_T> cell;
    recur_from<data_T, res_T, CONFIG_T>(cell, data, res, weights...);
}

template <class data_T, class h_T, class res_T, typename CONFIG_T, class... weights_T>
void recur(data_T data[CONFIG_T::n_steps * CONFIG_T::n_in], h_T h[CONFIG_T::n_units], res_T res[CONFIG_T::n_out],
           weights_T *...weights) {
    recurrent_cell<data_T, CONFIG_T> cell;
    for (int u = 0; u < CONFIG_T::n_units; u++)
        cell.h[u] = h[u];
    recur_from<data_T, res_T, CONFIG_T>(cell, data, res, weights...);
}

template <class data_T, class h_T, class c_T, class res_T, typename CONFIG_T, class... weights_T>
void recur(data_T data[CONFIG_T::n_steps * CONFIG_T::n_in], h_T h[CONFIG_T::n_units], c_T c[CONFIG_T::n_units],
           res_T res[CONFIG_T::n_out], weights_T *...weights) {
    recurrent_cell<data_T, CONFIG_T> cell;
    for (int u = 0; u < CONFIG_T::n_units; u++) {
        cell.h[u] = h[u];
        cell.c[u] = c[u];
    }
    recur_from<data_T, res_T, CONFIG_T>(cell, data, res, weights...);
}

// The same of streams.

template <class data_T, class res_T, typename CONFIG_T, class... weights_T>
void recur(hls::stream<data_T> &data, hls::stream<res_T> &res, weights_T *...weights) {
    typename data_T::value_type in[CONFIG_T::n_steps * CONFIG_T::n_in];
    typename res_T::value_type out[CONFIG_T::n_out];
    read_all<data_T, CONFIG_T::n_steps * CONFIG_T::n_in>(data, in);
    recur<typename data_T::value_type, typename res_T::value_type, CONFIG_T>(in, out, weights...);
    write_all<res_T, CONFIG_T::n_out>(out, res);
}

template <class data_T, class h_T, class res_T, typename CONFIG_T, class... weights_T>
void recur(hls::stream<data_T> &data, hls::stream<h_T> &h, hls::stream<res_T> &res, weights_T *...weights) {
    typename data_T::value_type in[CONFIG_T::n_steps * CONFIG_T::n_in];
    typename h_T::value_type h_in[CONFIG_T::n_units];
    typename res_T::value_type out[CONFIG_T::n_out];
    read_all<data_T, CONFIG_T::n_steps * CONFIG_T::n_in>(data, in);
    read_all<h_T, CONFIG_T::n_units>(h, h_in);
    recur<typename data_T::value_type, typename h_T::value_type, typename res_T::value_type, CONFIG_T>(
        in, h_in, out, weights...);
    write_all<res_T, CONFIG_T::n_out>(out, res);
}

template <class data_T, class h_T, class c_T, class res_T, typename CONFIG_T, class... weights_T>
void recur(hls::stream<data_T> &data, hls::stream<h_T> &h, hls::stream<c_T> &c, hls::stream<res_T> &res,
           weights_T *...weights) {
    typename data_T::value_type in[CONFIG_T::n_steps * CONFIG_T::n_in];
    typename h_T::value_type h_in[CONFIG_T::n_units];
    typename c_T::value_type c_in[CONFIG_T::n_units];
    typename res_T::value_type out[CONFIG_T::n_out];
    read_all<data_T, CONFIG_T::n_steps * CONFIG_T::n_in>(data, in);
    read_all<h_T, CONFIG_T::n_units>(h, h_in);
    read_all<c_T, CONFIG_T::n_units>(c, c_in);
    recur<typename data_T::value_type, typename h_T::value_type, typename c_T::value_type,
          typename res_T::value_type, CONFIG_T>(in, h_in, c_in, out, weights...);
    write_all<res_T, CONFIG_T::n_out>(out, res);
}

} // namespace nnet

#endif
