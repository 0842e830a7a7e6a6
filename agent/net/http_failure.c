/* Codes of curl as failures: http_operation.h, http_failure_of_curl(). */
#include "agent/net/http_operation.h"
#include "agent/words.h"

enum { /* of X509_verify_cert(), stable numbers of OpenSSL */
       VERIFY_NOT_YET_VALID = 9,
       VERIFY_EXPIRED = 10
};

static long ask(CURL *easy, CURLINFO info)
{
    long number = 0;
    (void)curl_easy_getinfo(easy, info, &number);
    return number;
}

static void of_certificate(const struct http_operation *operation, struct failure *out)
{
    long why = ask(operation->easy, CURLINFO_SSL_VERIFYRESULT);
    if (why == VERIFY_NOT_YET_VALID || why == VERIFY_EXPIRED)
        (void)failure_set(out, FAILURE_PROTOCOL, 126,
                          why == VERIFY_EXPIRED
                              ? N_("%s shows a certificate that has expired: nothing was "
                                   "sent; is this computer's clock right?")
                              : N_("%s shows a certificate that is not yet valid: nothing "
                                   "was sent; is this computer's clock right?"),
                          operation->host);
    else
        (void)failure_set(
            out, FAILURE_PROTOCOL, 126,
            "%s is not trusted: nothing was sent; a proxy that inspects needs "
            "its certificate in ca_file",
            operation->host);
}

static void of_timeout(const struct http_operation *operation, struct failure *out)
{
    if (!operation->has_head)
        (void)failure_set(out, FAILURE_TRANSIENT, 125, "%s does not answer in time",
                          operation->host);
    else
        (void)failure_set(out, FAILURE_TRANSIENT, 106, "%s has stopped sending",
                          operation->host);
}

static void of_other(const struct http_operation *operation, CURLcode code,
                     struct failure *out)
{
    long proxy_status = ask(operation->easy, CURLINFO_HTTP_CONNECTCODE);
    if (code == CURLE_PROXY || proxy_status >= 300)
        (void)failure_set(out, FAILURE_TRANSIENT, 128,
                          proxy_status == 407
                              ? N_("the proxy refuses %s (status %ld): it wants a name and "
                                   "a password")
                              : N_("the proxy refuses %s (status %ld)"),
                          operation->host, proxy_status);
    else
        (void)failure_set(out, FAILURE_TRANSIENT, 130, "the connection to %s broke: %s",
                          operation->host, curl_easy_strerror(code));
}

void http_failure_of_curl(const struct http_operation *operation, CURLcode code,
                          struct failure *out)
{
    switch ((int)code) { /* curl has a hundred codes and more to come */
    case CURLE_PEER_FAILED_VERIFICATION:
        of_certificate(operation, out);
        break;
    case CURLE_OPERATION_TIMEDOUT:
        of_timeout(operation, out);
        break;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
        (void)failure_set(out, FAILURE_TRANSIENT, 125, "cannot reach %s: %s",
                          operation->host, curl_easy_strerror(code));
        break;
    case CURLE_SSL_CONNECT_ERROR:
        (void)failure_set(out, FAILURE_TRANSIENT, 126,
                          "no secure connection to %s could be made", operation->host);
        break;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
        (void)failure_set(out, FAILURE_TRANSIENT, 97, "%s ended its answer early",
                          operation->host);
        break;
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
        (void)failure_set(out, FAILURE_PROTOCOL, 122, "unusable answer of %s: %s",
                          operation->host, curl_easy_strerror(code));
        break;
    case CURLE_SSL_CACERT_BADFILE:
        (void)failure_set(out, FAILURE_CONFIG, 126, "the certificates cannot be read");
        break;
    case CURLE_OUT_OF_MEMORY:
        (void)failure_set(out, FAILURE_RESOURCE, 0, "no memory");
        break;
    default:
        of_other(operation, code, out);
    }
}
