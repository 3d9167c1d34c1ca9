#ifndef NETLOOM_DECODER_H_
#define NETLOOM_DECODER_H_

#include "hls_stream.h"
#include "netloom_recurrent.h"
#include "netloom_stream.h"
#include "nnet_common.h"

namespace nnet {

// A cell that reads the row of the symbol said before, and says the one of the greatest score; behind the stop, that.

template <typename CONFIG_T> struct decoder_state {
    recurrent_cell<typename CONFIG_T::rows_t, CONFIG_T> cell;
    typename CONFIG_T::noise_t noise[CONFIG_T::noisy ? CONFIG_T::n_steps * CONFIG_T::n_symbols : 1];

    // An input by its place: the cell's states come first, noise last.
    template <int PLACE, class data_T> void take(data_T *data) {
        if (PLACE < CONFIG_T::n_states) {
            for (int u = 0; u < CONFIG_T::n_units; u++) {
                #pragma HLS UNROLL
                if (PLACE == 0)
                    cell.h[u] = data[u];
                else
                    cell.c[u] = data[u];
            }
        } else {
            for (int i = 0; i < CONFIG_T::n_steps * CONFIG_T::n_symbols; i++)
                noise[i] = data[i];
        }
    }
};

template <class res_T, typename CONFIG_T>
void say(decoder_state<CONFIG_T> &state, res_T res[CONFIG_T::n_steps],
         typename CONFIG_T::kernel_t kernel[CONFIG_T::n_in * CONFIG_T::n_columns],
         typename CONFIG_T::recurrent_t recurrent[CONFIG_T::n_units * CONFIG_T::n_columns],
         typename CONFIG_T::bias_t bias[CONFIG_T::n_columns],
         typename CONFIG_T::recurrent_bias_t recurrent_bias[CONFIG_T::n_columns],
         typename CONFIG_T::act_table_t act_table[CONFIG_T::n_act_table],
         typename CONFIG_T::gate_table_t gate_table[CONFIG_T::n_gate_table],
         typename CONFIG_T::rows_t rows[CONFIG_T::n_symbols * CONFIG_T::n_in],
         typename CONFIG_T::logits_kernel_t logits_kernel[CONFIG_T::n_units * CONFIG_T::n_symbols],
         typename CONFIG_T::logits_bias_t logits_bias[CONFIG_T::n_symbols]) {
    int said = CONFIG_T::start;
    bool stopped = false;
    for (int t = 0; t < CONFIG_T::n_steps; t++) {
        state.cell.step(rows + said * CONFIG_T::n_in, kernel, recurrent, bias, recurrent_bias, act_table, gate_table);
        typename CONFIG_T::read_t read[CONFIG_T::n_units];
        for (int u = 0; u < CONFIG_T::n_units; u++)
            read[u] = state.cell.result[u];
        typename CONFIG_T::score_t most = 0;
        for (int s = 0; s < CONFIG_T::n_symbols; s++) {
            typename CONFIG_T::score_t score = logits_bias[s];
            for (int u = 0; u < CONFIG_T::n_units; u++)
                score += read[u] * logits_kernel[u * CONFIG_T::n_symbols + s];
            if (CONFIG_T::noisy)
                score += state.noise[t * CONFIG_T::n_symbols + s];
            if (s == 0 || score > most) {
                most = score;
                said = s;
            }
        }
        if (stopped)
            said = CONFIG_T::stop;
        stopped = CONFIG_T::stops && said == CONFIG_T::stop;
        res[t] = said;
    }
}

// One, two or three inputs; the weights are those of `say`.

template <class first_T, class res_T, typename CONFIG_T, class... weights_T>
void decode(first_T *first, res_T res[CONFIG_T::n_steps], weights_T *...weights) {
    decoder_state<CONFIG_T> state;
    state.template take<0>(first);
    say<res_T, CONFIG_T>(state, res, weights...);
}

template <class first_T, class second_T, class res_T, typename CONFIG_T, class... weights_T>
void decode(first_T *first, second_T *second, res_T res[CONFIG_T::n_steps], weights_T *...weights) {
    decoder_state<CONFIG_T> state;
    state.template take<0>(first);
    state.template take<1>(second);
    say<res_T, CONFIG_T>(state, res, weights...);
}

template <class first_T, class second_T, class third_T, class res_T, typename CONFIG_T, class... weights_T>
void decode(first_T *first, second_T *second, third_T *third, res_T res[CONFIG_T::n_steps], weights_T *...weights) {
    decoder_state<CONFIG_T> state;
    state.template take<0>(first);
    state.template take<1>(second);
    state.template take<2>(third);
    say<res_T, CONFIG_T>(state, res, weights...);
}

// The same of streams.

template <int PLACE, class data_T, typename CONFIG_T>
void take_stream(decoder_state<CONFIG_T> &state, hls::stream<data_T> &data) {
    constexpr int size = PLACE < CONFIG_T::n_states ? CONFIG_T::n_units : CONFIG_T::n_steps * CONFIG_T::n_symbols;
    typename data_T::value_type in[size];
    read_all<data_T, size>(data, in);
    state.template take<PLACE>(in);
}

template <class res_T, typename CONFIG_T, class... weights_T>
void say_stream(decoder_state<CONFIG_T> &state, hls::stream<res_T> &res, weights_T *...weights) {
    typename res_T::value_type out[CONFIG_T::n_steps];
    say<typename res_T::value_type, CONFIG_T>(state, out, weights...);
    write_all<res_T, CONFIG_T::n_steps>(out, res);
}

template <class first_T, class res_T, typename CONFIG_T, class... weights_T>
void decode(hls::stream<first_T> &first, hls::stream<res_T> &res, weights_T *...weights) {
    decoder_state<CONFIG_T> state;
    take_stream<0, first_T, CONFIG_T>(state, first);
    say_stream<res_T, CONFIG_T>(state, res, weights...);
}

template <class first_T, class second_T, class res_T, typename CONFIG_T, class... weights_T>
void decode(hls::stream<first_T> &first, hls::stream<second_T> &second, hls::stream<res_T> &res, weights_T *...weights) {
    decoder_state<CONFIG_T> state;
    take_stream<0, first_T, CONFIG_T>(state, first);
    take_stream<1, second_T, CONFIG_T>(state, second);
    say_stream<res_T, CONFIG_T>(state, res, weights...);
}

template <class first_T, class second_T, class third_T, class res_T, typename CONFIG_T, class... weights_T>
void decode(hls::stream<first_T> &first, hls::stream<second_T> &second, hls::stream<third_T> &third,
            hls::stream<res_T> &res, weights_T *...weights) {
    decoder_state<CONFIG_T> state;
    take_stream<0, first_T, CONFIG_T>(state, first);
    take_stream<1, second_T, CONFIG_T>(state, second);
    take_stream<2, third_T, CONFIG_T>(state, third);
    say_stream<res_T, CONFIG_T>(state, res, weights...);
}

} // namespace nnet

#endif
