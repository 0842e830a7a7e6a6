/* Texts of the configuration into values. Part of config.h: besides its public parsers,
 * one setter per sort of value for the table of keys.
 *
 * A setter writes `*field` on success only and answers NULL, or what it expects, for the
 * error line: "expects …".
 */
#ifndef AGENT_CONFIG_VALUES_H
#define AGENT_CONFIG_VALUES_H

#include "agent/config.h"

typedef const char *config_set_fn(void *field, const char *value);

config_set_fn config_set_text;      /* char *; the empty text is NULL */
config_set_fn config_set_file;      /* char *; absolute path, empty is NULL */
config_set_fn config_set_folder;    /* char *; absolute path, not empty */
config_set_fn config_set_proxy;     /* char *; with or without a scheme; "" none */
config_set_fn config_set_url;       /* char *; https, no query; the last slash goes */
config_set_fn config_set_cloud;     /* char * */
config_set_fn config_set_tenant;    /* char * */
config_set_fn config_set_access;    /* bool: read-write */
config_set_fn config_set_store;     /* enum config_token_store */
config_set_fn config_set_transfers; /* int */
config_set_fn config_set_rates;     /* struct config: rates and rate_count */
config_set_fn config_set_interval;  /* uint64_t milliseconds */
config_set_fn config_set_count;     /* uint64_t */
config_set_fn config_set_bool;      /* bool */
config_set_fn config_set_hosts;     /* struct config_list of host suffixes */
config_set_fn config_set_drive;     /* char *; one of the five forms */
config_set_fn config_add_path;      /* struct config_list: a folder in the drive */
config_set_fn config_add_pattern;   /* struct config_list */

void config_list_clear(struct config_list *list);

/* Graph and sign-in addresses of a cloud by its name. False: no such cloud. */
bool config_cloud_urls(const char *cloud, const char **out_graph, const char **out_login);
/* Whether an address is the Graph of a known cloud. */
bool config_is_known_graph(const char *graph_url);

#endif
