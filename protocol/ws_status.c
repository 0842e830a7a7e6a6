#include "protocol/ws_status.h"

/* RFC 6455, 7.4.1. */
static const struct {
    uint16_t code;
    const char *text;
} statuses[] = {
    [WS_OK] = {0,    "the connection was closed"                         },
    [WS_NOT_OPEN] = {0,    "the connection is not open"                        },
    [WS_EOF] = {0,    "the connection ended without a closing handshake"  },
    [WS_BAD_HEAD] = {0,    "the answer to the upgrade request is not HTTP"     },
    [WS_BAD_UPGRADE] = {0,    "the server did not accept the upgrade to WebSocket"},
    [WS_RAW_HTTP] = {1002, "the server sent an HTTP answer after the upgrade"  },
    [WS_MASKED] = {1002, "the server sent a masked frame"                    },
    [WS_RESERVED_BIT] = {1002, "the server set a reserved bit"                     },
    [WS_BAD_OPCODE] = {1002, "the server used an unknown frame type"             },
    [WS_BAD_SIZE] = {1002, "the server sent an impossible frame length"        },
    [WS_BAD_CONTROL] = {1002, "the server sent a fragmented or long control frame"},
    [WS_BAD_FRAGMENT] = {1002, "the server mixed up the fragments of a message"    },
    [WS_BAD_TEXT] = {1007, "the server sent text that is not UTF-8"            },
    [WS_BAD_CLOSE] = {1002, "the server sent a bad close code"                  },
    [WS_TOO_BIG] = {1009, "the server sent a message above the limit"         },
    [WS_TOO_MANY_FRAGMENTS] = {1009, "the server sent a message in too many fragments"   },
    [WS_TOO_MANY_CONTROLS] = {1008, "the server sent too many pings or pongs"           },
    [WS_OUTPUT_FULL] = {1008, "the server does not take what is sent to it"       },
    [WS_NO_RANDOM] = {1011, "no random numbers are available"                   },
    [WS_NO_MEMORY] = {1011, "out of memory"                                     },
};

const char *ws_status_text(enum ws_status status)
{
    return statuses[status].text;
}

uint16_t ws_status_close_code(enum ws_status status)
{
    return statuses[status].code;
}
