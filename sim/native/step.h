// One step of a network made ready: numbers of each sample from one or two places of the arena to another. What the
// numbers and tables mean depends on the kind. Laid out as `Step` of steps.py.

#pragma once

#include "stages.h"

enum StepKind { TAKE, GIVE, PRODUCT, PAD, DEPTHWISE, POOL, EACH, MOVE, JOIN, LOOKUP, COPY, FILL, LOOP };

struct Step {
    int64_t kind;
    int64_t from, other, to;       // bytes from the arena's start
    int64_t from_bytes, to_bytes;  // whether numbers are bytes, not float32
    int64_t from_size, to_size;    // numbers of a sample
    const int64_t *places, *pieces;
    const void *weights, *start;
    const Stage *stages;
    int64_t stages_length;
    double step;  // of the type, for numbers that leave; what is added to a number to make it a byte; what a move leaves
    float added, fill;
    union {
        int64_t numbers[12];
        struct {
            int64_t places, columns, pieces, length, panel;  // length in groups; panel in weights
        } product;
        struct {
            int64_t height, row, padded_row, top, left;  // rows in numbers
        } pad;
        struct {
            int64_t height, width, channels, kernel_rows, kernel_columns, step, stride, rows, columns, maximum;
        } pool;
        struct {
            int64_t count;  // of moved numbers: `places` has where to, `pieces` where from
        } move;
        struct {
            int64_t function, gain, other_gain;
        } join;
        struct {
            int64_t width, offset;  // of a row of the table; of its entry for index 0
        } lookup;
        struct {
            int64_t count, from_each, to_each;  // numbers of a sample, and how far apart those of two steps of a loop are
        } copy;
        struct {
            int64_t steps, times, backwards;  // the body's, which are behind it; how often they are done
        } loop;
    };
};
