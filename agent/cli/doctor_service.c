/* The half of the doctor that asks the service (doctor.h). */
#include <inttypes.h>
#include <stdio.h>

#include "agent/ask.h"
#include "agent/cli/doctor.h"
#include "agent/clock.h"
#include "agent/net/token_store.h"
#include "agent/state.h"
#include "agent/words.h"

enum { DOCTOR_MAX_SKEW_MS = 5 * 60 * 1000 /* F-124 */ };

/* The finding names the trouble; these are the places to look at. */
static const char *network_mend(void)
{
    return _("check network, proxy, clock and ca_file");
}

/* Where the service says what the time is, that goes into `*date_ms`. */
static void check_address(struct doctor *doctor, struct ask *ask, const char *what,
                          const char *url, int64_t *date_ms)
{
    struct ask_answer answer;
    struct failure failure = {0};
    if (ask_address(ask, url, &answer, &failure) != FAILURE_NONE) {
        doctor_fail(doctor, failure.kind, what, failure.text, network_mend());
        return;
    }
    if (answer.date_ms != INT64_MIN)
        *date_ms = answer.date_ms;
    doctor_report(doctor, DOCTOR_OK, what, _("reached, TLS verified"), "");
    ask_answer_clear(&answer);
}

static void check_clock(struct doctor *doctor, int64_t date_ms)
{
    char text[96];
    if (date_ms == INT64_MIN) {
        doctor_report(doctor, DOCTOR_WARN, _("clock"), _("could not be compared"), "");
        return;
    }
    int64_t skew = clock_wall_ms() - date_ms;
    (void)snprintf(text, sizeof text, _("%" PRId64 " s from the service's"), skew / 1000);
    bool far = skew > DOCTOR_MAX_SKEW_MS || skew < -DOCTOR_MAX_SKEW_MS;
    doctor_report(doctor, far ? DOCTOR_WARN : DOCTOR_OK, _("clock"), text,
                  far ? _("let systemd-timesyncd or chrony set it") : "");
}

/* Whether there is a sign-in to try; where it rests into `place`. */
static bool find_sign_in(struct doctor *doctor, char *place, size_t place_size)
{
    struct failure failure = {0};
    struct token_record record = {0};
    struct token_store *store = token_store_new(doctor->config);
    if (store == NULL)
        return false;
    enum failure_kind kind = token_store_load(store, &record, &failure);
    bool signed_in = record.refresh_token != NULL;
    (void)snprintf(place, place_size, _("stored in the %s"), _(token_store_place(store)));
    token_record_clear(&record);
    token_store_free(store);
    if (kind != FAILURE_NONE)
        doctor_fail(doctor, kind, _("sign-in"), failure.text, "agent login");
    else if (!signed_in)
        doctor_fail(doctor, FAILURE_SIGN_IN, _("sign-in"), _("nobody is signed in"),
                    "agent login");
    return kind == FAILURE_NONE && signed_in;
}

static void check_sign_in(struct doctor *doctor, struct ask *ask)
{
    char place[64];
    struct failure failure = {0};
    struct ask_answer answer;
    if (!find_sign_in(doctor, place, sizeof place))
        return;
    enum failure_kind kind = ask_graph(ask, "/me/drive", &answer, &failure);
    if (kind == FAILURE_SIGN_IN)
        doctor_fail(doctor, kind, _("sign-in"), failure.text, "agent login");
    else if (kind != FAILURE_NONE)
        doctor_fail(doctor, kind, _("sign-in"), failure.text, network_mend());
    else if (answer.status / 100 != 2)
        doctor_fail(doctor, FAILURE_SIGN_IN, _("sign-in"), answer.text, "agent login");
    else
        doctor_report(doctor, DOCTOR_OK, _("sign-in"), place, "");
    if (kind == FAILURE_NONE)
        ask_answer_clear(&answer);
}

void doctor_check_service(struct doctor *doctor)
{
    struct failure failure = {0};
    int64_t date_ms = INT64_MIN;
    enum failure_kind kind = state_check_folder(doctor->config, &failure);
    if (kind != FAILURE_NONE) {
        doctor_fail(doctor, kind, _("sign-in"), failure.text, "");
        return;
    }
    struct ask *ask = ask_open(doctor->config, &failure);
    if (ask == NULL) {
        doctor_fail(doctor, failure.kind, _("network"), failure.text, network_mend());
        return;
    }
    check_address(doctor, ask, _("Graph"), doctor->config->graph_url, &date_ms);
    check_address(doctor, ask, _("sign-in service"), doctor->config->login_url, &date_ms);
    check_clock(doctor, date_ms);
    check_sign_in(doctor, ask);
    ask_close(ask);
}
