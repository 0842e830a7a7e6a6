/* The icon in the panel: org.kde.StatusNotifierItem and its menu, com.canonical.dbusmenu,
 * over sd-bus.
 *
 * The icon is registered with whatever host is there, and with the next one when the panel
 * is started anew. Properties are read from the view that was shown last; a signal says
 * that they have changed.
 */
#ifndef AGENT_TRAY_TRAY_ITEM_H
#define AGENT_TRAY_TRAY_ITEM_H

#include "agent/desktop/bus.h"
#include "agent/tray/tray_view.h"

struct tray_item;

/* A person chose an entry; 0: the icon itself. Runs on the loop. */
typedef void tray_item_fn(void *user, int id);

/* `bus` outlives it. NULL: no memory, or the bus refuses. */
struct tray_item *tray_item_new(struct bus *session_bus, tray_item_fn *fn, void *user);
void tray_item_free(struct tray_item *item);

/* Shows a view; it is copied. What has not changed is not told. */
void tray_item_show(struct tray_item *item, const struct tray_view *view);

#endif
