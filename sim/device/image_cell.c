/* SPDX-License-Identifier: Apache-2.0 */
/* image, its cells: by function and in the order of their addresses. */
#include "sim/device/image.h"

#include "base/mem.h"

void image_add_cell(struct image *image, int64_t function, struct cell cell)
{
    if (function < 1 || function > 4) {
        return;
    }
    size_t count = image->counts[function]++;
    image->cells[function] = mem_grow(image->cells[function], count + 1, sizeof(cell));
    size_t place = count;
    while (place > 0 && image->cells[function][place - 1].address > cell.address) {
        image->cells[function][place] = image->cells[function][place - 1];
        place--;
    }
    image->cells[function][place] = cell;
}
