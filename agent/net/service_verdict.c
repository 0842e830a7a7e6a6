#include "agent/net/service_verdict.h"

enum {
    ITEM_WAIT_MS = 250,            /* doubling: an item that was made just now */
    BANDWIDTH_WAIT_MS = 300 * 1000 /* 509 says nothing about how long */
};

static struct service_verdict verdict(enum service_step step, uint64_t wait_ms, int number)
{
    return (struct service_verdict){step, wait_ms, number};
}

static struct service_verdict judge_unauthorized(const struct service_facts *facts)
{
    if (facts->is_token_outage)
        return verdict(SERVICE_STEP_TROUBLE, 0, 111);
    if (facts->token_renewals < SERVICE_TOKEN_TRIES)
        return verdict(SERVICE_STEP_RENEW, 0, 112);
    return verdict(SERVICE_STEP_SIGN_IN, 0, 114);
}

static struct service_verdict judge_redirect(const struct service_facts *facts)
{
    if (facts->status == 304)
        return verdict(SERVICE_STEP_DELIVER, 0, 0);
    if (facts->has_location && facts->redirects < SERVICE_GRAPH_REDIRECTS)
        return verdict(SERVICE_STEP_FOLLOW, 0, 121);
    return verdict(SERVICE_STEP_REFUSE, 0, 121);
}

static struct service_verdict judge_not_found(const struct service_facts *facts)
{
    if (facts->class != SERVICE_CLASS_ITEM || facts->not_found + 1 >= SERVICE_ITEM_TRIES)
        return verdict(SERVICE_STEP_DELIVER, 0, 0);
    return verdict(SERVICE_STEP_AGAIN, (uint64_t)ITEM_WAIT_MS << facts->not_found, 0);
}

static struct service_verdict judge_server_error(const struct service_facts *facts)
{
    switch (facts->status) {
    case 501: /* not supported here */
    case 505:
    case 507: /* no room: not mended by waiting, though it is 5xx */
        return verdict(SERVICE_STEP_DELIVER, 0, 0);
    case 503:
        return verdict(SERVICE_STEP_THROTTLE, facts->retry_after_ms, 110);
    case 509:
        return verdict(
            SERVICE_STEP_THROTTLE,
            facts->retry_after_ms > 0 ? facts->retry_after_ms : BANDWIDTH_WAIT_MS, 110);
    default:
        if (facts->retry_after_ms > 0)
            return verdict(SERVICE_STEP_THROTTLE, facts->retry_after_ms, 110);
        return verdict(SERVICE_STEP_TROUBLE, 0, 111);
    }
}

struct service_verdict service_judge(const struct service_facts *facts)
{
    int status = facts->status;
    if (status == 401 || (status == 403 && facts->wants_claims))
        return judge_unauthorized(facts);
    if (status >= 200 && status < 300)
        return facts->is_html ? verdict(SERVICE_STEP_PORTAL, 0, 127)
                              : verdict(SERVICE_STEP_DELIVER, 0, 0);
    if (status >= 300 && status < 400)
        return judge_redirect(facts);
    if (status == 404)
        return judge_not_found(facts);
    if (status == 408 || status == 425)
        return verdict(SERVICE_STEP_TROUBLE, 0, 111);
    if (status == 429)
        return verdict(SERVICE_STEP_THROTTLE, facts->retry_after_ms, 110);
    if (status >= 500 && status < 600)
        return judge_server_error(facts);
    if (status < 200 || status >= 600)
        return verdict(SERVICE_STEP_REFUSE, 0, 122);
    return verdict(SERVICE_STEP_DELIVER, 0, 0);
}

static enum service_content_step judge_content_error(int status)
{
    switch (status) {
    case 408:
    case 425:
        return SERVICE_CONTENT_TROUBLE;
    case 429:
    case 503:
    case 509:
        return SERVICE_CONTENT_THROTTLE;
    default:
        return status >= 500 ? SERVICE_CONTENT_TROUBLE : SERVICE_CONTENT_DELIVER;
    }
}

static enum service_content_step judge_part(const struct service_content_facts *facts)
{
    if (facts->range_first >= 0 && (uint64_t)facts->range_first == facts->offset)
        return SERVICE_CONTENT_TAKE;
    /* A part where the whole was asked for is beyond help. */
    return facts->offset > 0 ? SERVICE_CONTENT_WHOLE : SERVICE_CONTENT_TROUBLE;
}

enum service_content_step service_judge_content(const struct service_content_facts *facts)
{
    int status = facts->status;
    if (status == 200)
        return SERVICE_CONTENT_TAKE;
    if (status == 206)
        return judge_part(facts);
    if (status >= 300 && status < 400 && status != 304)
        return facts->has_location && facts->redirects < SERVICE_CONTENT_REDIRECTS
                   ? SERVICE_CONTENT_FOLLOW
                   : SERVICE_CONTENT_TROUBLE;
    if (status == 401 || status == 403 || status == 404 || status == 410)
        return facts->addresses < SERVICE_ADDRESS_TRIES ? SERVICE_CONTENT_ADDRESS
                                                        : SERVICE_CONTENT_DELIVER;
    if (status == 416 && facts->offset > 0)
        return SERVICE_CONTENT_WHOLE; /* F-103: what we hold is of no use to it */
    return judge_content_error(status);
}

bool service_is_retried(enum service_class class, const struct failure *failure,
                        int *out_tries)
{
    int tries = 0;
    switch (failure->kind) {
    case FAILURE_TRANSIENT:
    case FAILURE_RESOURCE:
        break;
    case FAILURE_PROTOCOL:
        tries = SERVICE_PROTOCOL_TRIES;
        break;
    case FAILURE_NONE:
    case FAILURE_ITEM:
    case FAILURE_SIGN_IN:
    case FAILURE_GUARD:
    case FAILURE_CONFIG:
    case FAILURE_INTERNAL:
    case FAILURE_USAGE:
    case FAILURE_HELD:
    case FAILURE_CANCELLED:
        return false;
    }
    if (class == SERVICE_CLASS_ONCE)
        return false;
    if (class == SERVICE_CLASS_CHANNEL)
        tries = SERVICE_CHANNEL_TRIES;
    *out_tries = tries;
    return true;
}
