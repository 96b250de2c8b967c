/* SPDX-License-Identifier: Apache-2.0 */
/* file: files of a folder as answers: the page. Nothing outside the folder is ever opened, whatever the path and
 * whatever links stand in it. On MHD's threads. */
#ifndef LINGTAN_HTTP_FILE_H
#define LINGTAN_HTTP_FILE_H

struct request;

/* Answers with the file at the path, index.html for a folder; 404 when there is none. A file under assets/ has its hash
 * in its name and may be kept for ever; any other is asked for again with its tag. Where the client takes gzip and a
 * packed one stands beside it (NAME.gz), that is sent. */
void file_get(struct request *request, const char *folder, const char *path);

#endif
