/* Inside a connection: what connection.c (life, writing, deadlines, the way there) and
 * connection_stack.c (what the server says) share. Nobody else includes this.
 */
#ifndef AGENT_NET_CONNECTION_STACK_H
#define AGENT_NET_CONNECTION_STACK_H

#include "agent/net/connection.h"
#include "agent/net/dial.h"
#include "agent/net/proxy_choice.h"
#include "protocol/proxy.h"
#include "protocol/tls_trust.h"

enum { CONNECTION_READ_SIZE = 16 * 1024, CONNECTION_WRITE_MAX = 1024 * 1024 };

struct connection {
    uv_loop_t *loop;
    uv_timer_t timer; /* wakes; the deadlines below decide */
    bool is_timer_closed;
    enum connection_phase phase;

    struct turn turn;
    struct dial *dial;
    uv_tcp_t *tcp; /* NULL before it is there and after it is gone */
    uv_write_t write;
    bool is_writing;
    struct bytes sending;
    char read_buffer[CONNECTION_READ_SIZE];

    struct proxy_choice proxy_choice;
    struct proxy proxy;
    struct tls_trust *trust;
    struct tls_session **session; /* NULL: none wanted, or left */
    struct tls *tls;
    struct ws *ws;
    struct channel *channel;
    struct channel_config channel_config;
    struct channel_url url; /* our own copy; a secret */
    char *user_agent;

    uint64_t phase_deadline_ms;
    uint64_t setup_deadline_ms;
    uint64_t probe_deadline_ms;
    uint64_t leave_deadline_ms;

    bool is_told; /* on_end has been called */
    bool is_left; /* connection_leave() has been called */
    bool is_judging;
    struct connection_callbacks callbacks;
    void *user;
};

/* connection.c */

/* Tells the owner, once, and goes to LEAVING. */
void connection_tell_end(struct connection *connection, const struct connection_end *why);
/* The same for an end of our own making, and hangs up. */
void connection_fail(struct connection *connection, enum failure_kind kind, int number,
                     const char *what);
void connection_enter(struct connection *connection, enum connection_phase phase);
void connection_hang_up(struct connection *connection);
/* The farewell lasts no longer than that from now; never longer than was said before. */
void connection_leave_within(struct connection *connection, uint64_t limit_ms);
/* The channel's messages into the WebSocket, its frames into TLS … */
void connection_push_down(struct connection *connection);
/* … and what TLS makes of them into the socket. */
void connection_flush(struct connection *connection);

/* connection_stack.c */

/* TCP, or the tunnel, is there. */
void connection_start_tls(struct connection *connection);
void connection_take_bytes(struct connection *connection, const uint8_t *bytes,
                           size_t size);
/* The stream ended. */
void connection_take_end(struct connection *connection);
/* Time is over: a refusal whose head is there is told without the rest of its body
 * (WS-14). */
bool connection_take_refusal(struct connection *connection);
void connection_take_events(struct connection *connection);

#endif
