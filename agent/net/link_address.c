#include "agent/net/link_address.h"

#include <stdlib.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/net/link_plan.h"
#include "agent/random.h"
#include "agent/words.h"
#include "protocol/graph_reply.h"

bool link_address_init(struct link_address *address, const struct config *config)
{
    *address = (struct link_address){0};
    return allow_init(&address->allow, config);
}

void link_address_forget(struct link_address *address)
{
    channel_url_clear(&address->url);
    bytes_wipe_text(address->text);
    address->text = NULL;
}

void link_address_clear(struct link_address *address)
{
    link_address_forget(address);
    allow_clear(&address->allow);
}

static bool keep(struct link_address *address, const char *text, struct failure *failure)
{
    struct channel_url url;
    char *copy = strdup(text);
    enum url_verdict verdict = copy == NULL
                                   ? URL_NO_MEMORY
                                   : channel_url_init(text, &address->allow.channel, &url);
    if (verdict == URL_OK) {
        link_address_forget(address);
        address->text = copy;
        address->url = url;
        return true;
    }
    free(copy);
    (void)failure_set(failure, FAILURE_PROTOCOL, 147,
                      "the service names an address for notifications that is not allowed "
                      "(%s): polling instead; if it is right, add its host to extra_hosts",
                      _(url_verdict_text(verdict)));
    failure->retry_after_ms = LINK_REFUSED_MS;
    return false;
}

static void set_life(struct link_address *address,
                     const struct graph_subscription *subscription, int64_t date_ms)
{
    uint64_t now_ms = clock_now_ms();
    uint64_t life_ms = link_life_ms(subscription->expires_ms, date_ms, clock_wall_ms());
    address->is_life_known = life_ms > 0;
    address->renew_ms = now_ms + link_renewal_ms(life_ms, random_number());
    address->expires_ms = now_ms + (life_ms > 0 ? life_ms : LINK_UNKNOWN_LIFE_MS);
}

enum link_taken link_address_take(struct link_address *address,
                                  const struct service_answer *answer,
                                  struct failure *failure)
{
    struct graph_subscription subscription;
    enum link_taken taken = LINK_TAKEN_REFUSED;
    if (!graph_subscription_parse(answer->body, answer->size, &subscription)) {
        (void)failure_set(failure, FAILURE_PROTOCOL, 122,
                          "the answer of the notification endpoint is unusable");
        return LINK_TAKEN_REFUSED;
    }
    if (address->text != NULL && strcmp(address->text, subscription.url) == 0)
        taken = LINK_TAKEN_SAME;
    else if (keep(address, subscription.url, failure))
        taken = LINK_TAKEN_NEW;
    if (taken != LINK_TAKEN_REFUSED)
        set_life(address, &subscription, answer->date_ms);
    bytes_wipe_memory(&subscription, sizeof subscription);
    return taken;
}
