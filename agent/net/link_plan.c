#include "agent/net/link_plan.h"

#include "agent/backoff.h"

enum {
    EARLY_MS = 5 * 60 * 1000,
    JITTER_PERCENT = 10,
    UNSUPPORTED_MS = 60 * 1000,
    UNSUPPORTED_MAX_MS = 60 * 60 * 1000
};

uint64_t link_life_ms(int64_t expires_ms, int64_t date_ms, int64_t wall_ms)
{
    int64_t now_ms = date_ms == INT64_MIN ? wall_ms : date_ms;
    if (expires_ms == INT64_MIN || expires_ms <= now_ms)
        return 0;
    return (uint64_t)expires_ms - (uint64_t)now_ms;
}

uint64_t link_renewal_ms(uint64_t life_ms, uint32_t random)
{
    uint64_t at_ms = LINK_UNKNOWN_RENEWAL_MS;
    if (life_ms > 0) {
        uint64_t share_ms = life_ms / 10 * 8;
        uint64_t early_ms = life_ms > EARLY_MS ? life_ms - EARLY_MS : share_ms;
        at_ms = share_ms < early_ms ? share_ms : early_ms;
    }
    at_ms = backoff_jitter(at_ms, JITTER_PERCENT, random);
    return at_ms < LINK_LEAST_RENEWAL_MS ? LINK_LEAST_RENEWAL_MS : at_ms;
}

enum link_step link_judge_answer(int status, bool has_fallback)
{
    if (status >= 200 && status < 300)
        return LINK_STEP_TAKE;
    switch (status) {
    case 400:
    case 404:
    case 405:
        return has_fallback ? LINK_STEP_FALL_BACK : LINK_STEP_UNSUPPORTED;
    case 410:
    case 501:
        return LINK_STEP_UNSUPPORTED;
    case 403:
        return LINK_STEP_FORBIDDEN;
    default:
        return LINK_STEP_BACK_OFF;
    }
}

const char *link_cause_text(enum link_cause cause)
{
    static const char *const texts[] = {
        [LINK_CAUSE_SERVER] = "server",
        [LINK_CAUSE_SILENCE] = "silence",
        [LINK_CAUSE_NETWORK] = "network",
        [LINK_CAUSE_BREACH] = "breach",
    };
    return texts[cause];
}

enum link_cause link_cause_of(int number)
{
    switch (number) {
    case 129:
        return LINK_CAUSE_SILENCE;
    case 125:
    case 130:
    case 131:
        return LINK_CAUSE_NETWORK;
    case 136:
    case 137:
        return LINK_CAUSE_SERVER;
    default:
        return LINK_CAUSE_BREACH;
    }
}

uint64_t link_unsupported_ms(uint32_t attempt)
{
    uint64_t wait_ms = (uint64_t)UNSUPPORTED_MS << (attempt < 6 ? attempt : 6);
    return wait_ms < UNSUPPORTED_MAX_MS ? wait_ms : UNSUPPORTED_MAX_MS;
}
