/* The menu of the icon on the bus: com.canonical.dbusmenu. Part of tray_item.h, which owns
 * it.
 */
#ifndef AGENT_TRAY_TRAY_MENU_H
#define AGENT_TRAY_TRAY_MENU_H

#include "agent/tray/tray_item.h"

#define TRAY_MENU_PATH "/MenuBar"

struct tray_menu;

/* `view` is borrowed and may change until tray_menu_free(); after a change call
 * tray_menu_changed(). NULL: no memory, or the bus refuses. */
struct tray_menu *tray_menu_new(struct bus *bus, const struct tray_view *view,
                                tray_item_fn *fn, void *user);
void tray_menu_free(struct tray_menu *menu);
void tray_menu_changed(struct tray_menu *menu);

#endif
