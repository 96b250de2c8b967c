/* SPDX-License-Identifier: Apache-2.0 */
/* capture: blocks, halves, single registers. */
#include "cli/field/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/screen/interrupt.h"

#include <lingtan/exception.h>

enum {
    BLOCK_REGISTERS =
        32, /* more is too much for many devices, and a refusal would say so only by its code */
    TRIES = 2,
};

static void keep_words(struct capture *capture, const struct block *block)
{
    size_t at = (size_t)block->address - capture->first;
    for (size_t i = 0; i < block->quantity; i++) {
        uint16_t word = block->registers[capture->function <= 2 ? i / 16 : i];
        if (capture->function <= 2) {
            word = (uint16_t)(word >> i % 16 & 1U);
        }
        capture->words[at + i] = word;
        capture->is_known[at + i] = true;
    }
    capture->known += block->quantity;
}

/* The device says that it does not have all of it. */
static bool is_answer(int error)
{
    return error == -EREMOTEIO || error == -ENODATA;
}

static int read_block(struct capture *capture, struct reader *reader, size_t at, size_t count)
{
    struct block block = {
        .unit = capture->unit,
        .function = capture->function,
        .address = (uint16_t)(capture->first + at),
        .quantity = (uint16_t)count,
    };
    int error = 0;
    for (int i = 0; i < TRIES; i++) {
        if (interrupt_came()) {
            return -EINTR;
        }
        error = reader_read(reader, &block);
        capture->requests++;
        if (error == 0 || is_answer(error) || !reader_goes_on(error)) {
            break;
        }
    }
    if (error == 0) {
        keep_words(capture, &block);
    }
    capture->exception = block.exception;
    return error;
}

/* A function that it knows for other registers it does not refuse as such. */
static bool is_of_block(const struct capture *capture, int error)
{
    bool is_of_function = capture->exception == EXCEPTION_FUNCTION && capture->known == 0;
    return error == -ENODATA ||
           (error == -EREMOTEIO && !is_of_function && capture->exception < EXCEPTION_NO_PATH);
}

static int read_span(struct capture *capture, struct reader *reader, size_t at, size_t count)
{
    int error = read_block(capture, reader, at, count);
    if (is_of_block(capture, error) && count > 1) {
        error = read_span(capture, reader, at, count / 2);
        if (error == 0) {
            error = read_span(capture, reader, at + count / 2, count - count / 2);
        }
        return error;
    }
    /* A single register that the device refuses is an answer as well. */
    return is_of_block(capture, error) ? 0 : error;
}

int capture_read(struct capture *capture, struct reader *reader)
{
    capture->words = mem_alloc_array(capture->count, sizeof(*capture->words));
    capture->is_known = mem_alloc_array(capture->count, sizeof(*capture->is_known));
    memset(capture->is_known, 0, capture->count * sizeof(*capture->is_known));
    for (size_t at = 0; at < capture->count; at += BLOCK_REGISTERS) {
        size_t left = capture->count - at;
        int error = read_span(capture, reader, at, left < BLOCK_REGISTERS ? left : BLOCK_REGISTERS);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

void capture_finish(struct capture *capture)
{
    free(capture->words);
    free(capture->is_known);
    *capture = (struct capture){0};
}
