/* SPDX-License-Identifier: Apache-2.0 */
/* profile_faults: every way in which a register map can contradict itself, in the words a person will read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/mem.h"
#include "bench.h"

/* Points are written from line 2 on. */
#define POINT "quantity = \"voltage_a\"; function = 3; address = 5; "
#define OTHER "quantity = \"voltage_b\"; function = 3; "
#define ENERGY "quantity = \"active_energy_import\"; function = 3; address = 5; "
#define FLOAT_SENTINEL(word)                                                                       \
    "devices/p.conf:2: points[0].not_implemented: holds \"" word "\", wants raw values that fit "  \
    "type f32, such as \"-9999.9\" or the bits, \"0x7FC00000\"\n"
#define SIGNED "points = ( { " POINT "type = \"u16\"; } ); identify = (\n"

static const struct {
    const char *text; /* after the head */
    const char *faults;
} cases[] = {
    {"", "devices/p.conf: points: holds 0, wants 1..4096\n"},
    /* quantity and unit */
    {"points = (\n{ quantity = \"active_powr\"; function = 3; address = 5; type = \"u16\"; } );",
     "devices/p.conf:2: points[0].quantity: is \"active_powr\", nearest is active_power, wants a "
     "name of "
     "the dictionary (lingtand --document-quantities)\n"},
    {"points = (\n{ " POINT "type = \"u16\"; unit = \"kW\"; } );",
     "devices/p.conf:2: points[0].unit: is \"kW\", wants one of V, mV, kV for voltage_a\n"},
    {"points = (\n{ quantity = \"on_off\"; function = 3; address = 5; type = \"u16\"; unit = "
     "\"V\"; } );",
     "devices/p.conf:2: points[0].unit: is \"V\", wants none for on_off\n"},
    {"points = (\n{ " POINT "type = \"u16\"; scale = 0; } );",
     "devices/p.conf:2: points[0].scale: is 0, wants any other number\n"},
    /* types and sizes */
    {"points = (\n{ " POINT "type = \"string\"; count = 4; } );",
     "devices/p.conf:2: points[0].type: is string, wants a number: voltage_a is a gauge\n"},
    {"points = (\n{ quantity = \"serial_number\"; function = 3; address = 5; type = \"u16\"; } );",
     "devices/p.conf:2: points[0].type: is u16, wants string: serial_number is a text\n"},
    {"points = (\n{ " POINT "type = \"u32\"; count = 3; } );",
     "devices/p.conf:2: points[0].count: is 3, wants 2 for type u32, or 0\n"},
    {"points = (\n{ " POINT "type = \"bcd\"; } );",
     "devices/p.conf:2: points[0].count: is 0, wants 1..4 registers for type bcd\n"},
    {"points = (\n{ " POINT "type = \"mod10k\"; count = 5; } );",
     "devices/p.conf:2: points[0].count: is 5, wants 1..4 registers for type mod10k\n"},
    {"points = (\n{ quantity = \"voltage_a\"; function = 1; address = 5; type = \"u16\"; } );",
     "devices/p.conf:2: points[0].type: is u16, wants bits: function 1 reads single bits\n"},
    {"points = (\n{ quantity = \"voltage_a\"; function = 5; address = 5; type = \"u16\"; } );",
     "devices/p.conf:2: points[0].function: is 5, wants an integer 1..4\n"},
    {"points = (\n{ quantity = \"contact\"; function = 3; address = 5; type = \"bits\"; } );",
     "devices/p.conf:2: points[0].bit_mask: is 0, wants the bits of the register that count, "
     "1..65535\n"},
    {"points = (\n{ " POINT "type = \"u16\"; bit_mask = 4; } );",
     "devices/p.conf:2: points[0].bit_mask: is 4, wants 0: only type bits in a register has a "
     "mask\n"},
    {"points = (\n{ quantity = \"contact\"; function = 2; address = 5; type = \"bits\"; bit_mask = "
     "1; } );",
     "devices/p.conf:2: points[0].bit_mask: is 1, wants 0: only type bits in a register has a "
     "mask\n"},
    /* addresses */
    {"address_base = 1; points = (\n{ " OTHER "address = 0; type = \"u16\"; } );",
     "devices/p.conf:2: points[0].address: is 0, wants 1..65536, since address_base is 1\n"},
    {"points = (\n{ " OTHER "address = 65535; type = \"u32\"; } );",
     "devices/p.conf:2: points[0].address: is 65535, wants 0..65534, since address_base is 0\n"},
    {"address_base = 30001; points = (\n{ " OTHER "address = 40001; type = \"u16\"; },\n{ " OTHER
     "index = 1; address = 95537; type = \"u16\"; } );",
     "devices/p.conf:3: points[1].address: is 95537, wants 30001..95536, since address_base is "
     "30001\n"},
    {"link: { max_registers = 10; };\npoints = (\n{ quantity = \"model_name\"; function = 3; "
     "address = 5; "
     "type = \"string\"; count = 11; } );",
     "devices/p.conf:3: points[0].count: is 11 registers in all, wants at most link.max_registers, "
     "10\n"},
    /* counters */
    {"points = (\n{ " ENERGY "type = \"f32\"; } );",
     "devices/p.conf:2: points[0].resolution: is 0, wants what the meter's last digit is worth: a "
     "counter of type f32 has no other count\n"},
    {"points = (\n{ " ENERGY "type = \"u32\"; modulus = \"1\"; } );",
     "devices/p.conf:2: points[0].modulus: is \"1\", wants a count from 2 to 9223372036854775807, "
     "or "
     "0 for none\n"},
    {"points = (\n{ " ENERGY "type = \"u32\"; modulus = \"0x100\"; } );",
     "devices/p.conf:2: points[0].modulus: is \"0x100\", wants a count from 2 to "
     "9223372036854775807, or 0 for none\n"},
    {"points = (\n{ " ENERGY "type = \"u32\"; modulus = \"9223372036854775808\"; } );",
     "devices/p.conf:2: points[0].modulus: is \"9223372036854775808\", wants a count from 2 to "
     "9223372036854775807, or 0 for none\n"},
    {"points = (\n{ " POINT "type = \"u32\"; modulus = \"100\"; } );",
     "devices/p.conf:2: points[0].modulus: is \"100\", wants none: voltage_a is a gauge, no "
     "counter\n"},
    /* plausible range */
    {"points = (\n{ " POINT "type = \"u16\"; min = 5; max = 5; } );",
     "devices/p.conf:2: points[0].min: leaves no value plausible: min is 5, max is 5, wants min "
     "below max\n"},
    {"points = (\n{ " POINT "type = \"u16\"; max = -1; } );",
     "devices/p.conf:2: points[0].max: leaves no value plausible: min is 0, max is -1, wants min "
     "below max\n"},
    /* sentinels, ratios, helpers */
    {"points = (\n{ " POINT "type = \"u16\"; not_implemented = [\"0x8000\", \"0x18000\"]; } );",
     "devices/p.conf:2: points[0].not_implemented: holds \"0x18000\", wants raw values that fit "
     "type "
     "u16, such as \"0x8000\"\n"},
    {"points = (\n{ " POINT
     "type = \"i32\"; not_implemented = [\"-2147483649\", \"x\", \"0x8g\", \"\"]; } );",
     "devices/p.conf:2: points[0].not_implemented: holds \"-2147483649\", wants raw values that "
     "fit "
     "type i32, such as \"0x80000000\"\n"
     "devices/p.conf:2: points[0].not_implemented: holds \"x\", wants raw values that fit type "
     "i32, "
     "such as \"0x80000000\"\n"
     "devices/p.conf:2: points[0].not_implemented: holds \"0x8g\", wants raw values that fit type "
     "i32, such as \"0x80000000\"\n"
     "devices/p.conf:2: points[0].not_implemented: holds \"\", wants raw values that fit type i32, "
     "such as \"0x80000000\"\n"},
    {"points = (\n{ " POINT "type = \"u16\"; not_implemented = [\"-1\"]; } );",
     "devices/p.conf:2: points[0].not_implemented: holds \"-1\", wants raw values that fit type "
     "u16, "
     "such as \"0x8000\"\n"},
    {"points = (\n{ " POINT
     "type = \"f32\"; not_implemented = [\"NaN\", \"1e39\", \"99,9\", \"0x18000000000\"]; } );",
     FLOAT_SENTINEL("NaN") FLOAT_SENTINEL("1e39") FLOAT_SENTINEL("99,9")
         FLOAT_SENTINEL("0x18000000000")},
    {"points = (\n{ " POINT
     "type = \"bcd\"; count = 1; not_implemented = [\"10000\", \"-1\"]; } );",
     "devices/p.conf:2: points[0].not_implemented: holds \"10000\", wants raw values that fit type "
     "bcd, such as the number \"9999\" or the registers, \"0xFFFF\"\n"
     "devices/p.conf:2: points[0].not_implemented: holds \"-1\", wants raw values that fit type "
     "bcd, such as the number \"9999\" or the registers, \"0xFFFF\"\n"},
    {"points = (\n{ quantity = \"serial_number\"; function = 3; address = 1; type = \"string\"; "
     "count = 4; not_implemented = [\"0x0000\"]; } );",
     "devices/p.conf:2: points[0].not_implemented: is given, wants none: a string that is empty "
     "says that there is none\n"},
    {"points = (\n{ quantity = \"on_off\"; function = 1; address = 1; type = \"bits\"; "
     "not_implemented = [\"1\"]; } );",
     "devices/p.conf:2: points[0].not_implemented: is given, wants none: a single bit has no value "
     "to spare\n"},
    {"points = (\n{ " POINT "type = \"u16\"; ratio = \"ct*pt\"; } );",
     "devices/p.conf:2: points[0].ratio: is \"ct*pt\", nearest is ct*vt, wants one of ct, vt, "
     "ct*vt, "
     "pulse\n"},
    {"points = (\n{ " POINT "type = \"u16\"; scale_from = \"sf_v\"; scale_by = [\"zz\"]; } );\n"
     "helpers = ( { name = \"v_sf\"; function = 3; address = 9; type = \"i16\"; },\n"
     "{ name = \"sfv\"; function = 3; address = 10; type = \"i16\"; } );",
     "devices/p.conf:2: points[0].scale_from: names \"sf_v\", nearest is sfv, wants the name of a "
     "helper\n"
     "devices/p.conf:2: points[0].scale_by: names \"zz\", wants the name of a helper\n"},
    {"points = (\n{ " POINT "type = \"u16\"; } );\n"
     "helpers = ( { name = \"a\"; function = 3; address = 9; type = \"i16\"; },\n"
     "{ name = \"a\"; function = 3; address = 65536; type = \"i16\"; },\n"
     "{ name = \"b\"; function = 3; address = 9; type = \"bcd\"; } );",
     "devices/p.conf:4: helpers[1].address: is 65536, wants 0..65535, since address_base is 0\n"
     "devices/p.conf:4: helpers[1].name: is \"a\", as on line 3, wants a name of its own\n"
     "devices/p.conf:5: helpers[2].type: is bcd, wants one of u16, i16, u32, i32, f32\n"},
    /* doubles and overlaps */
    {"points = (\n{ " OTHER "address = 5; type = \"u16\"; },\n{ " OTHER
     "address = 6; type = \"u16\"; } );",
     "devices/p.conf:3: points[1].quantity: is voltage_b, as on line 2, wants another quantity or "
     "an index of its own\n"},
    {"points = (\n{ " OTHER
     "address = 5; type = \"u32\"; },\n{ quantity = \"voltage_c\"; function = 3; "
     "address = 6; type = \"u16\"; } );",
     "devices/p.conf:3: points[1].address: is 6, where voltage_b of line 2 has its registers, "
     "wants "
     "others\n"},
    {"points = (\n{ quantity = \"contact\"; index = 1; function = 3; address = 5; type = \"bits\"; "
     "bit_mask "
     "= 6; },\n{ quantity = \"contact\"; index = 2; function = 3; address = 5; type = \"bits\"; "
     "bit_mask "
     "= 3; } );",
     "devices/p.conf:3: points[1].address: is 5, where contact_1 of line 2 has its registers, "
     "wants "
     "others\n"},
    {"points = (\n{ " OTHER
     "address = 5; type = \"u32\"; },\n{ quantity = \"voltage_c\"; function = 4; "
     "address = 6; type = \"u16\"; },\n{ quantity = \"voltage_a\"; function = 3; unit_override = "
     "2; "
     "address = 6; type = \"u16\"; } );",
     ""},
    /* what only numbers have, or only counters that come as floats */
    {"points = (\n{ " POINT "type = \"f32\"; resolution = 0.01; },\n"
     "{ quantity = \"active_energy_import\"; function = 3; address = 9; type = \"u32\"; resolution "
     "= "
     "0.5; },\n"
     "{ quantity = \"active_energy_export\"; function = 3; address = 11; type = \"f32\"; "
     "resolution "
     "= 0.01; } );",
     "devices/p.conf:2: points[0].resolution: is 0.01, wants none: only a counter that comes as a "
     "float has one beside its scale\n"
     "devices/p.conf:3: points[1].resolution: is 0.5, wants none: only a counter that comes as a "
     "float has one beside its scale\n"},
    {"points = (\n{ quantity = \"serial_number\"; function = 3; address = 5; type = \"string\"; "
     "count = 4; scale = 2; offset = 1; ratio = \"ct\"; scale_from = \"n\"; scale_by = [\"n\"]; "
     "min "
     "= 1; max = 9; } );\nhelpers = ( { name = \"n\"; function = 3; address = 20; type = \"i16\"; "
     "} "
     ");",
     "devices/p.conf:2: points[0].scale: is given, wants none: type string is no number\n"
     "devices/p.conf:2: points[0].offset: is given, wants none: type string is no number\n"
     "devices/p.conf:2: points[0].ratio: is given, wants none: type string is no number\n"
     "devices/p.conf:2: points[0].scale_from: is given, wants none: type string is no number\n"
     "devices/p.conf:2: points[0].scale_by: is given, wants none: type string is no number\n"
     "devices/p.conf:2: points[0].min: is given, wants none: type string is no number\n"
     "devices/p.conf:2: points[0].max: is given, wants none: type string is no number\n"},
    {"points = (\n{ " ENERGY "type = \"u16\"; modulus = \"65536\"; },\n{ " ENERGY
     "index = 1; type = \"u16\"; unit_override = 2; modulus = \"65537\"; },\n{ " ENERGY
     "index = 2; type = \"bcd\"; count = 2; unit_override = 3; modulus = \"100000001\"; "
     "},\n{ " ENERGY
     "index = 3; type = \"i32\"; unit_override = 4; modulus = \"4294967296\"; },\n{ " ENERGY
     "index = 4; type = \"mod10k\"; count = 4; unit_override = 5; modulus = \"10000000000000000\"; "
     "} );",
     "devices/p.conf:3: points[1].modulus: is 65537, wants at most 65536: type u16 counts no "
     "further\n"
     "devices/p.conf:4: points[2].modulus: is 100000001, wants at most 100000000: type bcd counts "
     "no further\n"
     "devices/p.conf:5: points[3].modulus: is 4294967296, wants at most 2147483648: type i32 "
     "counts no further\n"},
    {"points = (\n{ quantity = \"voltage_a\"; function = 4; address = 5; type = \"u16\"; words = "
     "(\"0 off\"); },\n{ quantity = \"mode\"; function = 4; address = 6; type = \"u16\"; words = "
     "(\"0 off\", \"1\", \"0x0 out\", \"2 it's\", \"x on\"); } );",
     "devices/p.conf:2: points[0].words: is given, wants a state: voltage_a is a gauge\n"
     "devices/p.conf:3: points[1].words: holds \"1\", wants a number and a word of at most 40 "
     "bytes "
     "without quotes, braces, backslash and %, such as \"3 charging\"\n"
     "devices/p.conf:3: points[1].words: holds \"0x0 out\", whose number is listed twice\n"
     "devices/p.conf:3: points[1].words: holds \"2 it's\", wants a number and a word of at most 40 "
     "bytes without quotes, braces, backslash and %, such as \"3 charging\"\n"
     "devices/p.conf:3: points[1].words: holds \"x on\", wants a number and a word of at most 40 "
     "bytes without quotes, braces, backslash and %, such as \"3 charging\"\n"},
    /* helpers */
    {"points = (\n{ " POINT "type = \"u16\"; scale_from = \"f\"; scale_by = [\"f\", \"z\"]; } );\n"
     "helpers = ( { name = \"f\"; function = 3; address = 9; type = \"f32\"; },\n"
     "{ name = \"z\"; function = 3; address = 11; type = \"u16\"; scale = 0; } );",
     "devices/p.conf:2: points[0].scale_from: names \"f\" of type f32, wants a helper of an "
     "integer "
     "type: it is an exponent of 10\n"
     "devices/p.conf:4: helpers[1].scale: is 0, wants any other number: it would say the same of "
     "every value\n"},
    {"link: { max_registers = 1; };\npoints = (\n{ " POINT "type = \"u16\"; } );\n"
     "helpers = ( { name = \"f\"; function = 3; address = 9; type = \"u32\"; },\n"
     "{ name = \"g\"; function = 4; address = 30; type = \"u16\"; } );\n"
     "barriers = ( { function = 4; first = 30; last = 31; } );",
     "devices/p.conf:4: helpers[0].type: is 2 registers in all, wants at most link.max_registers, "
     "1\n"
     "devices/p.conf:5: helpers[1].address: is 30, inside the barrier 30..31 of line 6, wants a "
     "register outside\n"},
    {"points = (\n{ " POINT "type = \"u32\"; },\n{ quantity = \"contact\"; function = 3; address = "
     "20; type = \"bits\"; bit_mask = 1; } );\n"
     "helpers = ( { name = \"same\"; function = 3; address = 5; type = \"u32\"; },\n"
     "{ name = \"half\"; function = 3; address = 6; type = \"u32\"; },\n"
     "{ name = \"other\"; function = 3; address = 5; type = \"f32\"; },\n"
     "{ name = \"turned\"; function = 3; address = 5; type = \"u32\"; word_order = \"low_first\"; "
     "},\n"
     "{ name = \"word\"; function = 3; address = 20; type = \"u16\"; },\n"
     "{ name = \"far\"; function = 3; address = 30; type = \"u16\"; },\n"
     "{ name = \"wide\"; function = 3; address = 29; type = \"i32\"; } );",
     "devices/p.conf:5: helpers[1].address: is 6, where voltage_a of line 2 has its registers, "
     "wants others, or the same with its type\n"
     "devices/p.conf:6: helpers[2].address: is 5, where voltage_a of line 2 has its registers, "
     "wants others, or the same with its type\n"
     "devices/p.conf:7: helpers[3].address: is 5, where voltage_a of line 2 has its registers, "
     "wants others, or the same with its type\n"
     "devices/p.conf:10: helpers[6].address: is 29, where far of line 9 has its registers, wants "
     "others, or the same with its type\n"},
    {"link: { max_registers = 20; max_hole = 19; };\npoints = (\n{ " POINT "type = \"u16\"; } );",
     "devices/p.conf: link.max_hole: is 19, wants at most 18: a request of link.max_registers, 20, "
     "must hold a value on either side of it\n"},
    {"link: { max_registers = 1; };\npoints = (\n{ " POINT "type = \"u16\"; } );", ""},
    /* signatures */
    {SIGNED "{ function = 3; address = 1; type = \"u16\"; equals = [\"1648\", \"0x671\"]; },\n"
            "{ function = 4; address = 9; type = \"i32\"; min = -5; max = 5; },\n"
            "{ function = 4; address = 9; type = \"string\"; count = 2; equals = [\"B23*\", "
            "\"B24 \"]; } );",
     ""},
    {SIGNED "{ function = 3; address = 1; type = \"f32\"; equals = [\"1\"]; },\n"
            "{ function = 3; address = 1; type = \"string\"; equals = [\"A\"]; },\n"
            "{ function = 3; address = 1; type = \"u32\"; count = 1; equals = [\"1\"]; },\n"
            "{ function = 3; address = 65535; type = \"u32\"; equals = [\"1\"]; } );",
     "devices/p.conf:2: identify[0].type: is f32, wants one of u16, i16, u32, i32, string\n"
     "devices/p.conf:3: identify[1].count: is 0, wants 1..32 registers for type string\n"
     "devices/p.conf:4: identify[2].count: is 1, wants 2 for type u32, or 0\n"
     "devices/p.conf:5: identify[3].address: is 65535, wants 0..65534, since address_base is 0\n"},
    {SIGNED "{ function = 3; address = 1; type = \"u16\"; equals = [\"65536\", \"x\"]; },\n"
            "{ function = 3; address = 1; type = \"string\"; count = 1; equals = [\"*\", "
            "\"ABCD\"]; },\n"
            "{ function = 3; address = 1; type = \"u16\"; },\n"
            "{ function = 3; address = 1; type = \"u16\"; min = 1; equals = [\"1\"]; },\n"
            "{ function = 3; address = 1; type = \"u16\"; min = 2; max = 1; },\n"
            "{ function = 3; address = 1; type = \"string\"; count = 1; min = 1; max = 2; } );",
     "devices/p.conf:2: identify[0].equals: holds \"65536\", wants numbers that fit type u16\n"
     "devices/p.conf:2: identify[0].equals: holds \"x\", wants numbers that fit type u16\n"
     "devices/p.conf:3: identify[1].equals: holds \"*\", wants texts of 1..2 characters\n"
     "devices/p.conf:3: identify[1].equals: holds \"ABCD\", wants texts of 1..2 characters\n"
     "devices/p.conf:4: identify[2]: wants either equals or min and max\n"
     "devices/p.conf:5: identify[3]: wants either equals or min and max\n"
     "devices/p.conf:6: identify[4].max: makes no range with min, wants both, min not above max\n"
     "devices/p.conf:7: identify[5].min: stands beside type string, wants equals\n"},
    /* barriers and groups */
    {"points = (\n{ " POINT "type = \"u32\"; } );\n"
     "barriers = ( { function = 3; first = 7; last = 9; }, { function = 3; first = 0; last = 4; } "
     ");",
     ""},
    {"link: { max_registers = 11; };\npoints = (\n{ " POINT "type = \"u16\"; together = \"g\"; },\n"
     "{ " OTHER "address = 15; type = \"u16\"; together = \"g\"; } );",
     ""},
    {"points = (\n{ " POINT
     "type = \"u32\"; } );\nbarriers = ( { function = 3; first = 6; last = 9; },\n"
     "{ function = 4; first = 5; last = 5; } );",
     "devices/p.conf:2: points[0].address: is 5, inside the barrier 6..9 of line 3, wants a "
     "register "
     "outside\n"},
    {"points = (\n{ " POINT
     "type = \"u16\"; } );\nbarriers = ( { function = 3; first = 9; last = 8; },\n"
     "{ function = 3; first = 70000; last = 70001; } );",
     "devices/p.conf:3: barriers[0].last: is 8, wants at least first, 9\n"
     "devices/p.conf:4: barriers[1].first: is 70000, wants 0..65535, since address_base is 0\n"
     "devices/p.conf:4: barriers[1].last: is 70001, wants 0..65535, since address_base is 0\n"},
    {"link: { max_registers = 10; };\npoints = (\n{ " POINT
     "type = \"u16\"; together = \"g\"; },\n{ " OTHER
     "address = 15; type = \"u16\"; together = \"g\"; } );",
     "devices/p.conf:3: points[0].together: is \"g\", whose points span 11 registers, wants at "
     "most "
     "link.max_registers, 10\n"},
    {"points = (\n{ " POINT "type = \"u16\"; together = \"g\"; },\n{ " OTHER
     "address = 15; type = \"u16\"; together = \"g\"; } );\nbarriers = ( { function = 3; first = "
     "10; last "
     "= 10; } );",
     "devices/p.conf:2: points[0].together: is \"g\", whose points lie on both sides of the "
     "barrier "
     "10..10 of line 4, wants them on one side\n"},
    {"points = (\n{ " POINT "type = \"u16\"; together = \"g\"; },\n{ " OTHER
     "address = 15; type = \"u16\"; together = \"g\"; poll = \"fast\"; } );",
     "devices/p.conf:3: points[1].together: is \"g\", wants the function, unit_override and poll "
     "of "
     "voltage_a on line 2\n"},
    /* the head */
    {"confidence = \"hihg\"; link: { frame = \"8X1\"; };\npoints = ( { " POINT
     "type = \"u16\"; } );",
     "devices/p.conf: confidence: is \"hihg\", nearest is high, wants one of high, medium, low\n"
     "devices/p.conf: link.frame: is \"8X1\", wants 7 or 8, N, E or O, 1 or 2, such as 8N1\n"},
    {"link: { frame = \"8N\"; max_registers = 126; };\npoints = ( { " POINT "type = \"u16\"; } );",
     "devices/p.conf:1: link.frame: is 2 bytes long, wants a string of 3 bytes\n"
     "devices/p.conf:1: link.max_registers: is 126, wants an integer 1..125\n"},
    /* who lists its points itself has none in the file */
    {"discovery = \"sunspec\"; points = ( { " POINT "type = \"u16\"; } );",
     "devices/p.conf: discovery: is sunspec, wants no points, setpoints, helpers and barriers "
     "beside it: "
     "the device lists what it has\n"},
    {"discovery = \"sunspek\"; points = ( { " POINT "type = \"u16\"; } );",
     "devices/p.conf:1: discovery: is \"sunspek\", nearest is \"sunspec\", wants one of none, "
     "sunspec\n"},
};

static void test_each_fault(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *text = mem_format("device = \"D\"; class = \"meter\"; %s", cases[i].text);
        bench_write(&bench, "devices/p.conf", text);
        free(text);
        struct profiles *profiles = profiles_load(bench_path(&bench, "devices"), bench.faults);
        bench_expect(&bench, cases[i].faults);
        bool is_good = cases[i].faults[0] == '\0';
        assert_int_equal(profiles_find(profiles, "p")->points.count > 0, is_good);
        profiles_destroy(profiles);
    }
    bench_stop(&bench);
}

static void test_what_is_missing_is_said_once(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    bench_write(&bench, "devices/p.conf", "points = (\n{ },\n{ " POINT "type = \"bist\"; } );");
    struct profiles *profiles = profiles_load(bench_path(&bench, "devices"), bench.faults);
    bench_expect(
        &bench,
        "devices/p.conf: device: is missing, wants a string of 1..200 bytes\n"
        "devices/p.conf: class: is missing, wants one of meter, inverter, charger, hvac, "
        "water_meter, sensor\n"
        "devices/p.conf:2: points[0].quantity: is missing, wants a string of 1..63 bytes\n"
        "devices/p.conf:2: points[0].function: is missing, wants an integer 1..4\n"
        "devices/p.conf:2: points[0].address: is missing, wants an integer 0..465536\n"
        "devices/p.conf:2: points[0].type: is missing, wants one of u16, i16, u32, i32, u64, "
        "i64, f32, f64, bcd, string, bits, mod10k\n"
        "devices/p.conf:3: points[1].type: is \"bist\", nearest is \"bits\", wants one of u16, "
        "i16, u32, i32, u64, i64, f32, f64, bcd, string, bits, mod10k\n");
    profiles_destroy(profiles);
    bench_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_fault),
        cmocka_unit_test(test_what_is_missing_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
