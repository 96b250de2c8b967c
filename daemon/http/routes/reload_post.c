/* SPDX-License-Identifier: Apache-2.0 */
/* reload_post: POST /api/v1/reload. The answer comes when the reload is done; nothing waits for it meanwhile. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "http/routes/routes.h"
#include "http/server/server.h"

static const char shape[] = "{} or {\"dry_run\": true}";

static int parse_body(struct request *request, bool *is_dry)
{
    json_t *root = json_loadb(request->body.data ? request->body.data : "", request->body.length,
                              JSON_REJECT_DUPLICATES, NULL);
    const json_t *dry = json_object_get(root, "dry_run");
    const bool is_good = json_is_object(root) && json_object_size(root) == (dry ? 1 : 0) &&
                         (!dry || json_is_boolean(dry));
    *is_dry = json_is_true(dry);
    json_decref(root);
    if (!is_good) {
        request_refuse(request, ERROR_BAD_BODY, shape,
                       "the body must be one JSON object with no key but dry_run");
        return -EINVAL;
    }
    return 0;
}

static void write_strings(struct writer *writer, const char *key, const char *const *strings,
                          size_t count)
{
    writer_field_open(writer, key, '[');
    for (size_t i = 0; i < count; i++) {
        writer_string(writer, strings[i]);
    }
    writer_close(writer, ']');
}

static void write_row(struct writer *writer, const struct reload_row *row)
{
    writer_open(writer, '{');
    writer_field_string(writer, "what", row->what);
    writer_field_string(writer, "change", row->kind);
    writer_field_string(writer, "id", row->id);
    if (row->line) {
        writer_field_string(writer, "line", row->line);
    }
    if (row->why) {
        writer_field_string(writer, "why", row->why);
    }
    writer_close(writer, '}');
}

static void write_report(struct answer *answer, const struct reload_report *report)
{
    struct writer writer = {.text = answer_json(answer, 200)};
    writer_open(&writer, '{');
    writer_field_bool(&writer, "dry_run", report->is_dry);
    writer_field_bool(&writer, "applied", report->is_applied);
    writer_field_open(&writer, "changes", '[');
    for (size_t i = 0; i < report->row_count; i++) {
        write_row(&writer, &report->rows[i]);
    }
    writer_close(&writer, ']');
    writer_field_bool(&writer, "nodes_changed", report->has_nodes_changed);
    write_strings(&writer, "needs_restart", report->restart, report->restart_count);
    writer_field_uint(&writer, "unchanged_lines", report->unchanged_lines);
    writer_field_uint(&writer, "unchanged_devices", report->unchanged_devices);
    writer_field_int(&writer, "held_us", report->held_us);
    writer_close(&writer, '}');
    answer->deed =
        mem_dup_string(report->is_dry ? "reload: asked what would change" : "reload: asked for");
    answer->detail = mem_format("%zu changes", report->row_count);
}

static void write_faults(struct answer *answer, const struct reload_report *report)
{
    struct writer writer = answer_refuse_start(
        answer, ERROR_FAULTY_CONFIGURATION, "files without a fault; see docs/CONFIG.md",
        "%zu fault%s in the configuration: nothing was changed", report->fault_count,
        plural_s(report->fault_count));
    write_strings(&writer, "faults", report->faults, report->fault_count);
    answer_refuse_end(&writer);
}

/* On the main thread. */
static void on_done(void *context, const struct reload_report *report)
{
    struct answer answer = {0};
    if (report->fault_count > 0) {
        write_faults(&answer, report);
    } else if (report->failure) {
        answer_refuse(&answer, ERROR_RELOAD_NOT_DONE, "ask again", "nothing was changed: %s",
                      report->failure);
    } else {
        write_report(&answer, report);
    }
    request_finish(context, &answer);
}

/* On the main thread. */
static void begin(struct request *request)
{
    const struct http_view *view = &request->http->view;
    const bool *is_dry = request->work;
    const int error =
        view->reload ? view->reload(view->context, *is_dry, on_done, request) : -ENOSYS;
    if (error < 0) {
        struct answer answer = {0};
        answer_refuse(&answer, ERROR_RELOAD_NOT_DONE, "ask again",
                      error == -EBUSY ? "another reload is under way" : "no reload was begun");
        request_finish(request, &answer);
    }
}

void reload_post(struct request *request)
{
    bool is_dry = false;
    if (parse_body(request, &is_dry) < 0) {
        return;
    }
    request->work = mem_alloc(sizeof(is_dry));
    memcpy(request->work, &is_dry, sizeof(is_dry));
    request->work_free = free;
    request_expect(request);
    if (request_on_main(request, begin)) {
        request_suspend(request);
    } else {
        request_forget(request);
    }
}
