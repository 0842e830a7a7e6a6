#include "protocol/url.h"

#include <string.h>

#include "protocol/ip_address.h"

static const struct {
    const char *name;
    uint16_t port;
    bool is_secure;
    bool is_web_socket;
} schemes[] = {
    [URL_HTTP] = {"http",  80,  false, false},
    [URL_HTTPS] = {"https", 443, true,  false},
    [URL_WS] = {"ws",    80,  false, true },
    [URL_WSS] = {"wss",   443, true,  true },
};

enum { SCHEME_COUNT = sizeof schemes / sizeof *schemes, MAX_LABEL_SIZE = 63 };

const char *url_verdict_text(enum url_verdict verdict)
{
    static const char *const texts[] = {
        [URL_OK] = "the address is fine",
        [URL_TOO_LONG] = "the address is too long",
        [URL_BAD_CHARACTER] = "the address holds white space or control characters",
        [URL_UNKNOWN_SCHEME] = "the address does not begin with a known scheme",
        [URL_BAD_HOST] = "the host in the address is not a host name",
        [URL_BAD_PORT] = "the port in the address is not a port number",
        [URL_NO_MEMORY] = "out of memory",
        [URL_SCHEME_REFUSED] = "the address is not of an encrypted kind",
        [URL_USERINFO_REFUSED] = "the address carries a user name",
        [URL_ADDRESS_REFUSED] = "the host is given as a number, not by name",
        [URL_HOST_REFUSED] = "the host is not on the list of the service",
        [URL_PORT_REFUSED] = "the port is not the usual one",
    };
    return texts[verdict];
}

bool url_is_secure(const struct url *url)
{
    return schemes[url->scheme].is_secure;
}

/* ASCII only, whatever the locale says. */
static char to_lower(char character)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    if (character >= 'A' && character <= 'Z')
        return letters[character - 'A'];
    return character;
}

static bool is_letter_or_digit(char character)
{
    char lower = to_lower(character);
    return (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
}

static bool equals_ignoring_case(const char *text, const char *other, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (to_lower(text[i]) != to_lower(other[i]))
            return false;
    return true;
}

/* Finds the scheme and returns what follows `://`; NULL when there is none we know. */
static const char *read_scheme(const char *text, enum url_scheme *out)
{
    for (size_t i = 0; i < SCHEME_COUNT; i++) {
        size_t size = strlen(schemes[i].name);
        if (strlen(text) >= size + 3 && equals_ignoring_case(text, schemes[i].name, size) &&
            strncmp(text + size, "://", 3) == 0) {
            *out = (enum url_scheme)i;
            return text + size + 3;
        }
    }
    return NULL;
}

/* Digits only and 1 to 65535; an empty port is refused. */
static bool read_port(const char *text, size_t size, uint16_t *out)
{
    unsigned value = 0;
    if (size == 0 || size > 5)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    if (value == 0 || value > UINT16_MAX)
        return false;
    *out = (uint16_t)value;
    return true;
}

/* Labels of letters, digits, hyphens and underscores, none empty or over 63 bytes. */
static bool is_host_name(const char *host)
{
    size_t label_size = 0;
    for (; *host != 0; host++) {
        if (*host == '.') {
            if (label_size == 0)
                return false;
            label_size = 0;
        } else {
            if (!is_letter_or_digit(*host) && *host != '-' && *host != '_')
                return false;
            if (++label_size > MAX_LABEL_SIZE)
                return false;
        }
    }
    return label_size > 0;
}

/* Whether system resolvers may take the name for an address in one of its odd forms
 * (127.1, 0x7f.1, 2130706433): its last label begins with a digit. No top-level domain
 * does. */
static bool looks_like_address(const char *host)
{
    const char *last = strrchr(host, '.');
    last = last == NULL ? host : last + 1;
    return *last >= '0' && *last <= '9';
}

/* Fills the fields that say what kind of host it is. */
static bool classify_host(struct url *url)
{
    struct ip_address address;
    url->is_address = ip_parse(url->host, &address);
    if (url->is_address) {
        url->is_loopback = ip_is_loopback(&address);
        return url->is_ipv6 == (address.size == 16);
    }
    url->is_loopback = url_host_matches_suffix(url->host, "localhost");
    return !url->is_ipv6 && is_host_name(url->host) && !looks_like_address(url->host);
}

static bool read_host(const char *text, size_t size, struct url *url)
{
    url->is_ipv6 = size >= 2 && text[0] == '[' && text[size - 1] == ']';
    if (url->is_ipv6) {
        text++;
        size -= 2;
    } else if (size > 0 && text[size - 1] == '.') {
        size--;
    }
    if (size == 0 || size > URL_MAX_HOST_SIZE)
        return false;
    for (size_t i = 0; i < size; i++)
        url->host[i] = to_lower(text[i]);
    url->host[size] = 0;
    return classify_host(url);
}

/* The part between `://` and the path: [userinfo@]host[:port]. */
static enum url_verdict read_authority(const char *text, size_t size, struct url *url)
{
    for (size_t i = size; i > 0; i--) {
        if (text[i - 1] != '@')
            continue;
        url->has_userinfo = true;
        text += i;
        size -= i;
        break;
    }
    size_t host_size = size;
    while (host_size > 0 && text[host_size - 1] != ':' && text[host_size - 1] != ']')
        host_size--;
    bool has_port = host_size > 0 && text[host_size - 1] == ':';
    if (has_port) {
        if (!read_port(text + host_size, size - host_size, &url->port))
            return URL_BAD_PORT;
        size = host_size - 1;
    } else {
        url->port = schemes[url->scheme].port;
    }
    return read_host(text, size, url) ? URL_OK : URL_BAD_HOST;
}

/* Controls and the space; bytes from 0x80 are left to who sends the URL. */
static bool has_bad_character(const char *text)
{
    for (; *text != 0; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7F)
            return true;
    return false;
}

static void split_path(const char *text, struct url *url)
{
    size_t path_size = strcspn(text, "?#");
    const char *query = text + path_size;
    if (*query == '?')
        url->query = (struct url_part){query + 1, strcspn(query + 1, "#")};
    else
        url->query = (struct url_part){query, 0};
    url->path = (struct url_part){text, path_size};
}

enum url_verdict url_parse(const char *text, struct url *out)
{
    struct url url = {.size = strnlen(text, URL_MAX_SIZE + 1)};
    if (url.size > URL_MAX_SIZE)
        return URL_TOO_LONG;
    if (has_bad_character(text))
        return URL_BAD_CHARACTER;
    const char *authority = read_scheme(text, &url.scheme);
    if (authority == NULL)
        return URL_UNKNOWN_SCHEME;
    size_t authority_size = strcspn(authority, "/?#");
    enum url_verdict verdict = read_authority(authority, authority_size, &url);
    if (verdict != URL_OK)
        return verdict;
    split_path(authority + authority_size, &url);
    *out = url;
    return URL_OK;
}

static size_t size_without_dot(const char *host)
{
    size_t size = strlen(host);
    return size > 0 && host[size - 1] == '.' ? size - 1 : size;
}

bool url_host_equals(const char *host, const char *other)
{
    size_t size = size_without_dot(host);
    return size > 0 && size == size_without_dot(other) &&
           equals_ignoring_case(host, other, size);
}

bool url_host_matches_suffix(const char *host, const char *suffix)
{
    size_t size = size_without_dot(host);
    size_t suffix_size = size_without_dot(suffix);
    if (suffix_size == 0 || size < suffix_size)
        return false;
    size_t start = size - suffix_size;
    return (start == 0 || host[start - 1] == '.') &&
           equals_ignoring_case(host + start, suffix, suffix_size);
}

bool url_same_origin(const struct url *url, const struct url *other)
{
    return url->scheme == other->scheme && url->port == other->port &&
           url_host_equals(url->host, other->host);
}

static bool is_on_list(const char *host, const struct url_policy *policy)
{
    for (size_t i = 0; i < policy->suffix_count; i++)
        if (url_host_matches_suffix(host, policy->suffixes[i]))
            return true;
    return false;
}

static enum url_verdict check_host(const struct url *url, const struct url_policy *policy)
{
    if (policy->own_host != NULL && url_host_equals(url->host, policy->own_host))
        return URL_OK;
    if (policy->loopback && url->is_loopback)
        return URL_OK;
    if (url->is_address)
        return URL_ADDRESS_REFUSED;
    if (!is_on_list(url->host, policy))
        return URL_HOST_REFUSED;
    if (!policy->any_port && url->port != schemes[url->scheme].port)
        return URL_PORT_REFUSED;
    return URL_OK;
}

enum url_verdict url_check(const struct url *url, const struct url_policy *policy)
{
    if (policy->size_limit > 0 && url->size > policy->size_limit)
        return URL_TOO_LONG;
    if ((!schemes[url->scheme].is_secure && !policy->plain_text_allowed) ||
        (schemes[url->scheme].is_web_socket && !policy->web_socket_allowed))
        return URL_SCHEME_REFUSED;
    if (url->has_userinfo)
        return URL_USERINFO_REFUSED;
    return check_host(url, policy);
}

/* RFC 3986, 3.3: pchar. */
static bool stands_in_segment(char character)
{
    return is_letter_or_digit(character) ||
           (character != 0 && strchr("-._~!$&'()*+,;=:@", character) != NULL);
}

static size_t encoded_size(const char *segment, size_t size)
{
    size_t encoded = 0;
    for (size_t i = 0; i < size; i++)
        encoded += stands_in_segment(segment[i]) ? 1 : 3;
    return encoded;
}

bool url_append_segment(struct bytes *out, const char *segment, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    if ((size == 1 && segment[0] == '.') ||
        (size == 2 && segment[0] == '.' && segment[1] == '.'))
        return false;
    size_t encoded = encoded_size(segment, size);
    uint8_t *room = bytes_reserve(out, encoded);
    if (room == NULL)
        return false;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)segment[i];
        if (stands_in_segment(segment[i])) {
            *room++ = byte;
        } else {
            *room++ = '%';
            *room++ = (uint8_t)digits[byte >> 4];
            *room++ = (uint8_t)digits[byte & 15];
        }
    }
    bytes_commit(out, encoded);
    return true;
}
