/* What message brokers speak.
 *
 * nats        the protocol of NATS (docs.nats.io, "Client Protocol"): SUB room; PUB room; everybody gets MSG. A broker names no
 *             sender, so the payload does, as an application would write it. Acknowledged by the sender's own copy.
 * jetstream   the same, and PUB names an inbox, to which JetStream answers when it has stored the message
 * …-push      members listen to the subject to which a consumer of JetStream delivers what is stored
 * …-tcp       without WebSocket
 * centrifuge  the first version of its JSON protocol: connect (0), subscribe (1), publish (3), each with a reply of the same id. Several
 *             objects may share a frame, one on a line.
 * …-v2        the second version of the same, where a command and its reply are named, and an empty object is a ping
 * nchan       a WebSocket that publishes what it says and hears what everybody says; no reply, so the sender's own copy acknowledges
 */
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int root_path(char *to, size_t room, const Member *m) {
    (void)m;
    return snprintf(to, room, "/");
}

static void server_speaks_first(Member *m) { (void)m; }

char *put_payload(char *p, const Member *m, uint32_t counter) {
    *p++ = '{';
    p = mempcpy(p, m->sender->from, m->sender->from_length);
    p = mempcpy(p, LITERAL(",\"message\":\""));
    p += put_body(p, (uint32_t)m->sender_number, counter);
    return mempcpy(p, LITERAL("\"}"));
}

static size_t payload_length(const Member *m) { return 1 + m->sender->from_length + 12 + BODY + 2; }

/* ---- nats ---- */

static bool waits_for_replies(const Member *m) { return m->sender && !dialect->acknowledged_by_copy; }

/* Sender NAME gets its replies at _INBOX.NAME.COUNTER. PONG says that all subscriptions are in force. */
static void nats_greet(Member *m) {
    char text[300];
    int number = (int)(m - members);
    int length = snprintf(text, sizeof text, "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"c\",\"version\":\"1\",\"protocol\":1}\r\nSUB %s 1\r\n",
                          m->conversation);
    if (waits_for_replies(m)) length += snprintf(text + length, sizeof text - (size_t)length, "SUB _INBOX.%s%05d.* 2\r\n", prefix, number);
    length += snprintf(text + length, sizeof text - (size_t)length, "PING\r\n");
    say(m, text, (size_t)length);
}

static size_t nats_put(char *to, const Member *m, uint32_t counter) {
    char *p = to + sprintf(to, "PUB %s ", own ? m->conversation : "room");
    if (waits_for_replies(m)) p += sprintf(p, "_INBOX.%s%05d.%u ", prefix, (int)(m - members), counter);
    p += sprintf(p, "%zu\r\n", payload_length(m));
    p = put_payload(p, m, counter);
    p = mempcpy(p, LITERAL("\r\n"));
    return (size_t)(p - to);
}

/* MSG subject sid [reply-to] bytes */
static void nats_message(Member *m, const char *line, const char *stop, const char *payload, size_t length) {
    const char *sid = memchr(line + 4, ' ', (size_t)(stop - line) - 4);
    if (!sid || stop - sid < 4) refused(m, line, (size_t)(stop - line));
    else if (sid[1] == '1') take_message(m, payload, length, LITERAL("\"message\":\""));
    else {
        const char *counter = sid;
        while (counter > line && counter[-1] != '.') counter--;
        bool failed = memmem(payload, length, LITERAL("\"error\"")) || memmem(payload, length, LITERAL("\"duplicate\""));
        take_answer(m, failed ? 0 : (uint32_t)strtoul(counter, NULL, 10), payload, length);
    }
}

static size_t nats_take(Member *m, const char *f, size_t length) {
    const char *p = f, *end = f + length;
    while (m->state != CLOSED && p < end) {
        const char *stop = memchr(p, '\r', (size_t)(end - p));
        if (!stop || stop + 2 > end) break;
        if (stop - p > 4 && !memcmp(p, LITERAL("MSG "))) {
            const char *size = stop;
            while (size[-1] != ' ') size--;
            size_t bytes = strtoul(size, NULL, 10);
            if ((size_t)(end - stop) < 2 + bytes + 2) break;
            nats_message(m, p, stop, stop + 2, bytes);
            p = stop + 2 + bytes + 2;
            continue;
        }
        if (!memcmp(p, LITERAL("INFO")) && m->state == GREETING) {
            if (!m->seq++) nats_greet(m); /* it may repeat itself */
        } else if (!memcmp(p, LITERAL("PONG"))) {
            if (m->state == GREETING) enter(m);
        } else if (!memcmp(p, LITERAL("PING"))) {
            pings++;
            if (!(m->sender && m->sender->out_end)) say(m, LITERAL("PONG\r\n")); /* not inside a frame that is half sent */
        } else if (!memcmp(p, LITERAL("-ERR"))) refused(m, p, (size_t)(stop - p));
        p = stop + 2;
    }
    return (size_t)(p - f);
}

/* ---- centrifuge ---- */

enum { CONNECTED = 1, SUBSCRIBED = 2 }; /* the ids of these commands; message N has the id N + SUBSCRIBED */

static int centrifuge_path(char *to, size_t room, const Member *m) {
    return snprintf(to, room, "/connection/websocket?user=%s%05d", prefix, (int)(m - members));
}

static void centrifuge_greet(Member *m) { say(m, LITERAL("{\"id\":1,\"params\":{}}")); }

static size_t centrifuge_put(char *to, const Member *m, uint32_t counter) {
    char *p = to + sprintf(to, "{\"id\":%u,\"method\":3,\"params\":{\"channel\":\"%s\",\"data\":{\"message\":\"", counter + SUBSCRIBED, m->conversation);
    p += put_body(p, (uint32_t)m->sender_number, counter);
    p = mempcpy(p, LITERAL("\"}}}"));
    return (size_t)(p - to);
}

static void centrifuge_subscribe(Member *m) {
    char text[120];
    int size = snprintf(text, sizeof text, "{\"id\":%d,\"method\":1,\"params\":{\"channel\":\"%s\"}}", SUBSCRIBED, m->conversation);
    say(m, text, (size_t)size);
}

/* ---- centrifuge, second version ---- */

static void centrifuge_v2_greet(Member *m) { say(m, LITERAL("{\"id\":1,\"connect\":{}}")); }

static size_t centrifuge_v2_put(char *to, const Member *m, uint32_t counter) {
    char *p = to + sprintf(to, "{\"id\":%u,\"publish\":{\"channel\":\"%s\",\"data\":{\"message\":\"", counter + SUBSCRIBED, m->conversation);
    p += put_body(p, (uint32_t)m->sender_number, counter);
    p = mempcpy(p, LITERAL("\"}}}"));
    return (size_t)(p - to);
}

static void centrifuge_v2_subscribe(Member *m) {
    char text[120];
    int size = snprintf(text, sizeof text, "{\"id\":%d,\"subscribe\":{\"channel\":\"%s\"}}", SUBSCRIBED, m->conversation);
    say(m, text, (size_t)size);
}

static void centrifuge_ping(Member *m) {
    pings++;
    if (!(m->sender && m->sender->out_end)) say(m, LITERAL("{}")); /* not inside a frame that is half sent */
}

/* ---- both versions ---- */

/* A reply has an id, a publication has none. */
static void centrifuge_object(Member *m, const char *f, size_t length) {
    unsigned long id = length > 6 && !memcmp(f, LITERAL("{\"id\":")) ? strtoul(f + 6, NULL, 10) : 0;
    if (id && memmem(f, length, LITERAL("\"error\":"))) refused(m, f, length);
    else if (id > SUBSCRIBED) take_answer(m, (uint32_t)id - SUBSCRIBED, f, length);
    else if (id == SUBSCRIBED && m->state == GREETING) enter(m);
    else if (id == CONNECTED) {
        if (dialect->upgraded == centrifuge_greet) centrifuge_subscribe(m);
        else centrifuge_v2_subscribe(m);
    } else if (length == 2) centrifuge_ping(m);
    else if (memmem(f, length, LITERAL("\"message\":\""))) take_message(m, f, length, LITERAL("\"message\":\""));
    else refused(m, f, length);
}

static void centrifuge_take(Member *m, const char *f, size_t length) {
    for (const char *end = f + length; f < end && m->state != CLOSED;) {
        const char *stop = memchr(f, '\n', (size_t)(end - f));
        if (!stop) stop = end;
        if (stop > f) centrifuge_object(m, f, (size_t)(stop - f));
        f = stop + 1;
    }
}

/* ---- nchan ---- */

static int nchan_path(char *to, size_t room, const Member *m) { return snprintf(to, room, "/room/%s", m->conversation); }

static size_t nchan_put(char *to, const Member *m, uint32_t counter) { return (size_t)(put_payload(to, m, counter) - to); }

static void nchan_take(Member *m, const char *f, size_t length) { take_message(m, f, length, LITERAL("\"message\":\"")); }

#define NATS "\"from_user\":\"", root_path, server_speaks_first, nats_put, NULL

const Dialect BROKERS[] = {
    {"nats", NATS, true, STREAM, nats_take, "room"},
    {"nats-tcp", NATS, true, BARE, nats_take, "room"},
    {"jetstream", NATS, false, STREAM, nats_take, "room"},
    {"jetstream-tcp", NATS, false, BARE, nats_take, "room"},
    {"jetstream-push", NATS, false, STREAM, nats_take, "delivered"},
    {"centrifuge", "\"user\":\"", centrifuge_path, centrifuge_greet, centrifuge_put, centrifuge_take, false, TEXT, NULL, "room"},
    {"centrifuge-v2", "\"user\":\"", centrifuge_path, centrifuge_v2_greet, centrifuge_v2_put, centrifuge_take, false, TEXT, NULL, "room"},
    {"nchan", "\"from_user\":\"", nchan_path, enter, nchan_put, nchan_take, true, TEXT, NULL, "room"},
};
const size_t BROKERS_COUNT = sizeof BROKERS / sizeof *BROKERS;
