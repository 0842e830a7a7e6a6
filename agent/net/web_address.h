/* What a web address pasted from the browser says of a drive: the page of a library or a
 * folder in SharePoint and OneDrive, or a sharing link. Pure.
 *
 * The forms that are read here: /sites/NAME, /teams/NAME and /personal/NAME with a library
 * and folders behind them, as path or as `id=` of the page that shows them, and the direct
 * links /:f:/r/sites/… All else is a matter of the service (Graph: shares).
 */
#ifndef AGENT_NET_WEB_ADDRESS_H
#define AGENT_NET_WEB_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

enum { WEB_ADDRESS_SITE = 1024, WEB_ADDRESS_PATH = 2048 };

struct web_address {
    bool is_share;               /* only the service knows where it leads */
    char host[254];              /* of a site; lower case */
    char site[WEB_ADDRESS_SITE]; /* Graph path of the site, which takes more behind it:
                                  * "/sites/HOST:/sites/team:" or "/sites/HOST" */
    char path[WEB_ADDRESS_PATH]; /* decoded path of a library or folder on that host,
                                  * "" where the address is that of the site itself */
};

/* False: no https address, or too long. */
bool web_address_parse(const char *url, struct web_address *out);

/* Whether the address is at or below a drive, by the drive's own web address; `out` gets
 * the folder inside it, "" for the drive itself. Names are compared as SharePoint does,
 * without regard to ASCII case. */
bool web_address_below(const struct web_address *address, const char *drive_url, char *out,
                       size_t out_size);

#endif
