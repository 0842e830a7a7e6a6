#include "protocol/tls_status.h"

const char *tls_status_text(enum tls_status status)
{
    static const char *const texts[] = {
        [TLS_OK] = "the server ended the connection",
        [TLS_EOF] = "the connection was cut",
        [TLS_NOT_READY] = "the connection is not open",
        [TLS_EXPIRED] = "the server's certificate has expired",
        [TLS_NOT_YET_VALID] =
            "the server's certificate is not yet valid (is this computer's clock right?)",
        [TLS_WRONG_NAME] = "the server's certificate is for another name",
        [TLS_UNKNOWN_ISSUER] = "the server's certificate comes from an unknown issuer",
        [TLS_REVOKED] = "the server's certificate has been revoked",
        [TLS_BAD_LIST] = "the revocation list is out of date or not trusted",
        [TLS_WEAK] = "the server's certificate is too weak to be trusted",
        [TLS_WRONG_USAGE] = "the server's certificate is not meant for servers",
        [TLS_BAD_CERTIFICATE] = "the server's certificate cannot be used",
        [TLS_REFUSED] = "the server refused the secure connection (is its TLS too old?)",
        [TLS_BROKEN] = "no secure connection came about",
        [TLS_OUTPUT_FULL] = "the server does not take what is sent to it",
        [TLS_NO_MEMORY] = "out of memory",
        [TLS_NO_RANDOM] = "no random numbers are available",
        [TLS_BAD_PEM] = "there is no readable certificate or list in it",
    };
    return texts[status];
}
