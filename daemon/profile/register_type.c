/* SPDX-License-Identifier: Apache-2.0 */
/* register_type: the words for how registers hold a value. */
#include "profile/profile_parts.h"

const char *const register_type_words[] = {
    [REGISTER_U16] = "u16",       [REGISTER_I16] = "i16",   [REGISTER_U32] = "u32",
    [REGISTER_I32] = "i32",       [REGISTER_U64] = "u64",   [REGISTER_I64] = "i64",
    [REGISTER_F32] = "f32",       [REGISTER_F64] = "f64",   [REGISTER_BCD] = "bcd",
    [REGISTER_STRING] = "string", [REGISTER_BITS] = "bits", [REGISTER_MOD10K] = "mod10k",
    [REGISTER_MOD10K + 1] = NULL,
};
