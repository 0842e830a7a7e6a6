#include <stdio.h>
#include <stdlib.h>

#include "agent/cli/cmd.h"
#include "agent/cli/remote.h"
#include "agent/net/signin.h"
#include "agent/scope.h"
#include "agent/signals.h"
#include "agent/state.h"
#include "agent/threads.h"
#include "agent/words.h"

struct login {
    struct signin *signin;
    struct failure failure;
    bool done;
};

static void on_prompt(void *user, const struct signin_prompt *prompt)
{
    (void)user;
    if (prompt->user_code != NULL)
        (void)printf(_("To sign in, open this page in any browser, on any device:\n\n"
                       "    %s\n\nand type this code there:\n\n    %s\n\n"
                       "Waiting for you ...\n"),
                     prompt->verification_uri, prompt->user_code);
    else if (prompt->opened)
        /* What opens browsers may hang or fail without a word (F-171). */
        (void)printf(
            _("Your browser shows the sign-in page. If it does not, open this page on "
              "this computer:\n\n    %s\n\nWaiting for you ...\n"),
            prompt->browser_url);
    else if (prompt->browser_url != NULL)
        (void)printf(_("Open this page in a browser on this computer:\n\n    %s\n\n"
                       "Waiting for you ...\n"),
                     prompt->browser_url);
    (void)fflush(stdout);
}

static void on_done(void *user, const char *name, const struct failure *failure)
{
    struct login *login = user;
    login->done = true;
    if (failure != NULL && failure->kind != FAILURE_NONE)
        login->failure = *failure;
    else
        (void)printf(name == NULL ? _("Signed in.\n") : _("Signed in as %s.\n"), name);
}

/* A registration of one's own is needed: no program may use another one's. */
static int explain_client_id(const struct config *config)
{
    cmd_note("client_id is missing in %s: this program needs an app registration:",
             config->path);
    cmd_note("  1. open https://entra.microsoft.com: App registrations, New registration");
    cmd_note("  2. account types: any directory and personal accounts");
    cmd_note("  3. Authentication: add the platform \"mobile and desktop\", redirect URI "
             "http://localhost; allow public client flows");
    cmd_note("  4. API permissions: Microsoft Graph, delegated, Files.Read");
    cmd_note("  5. copy its \"Application (client) ID\" behind client_id = in [account]");
    return failure_exit_code(FAILURE_CONFIG);
}

static enum signin_way wanted_way(const struct cmd_line *line)
{
    if (cmd_has(line, "device-code"))
        return SIGNIN_DEVICE_CODE;
    return cmd_has(line, "browser") ? SIGNIN_BROWSER : SIGNIN_AS_FITS;
}

static int sign_in(const struct cmd_line *line, const struct config *config,
                   struct token_store *store)
{
    uv_loop_t loop;
    struct failure failure = {0};
    if (threads_rehearse(&failure) != FAILURE_NONE)
        return cmd_fail(&failure);
    if (uv_loop_init(&loop) != 0)
        return cmd_fail_text(FAILURE_RESOURCE, "no memory");
    const struct signin_request request = {.way = wanted_way(line),
                                           .all_drives = cmd_has(line, "all-drives"),
                                           .prompt = on_prompt,
                                           .done = on_done};
    struct login login = {0};
    login.signin = signin_start(&loop, config, store, &request, &login, &login.failure);
    while (login.signin != NULL && !login.done && uv_run(&loop, UV_RUN_ONCE) != 0) {
    }
    signin_close(login.signin);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop);
    return cmd_fail(&login.failure);
}

/* A running agent takes the new sign-in up, or notices that it is gone. */
static void wake_agent(const struct config *config)
{
    struct cJSON *request = remote_request("login");
    struct remote_answer answer;
    struct failure failure = {0};
    static const struct remote_wait wait = {.timeout_ms = 10000};
    if (request != NULL &&
        remote_ask(config, request, &wait, &answer, &failure) != FAILURE_NONE)
        cmd_note("note: the running agent was not told: %s", failure.text);
}

int cmd_login(const struct cmd_line *line)
{
    SCOPED(cmd_release_config) struct config *config = NULL;
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    code = cmd_exclude(line, "browser", "device-code");
    if (code != 0)
        return code;
    if (config->client_id == NULL)
        return explain_client_id(config);
    signals_ignore_broken_pipes();
    struct failure failure = {0};
    if (state_check_folder(config, &failure) != FAILURE_NONE)
        return cmd_fail(&failure);
    struct token_store *store = token_store_new(config);
    if (store == NULL)
        return cmd_fail_text(FAILURE_RESOURCE, "no memory");
    code = token_store_unlock(store, &failure) == FAILURE_NONE
               ? sign_in(line, config, store)
               : cmd_fail(&failure);
    token_store_free(store);
    if (code == 0)
        wake_agent(config);
    return code;
}

int cmd_logout(const struct cmd_line *line)
{
    SCOPED(cmd_release_config) struct config *config = NULL;
    int code = cmd_load_config(line, &config);
    if (code != 0)
        return code;
    struct failure failure = {0};
    if (state_check_folder(config, &failure) != FAILURE_NONE)
        return cmd_fail(&failure);
    struct token_store *store = token_store_new(config);
    if (store == NULL)
        return cmd_fail_text(FAILURE_RESOURCE, "no memory");
    (void)token_store_forget(store, &failure);
    token_store_free(store);
    code = cmd_fail(&failure);
    if (code == 0)
        wake_agent(config);
    return code;
}
