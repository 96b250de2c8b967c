/* SPDX-License-Identifier: Apache-2.0 */
/* lingtan-sim: the reference compound behind real Modbus servers. */
#include "sim/session.h"

int main(int argc, char **argv)
{
    struct arguments arguments;
    switch (arguments_parse(argc, argv, &arguments)) {
    case ARGUMENTS_RUN:
        return session_run(&arguments);
    case ARGUMENTS_REPORT:
        return session_report(&arguments);
    case ARGUMENTS_DONE:
        return 0;
    case ARGUMENTS_BAD:
        break;
    }
    return 2;
}
