/* What the tray shows of what the agent tells. */
#include <cjson/cJSON.h>
#include <string.h>

#include "agent/tray/tray_view.h"
#include "tests/support/table.h"

#define MIRROR(more) "{\"name\":\"main\",\"folder\":\"/home/ana/Drive\"" more "}"

static const struct state_case {
    const char *name;
    const char *status; /* NULL: no agent */
    enum tray_state state;
    const char *summary;
    const char *icon;
} states[] = {
    {"no agent",                                  NULL,                                                TRAY_AWAY,    "The agent is not running",                  "drive-agent-paused"   },
    {"in step",                                   "{\"state\":\"idle\",\"mirrors\":[" MIRROR("") "]}", TRAY_FINE,
     "Everything is in step",                                                                                                                                     "drive-agent-fine"     },
    {"work that has a size",
     "{\"state\":\"working\",\"mirrors\":[" MIRROR(
         ",\"done_items\":3,\"total_items\":10,\"done_bytes\":25,\"total_bytes\":100") "]}",
     TRAY_WORKING,                                                                                                   "Working: 3 of 10 items, 25 % of the bytes", "drive-agent-working"  },
    {"work that has none",
     "{\"state\":\"working\",\"mirrors\":[" MIRROR(
         ",\"done_items\":3,\"total_items\":10") "]}",
     TRAY_WORKING,                                                                                                   "Working: 3 of 10 items",                    "drive-agent-working"  },
    {"looking",                                   "{\"state\":\"working\",\"mirrors\":[]}",            TRAY_WORKING,
     "Looking what changed",                                                                                                                                      "drive-agent-working"  },
    {"paused with its reason",
     "{\"state\":\"paused\",\"paused\":true,\"paused_why\":\"the network is metered\"}",               TRAY_PAUSED,  "Paused: the network is metered",            "drive-agent-paused"   },
    {"offline",                                   "{\"state\":\"offline\"}",                           TRAY_PAUSED,  "Offline",                                   "drive-agent-paused"   },
    {"the account wants a person",
     "{\"state\":\"attention\",\"account\":{\"message\":\"sign in\"},\"mirrors\":[" MIRROR(
         ",\"message\":\"later\"") "]}",
     TRAY_ATTENTION,                                                                                                 "sign in",                                   "drive-agent-attention"},
    {"a mirror wants a person, in hostile words",
     "{\"state\":\"attention\",\"mirrors\":[" MIRROR(",\"message\":\"a\\nb\xe2\x80\xae"
                                                     "c\"") "]}",
     TRAY_ATTENTION,                                                                                                 "main: a bc",                                "drive-agent-attention"},
    {"a state of a later version",                "{\"state\":\"dreaming\"}",                          TRAY_FINE,
     "Everything is in step",                                                                                                                                     "drive-agent-fine"     },
};

static void shows_its_state(const struct state_case *row)
{
    cJSON *status = row->status == NULL ? NULL : cJSON_Parse(row->status);
    assert_true(row->status == NULL || status != NULL);
    static struct tray_view view;
    tray_view_make(status, NULL, 0, &view);
    cJSON_Delete(status);
    assert_int_equal(view.state, row->state);
    assert_string_equal(view.summary, row->summary);
    assert_string_equal(tray_view_icon(view.state), row->icon);
}

static void each_state_has_its_words_and_icon(void **state)
{
    (void)state;
    CASES(states, shows_its_state);
}

/* More mirrors and changes than a menu has room for; ids are never given twice. */
static void a_menu_has_an_end_and_ids_of_its_own(void **state)
{
    (void)state;
    cJSON *status = cJSON_CreateObject();
    cJSON *mirrors = cJSON_AddArrayToObject(status, "mirrors");
    for (int i = 0; i < 3 * TRAY_MAX_FOLDERS; i++)
        (void)cJSON_AddItemToArray(mirrors, cJSON_Parse(MIRROR("")));
    const cJSON *changes[2 * TRAY_MAX_CHANGES];
    cJSON *change = cJSON_Parse("{\"mirror\":\"main\",\"operation\":\"update\","
                                "\"path\":\"a_b/c_d.txt\",\"at\":1}");
    for (int i = 0; i < 2 * TRAY_MAX_CHANGES; i++)
        changes[i] = change;
    static struct tray_view view;
    tray_view_make(status, changes, 2 * TRAY_MAX_CHANGES, &view);
    assert_true(view.count <= TRAY_MAX_ENTRIES);
    int opening = 0;
    for (size_t i = 0; i < view.count; i++) {
        const struct tray_entry *entry = &view.entries[i];
        assert_true(entry->id > 0);
        assert_ptr_equal(tray_view_find(&view, entry->id), entry);
        opening += entry->command == TRAY_OPEN ? 1 : 0;
        if (entry->parent == 0)
            continue;
        assert_non_null(strstr(entry->label, "c__d.txt changed"));
        assert_string_equal(entry->path, "/home/ana/Drive/a_b");
    }
    assert_int_equal(opening, TRAY_MAX_FOLDERS + TRAY_MAX_CHANGES);
    cJSON_Delete(change);
    cJSON_Delete(status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(each_state_has_its_words_and_icon),
        cmocka_unit_test(a_menu_has_an_end_and_ids_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
