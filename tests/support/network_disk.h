/* The type of file system that the test says it is on (F-69): this definition takes the
 * place of the C library's in the linked test. To be included by one file of a test. */
#ifndef TESTS_SUPPORT_NETWORK_DISK_H
#define TESTS_SUPPORT_NETWORK_DISK_H

#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static long network_disk_type; /* 0: the truth */

int fstatfs(int fd, struct statfs *out)
{
    int result = (int)syscall(SYS_fstatfs, fd, out);
    if (result == 0 && network_disk_type != 0)
        out->f_type = network_disk_type;
    return result;
}

#endif
