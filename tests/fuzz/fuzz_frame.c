/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: any bytes as the answer to any request that can be encoded.
 *
 * input := kind and leniency, function, unit, address, quantity, transaction, write address, write count, then what the
 * line received */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "collectors/modbus/frame/trouble.h"
#include "fuzz/fuzz.h"

struct question {
    enum frame_kind kind;
    unsigned leniency;
    uint16_t transaction;
    struct frame_request request;
};

static struct question take_question(struct food *food)
{
    static const uint8_t functions[] = {3, 4, 1, 2, 5, 6, 15, 16, 22, 23};
    static uint16_t values[FRAME_WRITE_BITS_MAX];
    struct question question = {.request.values = values};
    uint8_t flags = food_u8(food);
    question.kind = flags & 1 ? FRAME_RTU : FRAME_TCP;
    question.leniency = flags & 2 ? FRAME_ANY_TRANSACTION : FRAME_STRICT;
    question.leniency |= flags & 4 ? FRAME_ANY_UNIT : FRAME_STRICT;
    question.request.function = functions[food_u8(food) % sizeof(functions)];
    question.request.unit = food_u8(food);
    question.request.address = food_u16(food);
    question.request.quantity = food_u16(food);
    question.transaction = food_u16(food);
    question.request.write_address = food_u16(food);
    question.request.write_count = food_u8(food);
    values[0] = question.request.write_address;
    values[1] = question.request.write_count;
    return question;
}

static enum frame_verdict match(const struct question *question, const uint8_t *bytes, size_t size,
                                struct frame_reply *reply, size_t *consumed)
{
    return frame_match(question->kind, &question->request, question->transaction,
                       question->leniency, bytes, size, reply, consumed);
}

static bool is_read(const struct frame_request *request)
{
    return request->function <= 4 || request->function == 23;
}

static void check_registers(const struct frame_request *request, const struct frame_reply *reply)
{
    uint16_t registers[FRAME_READ_REGISTERS_MAX + 1];
    size_t wanted =
        request->function <= 2 ? ((size_t)request->quantity + 15) / 16 : request->quantity;
    registers[FRAME_READ_REGISTERS_MAX] = 0x5a5a;
    size_t count = frame_registers(request, reply, registers, FRAME_READ_REGISTERS_MAX);
    fuzz_require(!is_read(request) || count == wanted, "a reply holds what was asked for");
    fuzz_require(registers[FRAME_READ_REGISTERS_MAX] == 0x5a5a, "no more than max is written");
    fuzz_require(frame_registers(request, reply, registers, 1) <= 1, "max is kept");
    fuzz_require(frame_registers(request, reply, registers, 0) == 0, "max is kept");
}

static void check_data(const struct question *question, const struct frame_reply *reply,
                       const uint8_t *bytes, size_t consumed)
{
    fuzz_require(reply->data >= bytes && reply->data + reply->data_size <= bytes + consumed,
                 "the data of a reply is within the frame");
    fuzz_require(consumed == frame_reply_size(question->kind, &question->request),
                 "a good reply has the size that was foretold");
    check_registers(&question->request, reply);
}

/* Bytes come one by one on a slow line: what becomes a frame must not be thrown away before, and what follows it must
 * not change it. */
static void check_parts(const struct question *question, enum frame_verdict verdict,
                        const uint8_t *bytes, size_t consumed)
{
    struct frame_reply reply = {0};
    size_t taken = 0;
    for (size_t size = 0; size < consumed; size++) {
        fuzz_require(match(question, bytes, size, &reply, &taken) == FRAME_INCOMPLETE,
                     "the beginning of a frame is incomplete");
    }
    fuzz_require(match(question, bytes, consumed, &reply, &taken) == verdict && taken == consumed,
                 "a frame does not depend on what follows");
}

/* Another device's values under this one's name would be the worst of all faults. */
static void check_sender(const struct question *question, const uint8_t *bytes)
{
    bool is_tcp = question->kind == FRAME_TCP;
    const uint8_t *unit = is_tcp ? bytes + 6 : bytes;
    bool is_any = is_tcp && (question->leniency & FRAME_ANY_UNIT) != 0 &&
                  (unit[0] == 0 || unit[0] == UINT8_MAX);
    fuzz_require(unit[0] == question->request.unit || is_any,
                 "a reply is of the unit that was asked");
    fuzz_require((unit[1] & 0x7f) == question->request.function, "a reply is of the function");
    fuzz_require(!is_tcp || (question->leniency & FRAME_ANY_TRANSACTION) != 0 ||
                     (bytes[0] << 8 | bytes[1]) == question->transaction,
                 "a reply is of the transaction");
}

/* What is passed over on the way to a reply. */
static bool is_passed(enum frame_verdict verdict)
{
    return verdict == FRAME_FOREIGN || verdict == FRAME_STRAY || verdict == FRAME_ECHO;
}

/* On a serial line so little is passed over that no frame could be in it, but our own request. */
static void check_passed(const struct question *question, enum frame_verdict verdict,
                         const uint8_t *bytes, size_t consumed)
{
    uint8_t frame[FRAME_SIZE_MAX];
    size_t size = 0;
    if (verdict == FRAME_STRAY) {
        fuzz_require(question->kind == FRAME_TCP || consumed <= 4, "no frame is passed over");
    } else if (verdict == FRAME_ECHO) {
        fuzz_require(frame_encode(question->kind, &question->request, question->transaction, frame,
                                  &size) == 0 &&
                         size == consumed && memcmp(frame, bytes, size) == 0,
                     "an echo is what was sent");
    } else {
        check_parts(question, verdict, bytes, consumed);
    }
}

static void check_bytes(const struct question *question, const uint8_t *bytes, size_t size)
{
    enum frame_verdict verdict = FRAME_FOREIGN;
    while (is_passed(verdict)) {
        struct frame_reply reply = {0};
        size_t consumed = 0;
        verdict = match(question, bytes, size, &reply, &consumed);
        if (verdict == FRAME_INCOMPLETE || verdict == FRAME_BAD) {
            struct trouble trouble =
                trouble_of_bytes(question->kind, &question->request, question->transaction,
                                 question->leniency, bytes, size);
            fuzz_require(trouble_is_heard(&trouble), "what came is heard");
            return;
        }
        fuzz_require(consumed > 0 && consumed <= size, "a frame takes bytes that are there");
        fuzz_require(verdict == FRAME_STRAY || consumed <= FRAME_SIZE_MAX,
                     "no frame is larger than any may be");
        check_passed(question, verdict, bytes, consumed);
        if (!is_passed(verdict)) {
            check_sender(question, bytes);
        }
        if (verdict == FRAME_REPLY) {
            check_data(question, &reply, bytes, consumed);
        }
        bytes += consumed;
        size -= consumed;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct food food = {.at = data, .left = size};
    struct question question = take_question(&food);
    uint8_t frame[FRAME_SIZE_MAX];
    size_t frame_size = 0;
    if (frame_encode(question.kind, &question.request, question.transaction, frame, &frame_size) ==
        0) {
        fuzz_require(frame_size > 0 && frame_size <= sizeof(frame), "a request fits a frame");
        fuzz_require(frame_reply_size(question.kind, &question.request) <= FRAME_SIZE_MAX,
                     "a reply fits a frame");
        /* A copy of its own: then a sanitizer sees what is read before it as well. */
        uint8_t *bytes = mem_alloc(food.left);
        if (food.left > 0) {
            memcpy(bytes, food.at, food.left);
        }
        check_bytes(&question, bytes, food.left);
        free(bytes);
    }
    return 0;
}
