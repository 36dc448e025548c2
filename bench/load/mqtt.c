/* MQTT 3.1.1 at quality of service 1, bare. The broker answers each PUBLISH with PUBACK, and so does each member for what it gets.
 * What a member owes is sent after each read; a sender whose own bytes are half sent keeps owing until they are out. */
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNACK = 0x20, PUBLISH = 0x30, PUBACK = 0x40, SUBACK = 0x90, PINGRESP = 0xd0 };
enum { IDS = 65535, OWED = 16 * 1024 };

typedef struct {
    size_t length;
    char bytes[4 * OWED];
} Debt;

static int no_path(char *to, size_t room, const Member *m) {
    (void)to, (void)room, (void)m;
    return 0;
}

static char *put_string(char *p, const char *text, size_t length) {
    *p++ = (char)(length >> 8);
    *p++ = (char)length;
    return mempcpy(p, text, length);
}

static void connect_mqtt(Member *m) {
    char packet[100], name[40], *p = mempcpy(packet, LITERAL("\x10_\0\4MQTT\4\2\0\0")); /* level 4, clean session, no keep alive */
    int length = snprintf(name, sizeof name, "%s%05d", prefix, (int)(m - members));
    p = put_string(p, name, (size_t)length);
    packet[1] = (char)(p - packet - 2);
    say(m, packet, (size_t)(p - packet));
}

static void subscribe(Member *m) {
    char packet[100], *p = mempcpy(packet, LITERAL("\x82_\0\1"));
    p = put_string(p, m->conversation, strlen(m->conversation));
    *p++ = 1;
    packet[1] = (char)(p - packet - 2);
    say(m, packet, (size_t)(p - packet));
}

static size_t mqtt_put(char *to, const Member *m, uint32_t counter) {
    size_t topic = strlen(m->conversation);
    uint32_t id = (counter - 1) % IDS + 1;
    char *p = to;
    *p++ = (char)(PUBLISH | 2);
    char *size = p;
    p = put_string(p + 2, m->conversation, topic);
    *p++ = (char)(id >> 8);
    *p++ = (char)id;
    p = put_payload(p, m, counter);
    size_t rest = (size_t)(p - size - 2); /* between 128 and 16,383: two bytes */
    size[0] = (char)(0x80 | (rest & 0x7f));
    size[1] = (char)(rest >> 7);
    return (size_t)(p - to);
}

/* The newest message that was sent under this id. */
static uint32_t counter_of(const Sender *s, uint32_t id) {
    if (!s || !s->sent || !id) return 0;
    uint32_t back = ((s->sent - 1) % IDS + 1 + IDS - id) % IDS;
    return back < s->sent ? s->sent - back : 0;
}

static Debt *debt_of(Member *m) {
    static Debt *all;
    if (!all) all = calloc((size_t)members_count, sizeof *all);
    if (!all) abort();
    return &all[m - members];
}

static void pay(Member *m, Debt *debt) {
    if (!debt->length || (m->sender && m->sender->out_end) || m->state == CLOSED) return;
    size_t taken = say_bare(m, debt->bytes, debt->length);
    debt->length -= taken;
    memmove(debt->bytes, debt->bytes + taken, debt->length);
    if (debt->length && m->sender) problem(&errors, "sender %d: an acknowledgement is half sent", m->sender_number);
}

static void mqtt_publish(Member *m, const char *f, size_t length, Debt *debt) {
    const unsigned char *h = (const unsigned char *)f;
    size_t topic = length > 2 ? (size_t)(h[0] << 8 | h[1]) : 0;
    if (topic + 4 > length || debt->length + 4 > sizeof debt->bytes) {
        refused(m, f, 0);
        return;
    }
    char *p = debt->bytes + debt->length;
    *p++ = PUBACK;
    *p++ = 2;
    memcpy(p, f + 2 + topic, 2);
    debt->length += 4;
    take_message(m, f + 4 + topic, length - 4 - topic, LITERAL("\"message\":\""));
}

static size_t mqtt_take(Member *m, const char *f, size_t length) {
    Debt *debt = debt_of(m);
    const char *p = f, *end = f + length;
    while (m->state != CLOSED && end - p >= 2) {
        const unsigned char *h = (const unsigned char *)p;
        size_t header = h[1] < 128 ? 2 : 3, rest = h[1];
        if ((size_t)(end - p) < header) break;
        if (header == 3) rest = (rest & 0x7f) | (size_t)h[2] << 7;
        if ((size_t)(end - p) < header + rest) break;
        const char *body = p + header;
        switch (h[0] & 0xf0) {
        case PUBLISH: mqtt_publish(m, body, rest, debt); break;
        case PUBACK: take_answer(m, counter_of(m->sender, (uint32_t)h[2] << 8 | h[3]), "PUBACK", 6); break;
        case CONNACK: subscribe(m); break;
        case SUBACK: enter(m); break;
        case PINGRESP: break;
        default: refused(m, "an unexpected packet", 20);
        }
        p = body + rest;
    }
    pay(m, debt);
    return (size_t)(p - f);
}

const Dialect MQTT = {"mqtt", "\"from_user\":\"", no_path, connect_mqtt, mqtt_put, NULL, false, BARE, mqtt_take, "room"};
