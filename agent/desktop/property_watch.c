#include "agent/desktop/property_watch.h"

#include <stddef.h>

#ifdef HAVE_SYSTEMD

#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define PROPERTIES "org.freedesktop.DBus.Properties"

struct property_watch {
    struct bus *bus;
    struct property property;
    sd_bus_slot *changes;
    sd_bus_slot *question;
    property_watch_fn *fn;
    void *user;
};

static int ask(struct property_watch *watch);

/* Reads a variant of the types that we can tell on. */
static void tell_variant(struct property_watch *watch, sd_bus_message *message)
{
    const char *type = NULL;
    const char *text = "";
    uint32_t number = 0;
    int32_t signed_number = 0;
    if (sd_bus_message_peek_type(message, NULL, &type) < 0 || type == NULL)
        return;
    if (strcmp(type, "s") == 0 && sd_bus_message_read(message, "v", "s", &text) >= 0)
        watch->fn(watch->user, 0, text);
    else if (strcmp(type, "u") == 0 && sd_bus_message_read(message, "v", "u", &number) >= 0)
        watch->fn(watch->user, number, "");
    else if ((strcmp(type, "i") == 0 || strcmp(type, "b") == 0) &&
             sd_bus_message_read(message, "v", type, &signed_number) >= 0)
        watch->fn(watch->user, signed_number, "");
}

static int on_answer(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    struct property_watch *watch = user;
    if (sd_bus_message_get_errno(message) == 0)
        tell_variant(watch, message);
    return 0;
}

/* The signal may or may not carry the value: asking again is right in both cases, and
 * these properties change a few times a day. */
static int on_change(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    struct property_watch *watch = user;
    const char *interface = NULL;
    if (sd_bus_message_read(message, "s", &interface) >= 0 &&
        strcmp(interface, watch->property.interface) == 0)
        (void)ask(watch);
    return 0;
}

static int ask(struct property_watch *watch)
{
    watch->question = sd_bus_slot_unref(watch->question);
    int result = sd_bus_call_method_async(bus_connection(watch->bus), &watch->question,
                                          watch->property.service, watch->property.path,
                                          PROPERTIES, "Get", on_answer, watch, "ss",
                                          watch->property.interface, watch->property.name);
    bus_changed(watch->bus);
    return result;
}

struct property_watch *property_watch_new(struct bus *bus, const struct property *property,
                                          property_watch_fn *fn, void *user)
{
    struct property_watch *watch = bus == NULL ? NULL : calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->bus = bus;
    watch->property = *property;
    watch->fn = fn;
    watch->user = user;
    if (sd_bus_match_signal_async(bus_connection(bus), &watch->changes, property->service,
                                  property->path, PROPERTIES, "PropertiesChanged",
                                  on_change, NULL, watch) < 0 ||
        ask(watch) < 0) {
        property_watch_free(watch);
        return NULL;
    }
    return watch;
}

void property_watch_free(struct property_watch *watch)
{
    if (watch == NULL)
        return;
    sd_bus_slot_unref(watch->changes);
    sd_bus_slot_unref(watch->question);
    free(watch);
}

#else

struct property_watch *property_watch_new(struct bus *bus, const struct property *property,
                                          property_watch_fn *fn, void *user)
{
    (void)bus;
    (void)property;
    (void)fn;
    (void)user;
    return NULL;
}

void property_watch_free(struct property_watch *watch)
{
    (void)watch;
}

#endif
