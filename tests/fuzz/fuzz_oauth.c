/* Any answer of the sign-in service must be read or refused. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/oauth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oauth_tokens tokens;
    struct oauth_error error;
    struct oauth_device device;
    if (oauth_token_parse(200, data, size, &tokens, &error) == OAUTH_OK)
        oauth_tokens_clear(&tokens);
    if (oauth_token_parse(400, data, size, &tokens, &error) == OAUTH_OK)
        __builtin_trap();
    (void)oauth_device_parse(data, size, &device);
    char *text = malloc(size + 1);
    if (text != NULL) {
        memcpy(text, data, size);
        text[size] = 0;
        char claims[512];
        (void)oauth_challenge_claims(text, claims, sizeof claims);
    }
    free(text);
    return 0;
}
