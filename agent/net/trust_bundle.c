#include "agent/net/trust_bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/scope.h"
#include "agent/small_file.h"

enum { MAX_BUNDLE = 8 * 1024 * 1024, READ_SIZE = 64 * 1024 };

const char *trust_bundle_system_path(void)
{
    static const char *const places[] = {
        "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Arch, Gentoo */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, RHEL */
        "/etc/ssl/ca-bundle.pem",                            /* openSUSE */
        "/etc/ssl/cert.pem",                                 /* Alpine */
        "/etc/pki/tls/certs/ca-bundle.crt",
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return NULL;
}

static enum failure_kind append_file(const char *path, struct bytes *out,
                                     struct failure *failure)
{
    SCOPED(scope_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0) {
        uint8_t *room = bytes_reserve(out, READ_SIZE);
        if (room == NULL)
            return failure_set(failure, FAILURE_CONFIG, 126,
                               "the certificates in %s are more than 8 MiB", path);
        got = read(fd, room, READ_SIZE);
        if (got > 0)
            bytes_commit(out, (size_t)got);
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    if (got < 0)
        return failure_set(failure, FAILURE_CONFIG, 126, "cannot read certificates: %s: %s",
                           path, strerror(errno));
    return FAILURE_NONE;
}

enum failure_kind trust_bundle_read(const char *ca_file, struct bytes *out,
                                    struct failure *failure)
{
    const char *system = trust_bundle_system_path();
    if (system == NULL && ca_file == NULL)
        return failure_set(failure, FAILURE_CONFIG, 126,
                           "no certificates to trust on this system: install the package "
                           "ca-certificates");
    if (system != NULL) {
        enum failure_kind kind = append_file(system, out, failure);
        /* A bundle may lack its last line end, and ca_file begins with a line. */
        if (kind != FAILURE_NONE)
            return kind;
        if (!bytes_append_byte(out, '\n'))
            return failure_set(failure, FAILURE_RESOURCE, 0, "no memory");
    }
    return ca_file == NULL ? FAILURE_NONE : append_file(ca_file, out, failure);
}

static enum failure_kind open_combined(const char *ca_file, struct bytes *bundle,
                                       int *out_fd, struct failure *failure)
{
    enum failure_kind kind = trust_bundle_read(ca_file, bundle, failure);
    if (kind != FAILURE_NONE)
        return kind;
    int fd = memfd_create("drive-agent certificates", MFD_CLOEXEC);
    if (fd < 0 || !small_file_write(fd, bytes_front(bundle), bytes_count(bundle))) {
        kind = failure_set(failure, FAILURE_RESOURCE, 0,
                           "cannot keep the certificates in memory: %s", strerror(errno));
        scope_close(&fd);
        return kind;
    }
    *out_fd = fd;
    return FAILURE_NONE;
}

enum failure_kind trust_bundle_open(const char *ca_file, char *out_path, size_t path_size,
                                    int *out_fd, struct failure *failure)
{
    const char *system = trust_bundle_system_path();
    if (ca_file == NULL && system != NULL) {
        (void)snprintf(out_path, path_size, "%s", system);
        *out_fd = -1;
        return FAILURE_NONE;
    }
    struct bytes bundle;
    bytes_init(&bundle, MAX_BUNDLE);
    enum failure_kind kind = open_combined(ca_file, &bundle, out_fd, failure);
    bytes_clear(&bundle);
    if (kind == FAILURE_NONE)
        (void)snprintf(out_path, path_size, "/proc/self/fd/%d", *out_fd);
    return kind;
}
