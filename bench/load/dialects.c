/* What the servers speak: where to connect, how to greet, what a message looks like, what comes back.
 *
 * simple    GET /ws/NAME; {"message":…}; everybody gets {"type":"message","from_user":…,"message":…}
 * v1        GET /api/v1/ws; hello with a token, then caught_up; send is answered with ok; everybody gets message.created
 * socketio  the simple dialect's objects as Socket.IO events (protocol 5) over Engine.IO (protocol 4), WebSocket only
 *
 * Those of NATS, centrifuge and nchan are in brokers.c, that of MQTT in mqtt.c.
 */
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const Dialect *dialect;

static bool starts(const char *f, size_t length, const char *with, size_t with_length) {
    return length >= with_length && !memcmp(f, with, with_length);
}

void refused(const Member *m, const char *f, size_t length) {
    problem(&errors, "member %d: %.*s", (int)(m - members), (int)(length > 300 ? 300 : length), f);
}

/* Whatever is no message: joined, left, presence. An error is a problem. */
static void other(const Member *m, const char *f, size_t length) {
    other_frames++;
    if (memmem(f, length, LITERAL("\"type\":\"error\""))) refused(m, f, length);
}

/* ---- simple ---- */

static int simple_path(char *to, size_t room, const Member *m) { return snprintf(to, room, "/ws/%s%05d", prefix, (int)(m - members)); }

static size_t simple_put(char *to, const Member *m, uint32_t counter) {
    char *p = mempcpy(to, LITERAL("{\"message\":\""));
    p += put_body(p, (uint32_t)m->sender_number, counter);
    p = mempcpy(p, LITERAL("\",\"to_user\":\"\"}"));
    return (size_t)(p - to);
}

static void simple_take(Member *m, const char *f, size_t length) {
    if (starts(f, length, LITERAL("{\"type\":\"message\"")) || memmem(f, length, LITERAL("\"type\":\"message\""))) /* at once, as a rule */
        take_message(m, f, length, LITERAL("\"message\":\""));
    else other(m, f, length);
}

/* ---- v1 ---- */

static int v1_path(char *to, size_t room, const Member *m) {
    (void)m;
    return snprintf(to, room, "/api/v1/ws");
}

static void v1_hello(Member *m) {
    char hello[300];
    int length = snprintf(hello, sizeof hello, "{\"type\":\"hello\",\"id\":0,\"token\":\"%s\"}", m->token);
    say(m, hello, (size_t)length);
}

static size_t v1_put(char *to, const Member *m, uint32_t counter) {
    char *p = to + sprintf(to, "{\"type\":\"send\",\"id\":%u,\"client_id\":\"%04d:%08u\",\"conversation\":\"%s\",\"text\":\"", counter,
                           m->sender_number, counter, m->conversation);
    p += put_body(p, (uint32_t)m->sender_number, counter);
    p = mempcpy(p, LITERAL("\"}"));
    return (size_t)(p - to);
}

static void v1_ok(Member *m, const char *f, size_t length) {
    const char *id = memmem(f, length, LITERAL("\"id\":"));
    bool again = memmem(f, length, LITERAL("\"duplicate\":true"));
    take_answer(m, id && !again ? (uint32_t)strtoul(id + 5, NULL, 10) : 0, f, length);
}

/* The log of a conversation is dense: each event follows the one before. */
static void v1_event(Member *m, const char *f, size_t length) {
    static size_t place = 0;
    if (!place || place >= length || memcmp(f + place, LITERAL("\"seq\":"))) {
        const char *found = memmem(f, length, LITERAL("\"seq\":"));
        place = found ? (size_t)(found - f) : 0;
    }
    uint64_t seq = place ? strtoull(f + place + 6, NULL, 10) : 0;
    if (m->seq && seq != m->seq + 1) problem(seq > m->seq ? &missing : &doubled_or_late, "member %d: seq %llu after %llu", (int)(m - members), (unsigned long long)seq, (unsigned long long)m->seq);
    m->seq = seq;
    take_message(m, f, length, LITERAL("\"text\":\""));
}

static void v1_take(Member *m, const char *f, size_t length) {
    if (starts(f, length, LITERAL("{\"type\":\"message.created\""))) v1_event(m, f, length);
    else if (memmem(f, length, LITERAL("\"type\":\"ok\""))) v1_ok(m, f, length);
    else if (memmem(f, length, LITERAL("\"type\":\"message.created\""))) v1_event(m, f, length);
    else if (m->state == GREETING && memmem(f, length, LITERAL("\"type\":\"caught_up\""))) enter(m);
    else other(m, f, length);
}

/* ---- socketio ---- */

static int socketio_path(char *to, size_t room, const Member *m) {
    return snprintf(to, room, "/socket.io/?EIO=4&transport=websocket&user_id=%s%05d", prefix, (int)(m - members));
}

static void socketio_wait(Member *m) { (void)m; } /* the server speaks first */

static size_t socketio_put(char *to, const Member *m, uint32_t counter) {
    char *p = mempcpy(to, LITERAL("42[\"message\","));
    p += simple_put(p, m, counter);
    *p++ = ']';
    return (size_t)(p - to);
}

static void socketio_take(Member *m, const char *f, size_t length) {
    if (starts(f, length, LITERAL("42[\"message\","))) take_message(m, f, length, LITERAL("\"message\":\""));
    else if (starts(f, length, LITERAL("2"))) {
        pings++;
        if (!(m->sender && m->sender->out_end)) say(m, LITERAL("3")); /* not inside a frame that is half sent */
    } else if (starts(f, length, LITERAL("0{"))) say(m, LITERAL("40"));
    else if (starts(f, length, LITERAL("40"))) enter(m);
    else refused(m, f, length);
}

static const Dialect DIALECTS[] = {
    {"simple", "\"from_user\":\"", simple_path, enter, simple_put, simple_take, true, TEXT, NULL, NULL},
    {"v1", "\"sender\":\"", v1_path, v1_hello, v1_put, v1_take, false, TEXT, NULL, "lobby"},
    {"socketio", "\"from_user\":\"", socketio_path, socketio_wait, socketio_put, socketio_take, true, TEXT, NULL, NULL},
};

static bool choose_among(const Dialect *those, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(those[i].name, name)) {
            dialect = &those[i];
            return true;
        }
    return false;
}

bool choose_dialect(const char *name) {
    return choose_among(DIALECTS, sizeof DIALECTS / sizeof *DIALECTS, name) || choose_among(BROKERS, BROKERS_COUNT, name) ||
           choose_among(&MQTT, 1, name);
}
