#include <stdint.h>
#include <stdio.h>

#include "agent/cli/cmd.h"
#include "agent/cli/doctor.h"
#include "agent/cli/output.h"
#include "agent/scope.h"
#include "agent/signals.h"
#include "agent/words.h"

static void add_row(struct doctor *doctor, const char *result, const char *what,
                    const char *finding, const char *mend)
{
    const char *const names[] = {_("result"), _("check"), _("finding"), _("mend")};
    const char *const values[] = {result, what, finding, mend};
    (void)output_row(doctor->output, 4, names, values, "tttt");
}

void doctor_report(struct doctor *doctor, enum doctor_verdict verdict, const char *what,
                   const char *finding, const char *mend)
{
    add_row(doctor, verdict == DOCTOR_OK ? _("ok") : _("warn"), what, finding, mend);
}

void doctor_fail(struct doctor *doctor, enum failure_kind kind, const char *what,
                 const char *finding, const char *mend)
{
    add_row(doctor, _("fail"), what, finding, mend);
    doctor->code = failure_stronger_code(doctor->code, failure_exit_code(kind));
}

int cmd_doctor(const struct cmd_line *line)
{
    SCOPED(cmd_release_config) struct config *config = NULL;
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    signals_ignore_broken_pipes();
    struct doctor doctor = {.config = config};
    doctor.output =
        output_open(stdout, cmd_has(line, "json") ? OUTPUT_JSON : OUTPUT_TABLE, 0);
    if (doctor.output == NULL)
        return cmd_fail_text(FAILURE_RESOURCE, "no memory");
    doctor_check_here(&doctor);
    doctor_check_service(&doctor);
    (void)output_close(doctor.output);
    return doctor.code;
}
