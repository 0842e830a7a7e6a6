#include "agent/log.h"
#include "agent/net/link_machine.h"

/* The endpoint, and what its answers mean. */

static void take_address(struct link *link, const struct service_answer *answer)
{
    struct failure failure = {0};
    enum link_taken taken = link_address_take(&link->address, answer, &failure);
    link->unsupported = 0;
    if (taken == LINK_TAKEN_REFUSED) {
        link_fail(link, &failure);
        return;
    }
    link_use_address(link, taken == LINK_TAKEN_SAME);
}

static void wait_unsupported(struct link *link, const struct service_answer *answer,
                             bool is_forbidden)
{
    struct failure failure;
    (void)failure_set(&failure, FAILURE_TRANSIENT, 120,
                      "this drive has no notifications now (status %d %s): polling instead",
                      answer->status, answer->error.code_text);
    if (link->current->is_live) {
        link_give_up_renewal(link, &failure);
        return;
    }
    link->status.last_failure = failure;
    if (link->unsupported == 0)
        log_failure(link->mirror, &failure);
    link_wait(link, LINK_UNSUPPORTED,
              is_forbidden ? LINK_REFUSED_MS : link_unsupported_ms(link->unsupported));
    link->unsupported++;
}

static void on_answer(struct link *link, const struct service_answer *answer)
{
    struct failure failure;
    bool has_fallback = link->fallback_path != NULL && !link->is_fallback;
    switch (link_judge_answer(answer->status, has_fallback)) {
    case LINK_STEP_TAKE:
        take_address(link, answer);
        break;
    case LINK_STEP_FALL_BACK:
        log_line(LOG_LEVEL_INFO, 120, link->mirror,
                 "the notification endpoint is refused in this form: asking by drive id");
        link_ask(link, true);
        break;
    case LINK_STEP_UNSUPPORTED:
        wait_unsupported(link, answer, false);
        break;
    case LINK_STEP_FORBIDDEN:
        wait_unsupported(link, answer, true);
        break;
    case LINK_STEP_BACK_OFF:
        (void)failure_set(&failure, FAILURE_TRANSIENT, 111,
                          "the notification endpoint answers with status %d",
                          answer->status);
        link_fail(link, &failure);
        break;
    }
}

static void on_asked(void *user, const struct service_answer *answer,
                     const struct failure *failure)
{
    struct link *link = user;
    link->asking = NULL;
    if (failure != NULL)
        link_fail(link, failure);
    else
        on_answer(link, answer);
}

void link_ask(struct link *link, bool is_fallback)
{
    struct failure failure = {0};
    link->is_fallback = is_fallback;
    link->asking = service_get(link->service, SERVICE_CLASS_CHANNEL,
                               is_fallback ? link->fallback_path : link->path, on_asked,
                               link, &failure);
    if (link->asking == NULL)
        link_fail(link, &failure);
    else
        link_enter(link, link->current->is_live ? LINK_RENEWING : LINK_ASKING);
}
