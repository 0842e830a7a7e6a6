/* How the TLS modules answer, and why a connection ended: in words that tell a person
 * what to do (F-126). Shared by tls.h and tls_trust.h.
 */
#ifndef PROTOCOL_TLS_STATUS_H
#define PROTOCOL_TLS_STATUS_H

enum tls_status {
    TLS_OK,              /* ended by close_notify */
    TLS_EOF,             /* the stream ended without close_notify: it may be cut (WS-27) */
    TLS_NOT_READY,       /* answer of tls_write(): before READY or after the end */
    TLS_EXPIRED,         /* a certificate of the chain is over */
    TLS_NOT_YET_VALID,   /* ... or not begun; often it is our clock (F-126) */
    TLS_WRONG_NAME,      /* the certificate is for another host */
    TLS_UNKNOWN_ISSUER,  /* nobody in the trust set vouches for it; also self-signed */
    TLS_REVOKED,         /* a revocation list names it */
    TLS_BAD_LIST,        /* a revocation list is out of date or not trusted */
    TLS_WEAK,            /* an algorithm or key that can be broken */
    TLS_WRONG_USAGE,     /* the certificate is not for servers */
    TLS_BAD_CERTIFICATE, /* unreadable, missing, or wrong in another way */
    TLS_REFUSED,         /* the server sent a fatal alert */
    TLS_BROKEN,          /* not TLS, no version or cipher in common, damaged data */
    TLS_OUTPUT_FULL,     /* the server does not take what is sent to it */
    TLS_NO_MEMORY,
    TLS_NO_RANDOM,
    TLS_BAD_PEM, /* answer of tls_trust_add_x(): nothing usable in it */
};

/* One sentence for people, without a full stop. Static. */
const char *tls_status_text(enum tls_status status);

#endif
