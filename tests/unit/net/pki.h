/* SPDX-License-Identifier: Apache-2.0 */
/* pki: certificates for tests, made by openssl in a private folder. */
#ifndef LINGTAN_TESTS_PKI_H
#define LINGTAN_TESTS_PKI_H

/* Makes in a new folder, whose path is returned for test_folder_remove, each as <name>.pem and <name>.key:
 * ca, other-ca; signed by ca: server (127.0.0.1 and localhost), elsewhere (meter.test), expired, client, and self
 * (signed by itself). */
char *test_pki_create(void);

/* "<folder>/<name>", for free(). */
char *test_pki_path(const char *folder, const char *name);

#endif
