/* SPDX-License-Identifier: Apache-2.0 */
/* acknowledge_post: POST /api/v1/store/acknowledge. The answer comes when the store has ended the alarms, so that who asks
 * for the status next no longer sees them. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/routes/routes.h"
#include "http/server/server.h"
#include "http/status.h"

enum {
    PATIENCE_MS = 5000, /* the store writes its ledger once a second */
    STEP_MS = 10,
};

static const char shape[] =
    "{} for all standing alarms, or {\"alarms\": [...]} with some of journal_corrupt, "
    "ledger_restored, journal_shed";

/* Owned by the job. */
struct acknowledgement {
    struct request *request;
    struct store *store;
    unsigned alarms;   /* enum store_alarm, asked for */
    unsigned standing; /* those of them that did */
    int waited_ms;
};

static int parse_alarm(struct request *request, const json_t *value, unsigned *alarms)
{
    const char *word = json_string_value(value);
    char shown[64];
    for (const struct store_alarm_row *row = store_alarm_rows; word && row->word; row++) {
        if (strcmp(row->word, word) == 0 && row->alarm & STORE_STANDING) {
            *alarms |= row->alarm;
            return 0;
        }
        if (strcmp(row->word, word) == 0) {
            request_refuse(request, ERROR_ALARM_ENDS_BY_ITSELF, shape,
                           "%s ends by itself when its cause is gone", word);
            return -EINVAL;
        }
    }
    request_refuse(request, ERROR_UNKNOWN_ALARM, shape, "there is no alarm %s",
                   printable(word ? word : "of that form", shown, sizeof(shown)));
    return -EINVAL;
}

static int parse_list(struct request *request, const json_t *list, unsigned *alarms)
{
    size_t i = 0;
    json_t *value = NULL;
    *alarms = 0;
    if (!json_is_array(list) || json_array_size(list) == 0) {
        request_refuse(request, ERROR_BAD_BODY, shape, "alarms must be a list of one or more");
        return -EINVAL;
    }
    json_array_foreach(list, i, value)
    {
        if (parse_alarm(request, value, alarms) < 0) {
            return -EINVAL;
        }
    }
    return 0;
}

static int parse_root(struct request *request, const json_t *root, unsigned *alarms)
{
    const json_t *list = json_object_get(root, "alarms");
    *alarms = STORE_STANDING;
    if (!json_is_object(root) || json_object_size(root) > (list ? 1 : 0)) {
        request_refuse(request, ERROR_BAD_BODY, shape,
                       "the body must be one JSON object with no key but alarms");
        return -EINVAL;
    }
    return list ? parse_list(request, list, alarms) : 0;
}

static int parse_body(struct request *request, unsigned *alarms)
{
    json_error_t fault;
    char shown[JSON_ERROR_TEXT_LENGTH];
    json_t *root = json_loadb(request->body.data ? request->body.data : "", request->body.length,
                              JSON_REJECT_DUPLICATES, &fault);
    if (!root) {
        request_refuse(request, ERROR_BAD_BODY, shape, "the body is no JSON: %s",
                       printable(fault.text, shown, sizeof(shown)));
        return -EINVAL;
    }
    int error = parse_root(request, root, alarms);
    json_decref(root);
    return error;
}

static void record_end(struct answer *answer, unsigned alarms)
{
    struct text words = {0};
    for (const struct store_alarm_row *row = store_alarm_rows; row->word; row++) {
        if (alarms & row->alarm) {
            text_add_format(&words, "%s%s", words.length > 0 ? ", " : "", row->word);
        }
    }
    answer->deed = mem_dup_string("store: acknowledged");
    answer->detail = text_take(&words);
}

static void write_ended(struct answer *answer, const struct acknowledgement *asked)
{
    struct writer writer = {.text = &answer->body};
    answer->status = 200;
    answer->content_type = "application/json";
    writer_open(&writer, '{');
    writer_field_open(&writer, "acknowledged", '[');
    for (const struct store_alarm_row *row = store_alarm_rows; row->word; row++) {
        if (asked->standing & row->alarm) {
            writer_string(&writer, row->word);
        }
    }
    writer_close(&writer, ']');
    writer_field_string(&writer, "by", asked->request->principal.name);
    writer_close(&writer, '}');
}

static void finish(struct acknowledgement *asked, unsigned left)
{
    struct answer answer = {0};
    if (left != 0) {
        answer_refuse(&answer, ERROR_STORE_CANNOT_WRITE, "see the alarms of /api/v1/status",
                      "the store has not ended the alarms yet: it does when it can write again");
    } else {
        write_ended(&answer, asked);
    }
    if (asked->standing != left) {
        record_end(&answer, asked->standing & ~left);
    }
    request_finish(asked->request, &answer);
    free(asked);
}

/* On the worker's thread, again and again: other queries come in between. */
static void look(struct worker *worker, struct journal_reader *reader, void *context)
{
    struct acknowledgement *asked = context;
    unsigned left = asked->standing != 0 ? store_status(asked->store).alarms & asked->standing : 0;
    (void)reader;
    while (left != 0 && asked->waited_ms < PATIENCE_MS && !worker_is_stopping(worker)) {
        usleep(STEP_MS * 1000);
        asked->waited_ms += STEP_MS;
        if (worker_submit(worker, look, asked) == 0) {
            return;
        }
        left = store_status(asked->store).alarms & asked->standing;
    }
    finish(asked, left);
}

/* On the worker's thread. */
static void run(struct worker *worker, struct journal_reader *reader, void *context)
{
    struct acknowledgement *asked = context;
    if (asked->store) {
        asked->standing = store_status(asked->store).alarms & asked->alarms;
    }
    if (asked->standing != 0) {
        store_acknowledge_by(asked->store, asked->standing, asked->request->principal.name);
    }
    look(worker, reader, context);
}

void acknowledge_post(struct request *request)
{
    unsigned alarms = 0;
    if (parse_body(request, &alarms) < 0) {
        return;
    }
    struct acknowledgement *asked = mem_alloc(sizeof(*asked));
    *asked = (struct acknowledgement){
        .request = request, .store = request->http->view.store, .alarms = alarms};
    if (!request_on_worker(request, WORKER_QUICK, run, asked)) {
        free(asked);
    }
}
