/* How the modules of the WebSocket client answer, and why a connection ended. RFC 6455,
 * 7.4.1. Shared by ws.h, ws_message.h and ws_queue.h.
 */
#ifndef PROTOCOL_WS_STATUS_H
#define PROTOCOL_WS_STATUS_H

#include <stdint.h>

/* Why a connection ended, or why a call was refused. */
enum ws_status {
    WS_OK,                 /* closed by a Close frame, ours or theirs */
    WS_NOT_OPEN,           /* nothing can be sent now; or: closed by us before OPEN */
    WS_EOF,                /* the stream ended without a Close frame (WS-63) */
    WS_BAD_HEAD,           /* the answer to the request is not HTTP (WS-18, WS-19) */
    WS_BAD_UPGRADE,        /* a 101 that does not accept our request (WS-10 to WS-12) */
    WS_RAW_HTTP,           /* an HTTP answer where frames should be: another Engine.IO
                              generation may be wanted (Engine.IO v4, Handshake) */
    WS_MASKED,             /* WS-37 */
    WS_RESERVED_BIT,       /* WS-38 */
    WS_BAD_OPCODE,         /* WS-39 */
    WS_BAD_SIZE,           /* WS-42 */
    WS_BAD_CONTROL,        /* control frame too long or fragmented (WS-48, WS-49) */
    WS_BAD_FRAGMENT,       /* WS-46, WS-47 */
    WS_BAD_TEXT,           /* WS-50, WS-60 */
    WS_BAD_CLOSE,          /* WS-58, WS-59 */
    WS_TOO_BIG,            /* WS-43 */
    WS_TOO_MANY_FRAGMENTS, /* WS-44 */
    WS_TOO_MANY_CONTROLS,  /* pings or pongs above the limit per minute */
    WS_OUTPUT_FULL,        /* WS-55 */
    WS_NO_RANDOM,          /* the random callback answered false */
    WS_NO_MEMORY,
};

/* One sentence for people, without a full stop. Static. */
const char *ws_status_text(enum ws_status status);

/* The code of the Close frame that tells the server so; 0: none is sent. */
uint16_t ws_status_close_code(enum ws_status status);

#endif
