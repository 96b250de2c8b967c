/* SPDX-License-Identifier: Apache-2.0 */
/* number: decimals as people mean them. */
#ifndef LINGTAN_CONFIG_NUMBER_H
#define LINGTAN_CONFIG_NUMBER_H

/* The double nearest to the value's 15 significant decimal digits: 0.1 x 0.001 becomes exactly 0.0001. */
double number_round(double value);

#endif
