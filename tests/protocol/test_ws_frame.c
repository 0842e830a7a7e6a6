#include "protocol/ws_frame.h"
#include "tests/support/guarded_bytes.h"
#include "tests/support/table.h"

static const struct frame_case {
    const char *name;
    const char *bytes;
    size_t size;
    enum ws_frame_result want;
    uint64_t payload_size;
} frames[] = {
    {"nothing is partial",                  "",                                         0,  WS_FRAME_PARTIAL,      0    },
    {"one byte is partial",                 "\x81",                                     1,  WS_FRAME_PARTIAL,      0    },
    {"short text",                          "\x81\x05",                                 2,  WS_FRAME_READY,        5    },
    {"nothing of the payload is looked at", "\x81\x05Hello",                            7,  WS_FRAME_READY,        5    },
    {"binary",                              "\x82\x7D",                                 2,  WS_FRAME_READY,        125  },
    {"continuation",                        "\x00\x01",                                 2,  WS_FRAME_READY,        1    },
    {"16-bit size",                         "\x81\x7E\x01\x00",                         4,  WS_FRAME_READY,        256  },
    {"16-bit size, cut",                    "\x81\x7E\x01",                             3,  WS_FRAME_PARTIAL,      0    },
    {"16-bit size, highest",                "\x81\x7E\xFF\xFF",                         4,  WS_FRAME_READY,        65535},
    {"16-bit size not minimal",             "\x81\x7E\x00\x05",                         4,  WS_FRAME_READY,        5    }, /* WS-41 */
    {"64-bit size",                         "\x81\x7F\0\0\0\0\0\1\0\0",                 10, WS_FRAME_READY,        65536},
    {"64-bit size, cut",                    "\x81\x7F\0\0\0\0\0\1\0",                   9,  WS_FRAME_PARTIAL,      0    },
    {"64-bit size not minimal",             "\x81\x7F\0\0\0\0\0\0\0\5",                 10, WS_FRAME_READY,        5    },
    {"64-bit size, highest",                "\x82\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10, WS_FRAME_READY,
     INT64_MAX                                                                                                          },
    {"64-bit size with its top bit",        "\x82\x7F\x80",                             3,  WS_FRAME_BAD_SIZE,     0    }, /* WS-42 */
    {"masked by the server",                "\x81\x85",                                 2,  WS_FRAME_MASKED,       0    }, /* WS-37 */
    {"first reserved bit",                  "\xC1",                                     1,  WS_FRAME_RESERVED_BIT, 0    }, /* WS-38 */
    {"second reserved bit",                 "\xA1",                                     1,  WS_FRAME_RESERVED_BIT, 0    },
    {"third reserved bit",                  "\x91",                                     1,  WS_FRAME_RESERVED_BIT, 0    },
    {"the first byte of HTTP",              "H",                                        1,  WS_FRAME_RESERVED_BIT, 0    },
    {"unknown data type",                   "\x83",                                     1,  WS_FRAME_BAD_OPCODE,   0    }, /* WS-39 */
    {"last unknown data type",              "\x87",                                     1,  WS_FRAME_BAD_OPCODE,   0    },
    {"unknown control type",                "\x8B",                                     1,  WS_FRAME_BAD_OPCODE,   0    },
    {"last unknown control type",           "\x8F",                                     1,  WS_FRAME_BAD_OPCODE,   0    },
    {"fragmented close",                    "\x08",                                     1,  WS_FRAME_BAD_FIN,      0    }, /* WS-49 */
    {"fragmented ping",                     "\x09\x00",                                 2,  WS_FRAME_BAD_FIN,      0    },
    {"fragmented pong",                     "\x0A",                                     1,  WS_FRAME_BAD_FIN,      0    },
    {"longest ping",                        "\x89\x7D",                                 2,  WS_FRAME_READY,        125  },
    {"too long ping",                       "\x89\x7E",                                 2,  WS_FRAME_BAD_CONTROL,  0    }, /* WS-48 */
    {"too long close",                      "\x88\x7F",                                 2,  WS_FRAME_BAD_CONTROL,  0    },
};

static void decodes_one_header(const struct frame_case *row)
{
    struct ws_frame_header header = {0};
    struct guarded_bytes bytes = guarded_bytes_new(row->bytes, row->size);
    assert_int_equal(ws_frame_decode(bytes.data, row->size, &header), row->want);
    assert_int_equal(header.payload_size, row->payload_size);
    if (row->want == WS_FRAME_READY) {
        assert_int_equal(header.opcode, bytes.data[0] & 0x0F);
        assert_int_equal(header.is_final, bytes.data[0] >> 7);
        for (size_t size = 0; size < header.header_size; size++)
            assert_int_equal(ws_frame_decode(bytes.data, size, &header), WS_FRAME_PARTIAL);
    }
    guarded_bytes_free(&bytes);
}

static void decodes_what_a_server_sends(void **state)
{
    (void)state;
    CASES(frames, decodes_one_header);
}

static const struct send_case {
    const char *name;
    enum ws_opcode opcode;
    const char *payload;
    const char *key;
    const char *frame;
    size_t size;
} sends[] = {
  /* WS-30 */
    {"a namespace",                  WS_OPCODE_TEXT, "40/notifications,", "\x01\x02\x03\x04",
     "\x81\x91\x01\x02\x03\x04\x35\x32\x2c\x6a\x6e\x76\x6a\x62\x68\x61\x62\x70\x68\x6d\x6d"
     "\x77"
     "\x2d",                                         23},
    {"a pong of Engine.IO",          WS_OPCODE_TEXT, "3",                 "\x01\x02\x03\x04",
     "\x81\x81\x01\x02\x03\x04\x32",                 7 },
    {"the example of RFC 6455, 5.7", WS_OPCODE_TEXT, "Hello",             "\x37\xfa\x21\x3d",
     "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11},
    {"an empty ping has a key too",  WS_OPCODE_PING, "",                  "\x01\x02\x03\x04",
     "\x89\x80\x01\x02\x03\x04",                     6 },
};

static void check_send(const struct send_case *row)
{
    const uint8_t *key = (const uint8_t *)row->key;
    size_t size = strlen(row->payload);
    uint8_t frame[64];
    size_t header = ws_frame_encode(row->opcode, size, key, frame);
    struct guarded_bytes payload = guarded_bytes_new(row->payload, size);
    ws_frame_mask(frame + header, payload.data, size, key);
    guarded_bytes_free(&payload);
    assert_int_equal(header + size, row->size);
    assert_memory_equal(frame, row->frame, row->size);
}

static void encodes_masked_frames(void **state)
{
    (void)state;
    CASES(sends, check_send);
}

static const struct size_case { /* WS-31, WS-40 */
    const char *name;
    uint64_t size;
    size_t header_size;
    uint8_t size_bits;
} sizes[] = {
    {"0",     0,          6,  0x80},
    {"125",   125,        6,  0xFD},
    {"126",   126,        8,  0xFE},
    {"65535", 65535,      8,  0xFE},
    {"65536", 65536,      14, 0xFF},
    {"2^40",  1ULL << 40, 14, 0xFF},
};

static void check_size(const struct size_case *row)
{
    uint8_t frame[WS_FRAME_MAX_HEADER];
    struct ws_frame_header header;
    size_t size =
        ws_frame_encode(WS_OPCODE_BINARY, row->size, (const uint8_t *)"abcd", frame);
    assert_int_equal(size, row->header_size);
    assert_int_equal(frame[1], row->size_bits);
    assert_memory_equal(frame + size - 4, "abcd", 4);
    frame[1] &= 0x7F; /* as a server would have sent it */
    assert_int_equal(ws_frame_decode(frame, size, &header), WS_FRAME_READY);
    assert_int_equal(header.payload_size, row->size);
    assert_int_equal(header.header_size, size - 4);
}

static void takes_the_shortest_length_form(void **state)
{
    (void)state;
    CASES(sizes, check_size);
}

static void masks_each_byte_with_its_key_byte(void **state)
{
    (void)state;
    uint8_t payload[67];
    uint8_t masked[67];
    static const uint8_t key[4] = {0x11, 0x22, 0x44, 0x88};
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 31);
    for (size_t size = 0; size <= sizeof payload; size++) {
        memset(masked, 0xEE, sizeof masked);
        ws_frame_mask(masked, payload, size, key);
        for (size_t i = 0; i < sizeof payload; i++)
            assert_int_equal(masked[i], i < size ? payload[i] ^ key[i % 4] : 0xEE);
        ws_frame_mask(masked, masked, size, key);
        assert_memory_equal(masked, payload, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(decodes_what_a_server_sends),
        TABLE_TEST(encodes_masked_frames),
        TABLE_TEST(takes_the_shortest_length_form),
        TABLE_TEST(masks_each_byte_with_its_key_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
