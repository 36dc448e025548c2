/* The load generator: N WebSocket members in one thread, of which S send with F messages in flight each.
 *
 *   load --port P [--members N] [--senders S] [--flight F] [--warmup s] [--seconds s] [--max-messages n] [--prefix name]
 *   load --port P --members N --idle s       connect, hold for s seconds, leave
 *
 * A message is acknowledged when its sender receives it back. Every member must receive every message once, whole, and
 * in the order of its sender; whatever is missing, doubled, out of order or damaged fails the run (exit status 1).
 * Standard output is one JSON object a line: events ("connected", "window", "window_end") and at last the result.
 *
 * Frames are expected as compact JSON that contains "type":"message", "from_user":"…" and "message":"…".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BODY = 100,               /* bytes of text in a message: "SSSS:CCCCCCCC:" and padding */
    BODY_ID = 14,
    OUT_FRAME = 8 + 160,      /* room for one outgoing frame: header, mask, JSON */
    BUFFER = 256 * 1024,      /* one read; also the largest frame understood */
    CONNECTING_AT_ONCE = 64,
    PADS = 1024,
    TIMES = 1 << 16,          /* send times remembered per sender */
    SAMPLE = 16,              /* every 16th message is timed at every member */
    BUCKETS = 64 * 48,
    EVENTS = 512,
};
static const double CONNECT_LIMIT = 60, DRAIN_LIMIT = 30, GRACE = 0.2;

#define LITERAL(s) s, sizeof(s) - 1
#define MESSAGE_START "{\"type\":\"message\""
#define TEXT_KEY "\"message\":\""

typedef struct {
    uint64_t count[BUCKETS], total;
} Histogram;

typedef struct Sender {
    uint32_t sent, acked;
    char from[64]; /* "from_user":"NAME" */
    size_t from_length;
    uint64_t *times;
    char *out; /* frames that the socket has not taken yet */
    size_t out_start, out_end;
} Sender;

typedef struct {
    int fd;
    enum { NEW, CONNECTING, UPGRADING, OPEN, CLOSED } state;
    bool waits_to_write;
    Sender *sender;
    int sender_number;
    uint32_t *last; /* by sender: the counter of the newest message received, 0 before the first */
    char *rest;     /* the beginning of a frame whose end has not arrived */
    size_t rest_length, rest_room;
} Member;

static int port = 0, members_count = 100, senders_count = 1, flight = 1;
static double warmup = 1, seconds = 4, idle = -1;
static uint64_t max_messages = 2000000;
static const char *prefix = "bench";

static Member *members;
static Sender *senders;
static int poll_fd, opened, connecting, next_to_connect;
static bool sending;
static uint64_t now, window_start;
static uint64_t sent_total, acked_total, frames_total, bytes_total, other_frames, pings;
static uint64_t missing, doubled_or_late, damaged, errors;
static char first_problem[400];
static Histogram own_latency, all_latency;
static char pad[PADS + BODY], buffer[BUFFER];

/* ---- small things ---- */

static uint64_t clock_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static double since(uint64_t start) { return (double)(clock_ns() - start) / 1e9; }

static double cpu_seconds(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

__attribute__((format(printf, 2, 3))) static void problem(uint64_t *counter, const char *format, ...) {
    if (++*counter == 1 && !first_problem[0]) {
        va_list a;
        va_start(a, format);
        vsnprintf(first_problem, sizeof first_problem, format, a);
        va_end(a);
        for (char *c = first_problem; *c; c++) /* it is printed inside JSON */
            if (*c == '"') *c = '\''; else if (*c == '\\') *c = '/'; else if ((unsigned char)*c < 32 || (unsigned char)*c > 126) *c = ' ';
    }
}

/* Microseconds, exact below 128 and within 1/64 above. */
static void record(Histogram *h, uint64_t ns) {
    uint64_t us = ns / 1000;
    int shift = us < 128 ? 0 : 63 - __builtin_clzll(us) - 6;
    uint64_t bucket = (uint64_t)shift * 64 + (us >> shift);
    h->count[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    h->total++;
}

static double percentile_ms(const Histogram *h, double part) {
    uint64_t wanted = (uint64_t)((double)h->total * part), seen = 0;
    for (uint64_t i = 0; i < BUCKETS; i++) {
        seen += h->count[i];
        if (h->count[i] && seen > wanted) {
            uint64_t shift = i < 128 ? 0 : i / 64 - 1;
            return (double)((i - shift * 64) << shift) / 1000;
        }
    }
    return 0;
}

/* ---- members ---- */

static void leave(Member *m) {
    if (m->state == OPEN) opened--;
    if (m->state == CONNECTING || m->state == UPGRADING) connecting--;
    if (m->fd >= 0) close(m->fd);
    m->fd = -1;
    m->state = CLOSED;
}

static void watch(Member *m, bool write) {
    struct epoll_event e = {.events = EPOLLIN | (write ? (uint32_t)EPOLLOUT : 0), .data.ptr = m};
    int how = m->state == CONNECTING && write ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(poll_fd, how, m->fd, &e)) problem(&errors, "epoll_ctl: %s", strerror(errno));
    m->waits_to_write = write;
}

static void connect_member(Member *m) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    m->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    m->state = CONNECTING;
    connecting++;
    if (m->fd < 0) {
        problem(&errors, "socket: %s", strerror(errno));
        leave(m);
        return;
    }
    setsockopt(m->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(m->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) {
        problem(&errors, "connect: %s", strerror(errno));
        leave(m);
        return;
    }
    watch(m, true);
}

static void ask_for_upgrade(Member *m) {
    char request[400];
    int length = snprintf(request, sizeof request,
                          "GET /ws/%s%05d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                          prefix, (int)(m - members), port);
    int trouble = 0;
    socklen_t size = sizeof trouble;
    getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &trouble, &size);
    if (trouble || send(m->fd, request, (size_t)length, MSG_NOSIGNAL) != length) {
        problem(&errors, "connect: %s", strerror(trouble ? trouble : errno));
        leave(m);
        return;
    }
    m->state = UPGRADING;
    watch(m, false);
}

/* Returns what follows the response, or NULL when it is not whole yet or was a refusal. */
static char *read_upgrade(Member *m, char *from, char *end) {
    char *stop = memmem(from, (size_t)(end - from), LITERAL("\r\n\r\n"));
    if (!stop) return NULL;
    if (memcmp(from, LITERAL("HTTP/1.1 101")) || !memmem(from, (size_t)(stop - from), LITERAL("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))) {
        problem(&errors, "member %d: no upgrade: %.*s", (int)(m - members), (int)(stop - from > 60 ? 60 : stop - from), from);
        leave(m);
        return NULL;
    }
    m->state = OPEN;
    connecting--;
    opened++;
    return stop + 4;
}

/* ---- sending ---- */

static void put_digits(char *to, uint32_t value, int digits) {
    while (digits--) to[digits] = (char)('0' + value % 10), value /= 10;
}

static const char *padding(uint32_t sender, uint32_t counter) { return pad + ((sender * 31 + counter * 7) & (PADS - 1)); }

static void put_frame(Sender *s, uint32_t number, uint32_t counter) {
    static const unsigned char mask[4] = {0x5a, 0xc3, 0x17, 0x9e};
    char *frame = s->out + s->out_end, *text = frame + 8, *p = text;
    p = mempcpy(p, LITERAL("{\"message\":\""));
    put_digits(p, number, 4);
    p[4] = ':';
    put_digits(p + 5, counter, 8);
    p[13] = ':';
    p = mempcpy(p + BODY_ID, padding(number, counter), BODY - BODY_ID);
    p = mempcpy(p, LITERAL("\",\"to_user\":\"\"}"));
    size_t length = (size_t)(p - text);
    frame[0] = (char)0x81;
    frame[1] = (char)(0x80 | 126);
    frame[2] = (char)(length >> 8);
    frame[3] = (char)length;
    memcpy(frame + 4, mask, 4);
    for (size_t i = 0; i < length; i++) text[i] = (char)(text[i] ^ mask[i & 3]);
    s->out_end += 8 + length;
}

static void flush(Member *m) {
    Sender *s = m->sender;
    ssize_t n = send(m->fd, s->out + s->out_start, s->out_end - s->out_start, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        problem(&errors, "sender %d: send: %s", m->sender_number, strerror(errno));
        leave(m);
        return;
    }
    if (n > 0) s->out_start += (size_t)n;
    if (s->out_start == s->out_end) s->out_start = s->out_end = 0;
    bool more = s->out_end > 0;
    if (more != m->waits_to_write) watch(m, more);
}

static void fill(Member *m) {
    Sender *s = m->sender;
    if (!sending || m->state != OPEN || s->out_end) return;
    uint64_t time = clock_ns();
    while (s->sent - s->acked < (uint32_t)flight) {
        s->sent++;
        sent_total++;
        s->times[s->sent % TIMES] = time;
        put_frame(s, (uint32_t)m->sender_number, s->sent);
    }
    if (s->out_end) flush(m);
}

/* ---- receiving ---- */

static bool number_at(const char *p, int digits, uint32_t *value) {
    uint32_t v = 0;
    for (int i = 0; i < digits; i++) {
        unsigned d = (unsigned char)p[i] - '0';
        if (d > 9) return false;
        v = v * 10 + d;
    }
    *value = v;
    return true;
}

/* Everything else than a message: joined, left and sent are skipped, an error is a problem. */
static void other_text(const char *f, size_t length) {
    other_frames++;
    if (memmem(f, length, LITERAL("\"type\":\"error\""))) problem(&errors, "error frame: %.*s", (int)(length > 300 ? 300 : length), f);
}

/* Where in a frame the text begins hardly changes from frame to frame, counted from the end: look there first. */
static const char *find_text(const char *f, size_t length) {
    static size_t from_end = 0;
    if (from_end && from_end < length && !memcmp(f + length - from_end, LITERAL(TEXT_KEY))) return f + length - from_end + sizeof TEXT_KEY - 1;
    const char *key = memmem(f, length, LITERAL(TEXT_KEY));
    if (!key) return NULL;
    from_end = length - (size_t)(key - f);
    return key + sizeof TEXT_KEY - 1;
}

static bool comes_from(const Sender *s, const char *f, size_t length, const char *text) {
    static ptrdiff_t before = 0;
    const char *guess = text - before;
    if (before && guess >= f && !memcmp(guess, s->from, s->from_length)) return true;
    const char *found = memmem(f, length, s->from, s->from_length);
    if (!found) return false;
    if (found < text) before = text - found;
    return true;
}

static void message(Member *m, const char *f, size_t length) {
    uint32_t number, counter;
    const char *text = find_text(f, length);
    frames_total++;
    if (!text || text + BODY >= f + length || text[BODY] != '"' || !number_at(text, 4, &number) || !number_at(text + 5, 8, &counter) ||
        text[4] != ':' || text[13] != ':' || number >= (uint32_t)senders_count || counter == 0 || counter > senders[number].sent ||
        memcmp(text + BODY_ID, padding(number, counter), BODY - BODY_ID) || !comes_from(&senders[number], f, length, text)) {
        problem(&damaged, "member %d: not a message of this run: %.*s", (int)(m - members), (int)(length > 300 ? 300 : length), f);
        return;
    }
    uint32_t last = m->last[number];
    if (counter <= last) {
        problem(&doubled_or_late, "member %d: message %u of sender %u after %u", (int)(m - members), counter, number, last);
        return;
    }
    if (counter > last + 1) {
        problem(&missing, "member %d: message %u of sender %u after %u", (int)(m - members), counter, number, last);
        missing += counter - last - 2;
    }
    m->last[number] = counter;

    Sender *s = &senders[number];
    if (m->sender == s) {
        uint64_t time = s->times[counter % TIMES];
        acked_total += counter - s->acked;
        s->acked = counter;
        if (window_start && time >= window_start) record(&own_latency, now - time);
    }
    if (counter % SAMPLE == 0 && s->sent - counter < TIMES) {
        uint64_t time = s->times[counter % TIMES];
        if (window_start && time >= window_start) record(&all_latency, now - time);
    }
}

static void control(Member *m, int opcode, const char *f, size_t length) {
    if (opcode == 0x9 && length < 126) { /* ping: answer with the same bytes under a mask of zeros */
        char pong[6 + 125] = {(char)0x8a, (char)(0x80 | length)};
        memcpy(pong + 6, f, length);
        pings++;
        /* Between two frames of a sender only, else it would stand inside one. */
        if (!(m->sender && m->sender->out_end) && send(m->fd, pong, 6 + length, MSG_NOSIGNAL) < 0) problem(&errors, "pong: %s", strerror(errno));
    } else if (opcode == 0x8) {
        int code = length >= 2 ? (unsigned char)f[0] << 8 | (unsigned char)f[1] : 1005;
        problem(&errors, "member %d: closed by the server with %d", (int)(m - members), code);
        leave(m);
    } else if (opcode != 0xa) {
        problem(&errors, "member %d: unexpected opcode %d", (int)(m - members), opcode);
        leave(m);
    }
}

/* Takes whole frames; returns where the first one begins that is not whole. */
static char *take_frames(Member *m, char *p, char *end) {
    while (m->state == OPEN && end - p >= 2) {
        const unsigned char *h = (const unsigned char *)p;
        size_t length = h[1], header = 2;
        if (length == 126) {
            if (end - p < 4) break;
            length = (size_t)h[2] << 8 | h[3];
            header = 4;
        } else if (length == 127) {
            if (end - p < 10) break;
            length = 0;
            for (int i = 2; i < 10; i++) length = length << 8 | h[i];
            header = 10;
        } else if (length > 127) {
            problem(&errors, "member %d: the server masks its frames", (int)(m - members));
            leave(m);
            break;
        }
        if (length > BUFFER - 16) {
            problem(&errors, "member %d: a frame of %zu bytes", (int)(m - members), length);
            leave(m);
            break;
        }
        if ((size_t)(end - p) < header + length) break;
        const char *f = p + header;
        if (h[0] != 0x81) control(m, h[0] & 0x80 ? h[0] & 0x7f : 0, f, length); /* a fragment counts as unexpected */
        else if (length > sizeof MESSAGE_START && !memcmp(f, LITERAL(MESSAGE_START))) message(m, f, length);
        else if (memmem(f, length, LITERAL("\"type\":\"message\""))) message(m, f, length);
        else other_text(f, length);
        p += header + length;
    }
    return p;
}

static void receive(Member *m) {
    char *end = buffer;
    if (m->rest_length) end = mempcpy(end, m->rest, m->rest_length);
    ssize_t n = recv(m->fd, end, (size_t)(buffer + BUFFER - end), 0);
    if (n <= 0) {
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        problem(&errors, "member %d: %s", (int)(m - members), n ? strerror(errno) : "the server closed the socket");
        leave(m);
        return;
    }
    now = clock_ns();
    end += n;
    bytes_total += (uint64_t)n;
    char *p = buffer;
    if (m->state == UPGRADING) {
        char *frames = read_upgrade(m, p, end);
        if (frames) p = frames;
    }
    if (m->state == OPEN) p = take_frames(m, p, end);
    if (m->state == CLOSED) return;
    m->rest_length = (size_t)(end - p);
    if (m->rest_length) {
        if (m->rest_length > m->rest_room) {
            m->rest_room = m->rest_length < 1024 ? 1024 : m->rest_length;
            m->rest = realloc(m->rest, m->rest_room);
            if (!m->rest) abort();
        }
        memcpy(m->rest, p, m->rest_length);
    }
    if (m->sender) fill(m);
}

static void turn(int timeout_ms) {
    struct epoll_event events[EVENTS];
    int n = epoll_wait(poll_fd, events, EVENTS, timeout_ms);
    for (int i = 0; i < n; i++) {
        Member *m = events[i].data.ptr;
        if (m->state == CONNECTING) ask_for_upgrade(m);
        else if (m->state != CLOSED) {
            if (events[i].events & EPOLLOUT && m->sender && m->sender->out_end) flush(m);
            if (m->state != CLOSED && events[i].events & ~(uint32_t)EPOLLOUT) receive(m);
        }
    }
}

/* ---- the run ---- */

static double connect_all(void) {
    uint64_t start = clock_ns();
    while (opened < members_count && !errors && since(start) < CONNECT_LIMIT) {
        while (connecting < CONNECTING_AT_ONCE && next_to_connect < members_count) connect_member(&members[next_to_connect++]);
        turn(100);
    }
    double took = since(start);
    if (opened < members_count) problem(&errors, "only %d of %d members connected", opened, members_count);
    printf("{\"event\":\"connected\",\"members\":%d,\"connects_per_s\":%.0f}\n", opened, opened / took);
    return took;
}

static void run_for(double limit, uint64_t until_sent) {
    uint64_t start = clock_ns();
    while (since(start) < limit && !errors && sent_total < until_sent) turn(20);
}

static double drain(void) {
    uint64_t start = clock_ns(), expected = sent_total * (uint64_t)members_count;
    while (frames_total + missing < expected && !errors && since(start) < DRAIN_LIMIT) turn(20);
    double took = since(start);
    run_for(GRACE, UINT64_MAX); /* a doubled frame would come now */
    for (int i = 0; !errors && i < members_count; i++)
        for (int j = 0; j < senders_count; j++)
            if (members[i].last[j] != senders[j].sent) {
                problem(&missing, "member %d: the last message of sender %d is %u of %u", i, j, members[i].last[j], senders[j].sent);
                missing += senders[j].sent - members[i].last[j] - 1;
            }
    return took;
}

static void leave_all(void) {
    static const char goodbye[8] = {(char)0x88, (char)0x82, 0, 0, 0, 0, 0x03, (char)0xe8};
    for (int i = 0; i < members_count; i++)
        if (members[i].state == OPEN) {
            send(members[i].fd, goodbye, sizeof goodbye, MSG_NOSIGNAL);
            leave(&members[i]);
        }
}

static void prepare(void) {
    for (size_t i = 0; i < sizeof pad; i++) pad[i] = "abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ.0123456789"[(i * i + i / 7) % 64];
    members = calloc((size_t)members_count, sizeof *members);
    senders = calloc((size_t)senders_count, sizeof *senders);
    if (!members || !senders) abort();
    for (int i = 0; i < members_count; i++) {
        members[i].fd = -1;
        members[i].last = calloc((size_t)senders_count, sizeof(uint32_t));
        if (!members[i].last) abort();
    }
    for (int j = 0; j < senders_count; j++) { /* spread, so that no server favours them by the order of its loop */
        int i = (int)((2LL * j + 1) * members_count / (2LL * senders_count));
        Sender *s = &senders[j];
        members[i].sender = s;
        members[i].sender_number = j;
        s->times = calloc(TIMES, sizeof *s->times);
        s->out = malloc((size_t)flight * OUT_FRAME);
        s->from_length = (size_t)snprintf(s->from, sizeof s->from, "\"from_user\":\"%s%05d\"", prefix, i);
        if (!s->times || !s->out || s->from_length >= sizeof s->from) abort();
    }
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
}

static void options(int count, char **words) {
    for (int i = 1; i + 1 < count; i += 2) {
        const char *name = words[i], *value = words[i + 1];
        if (!strcmp(name, "--port")) port = atoi(value);
        else if (!strcmp(name, "--members")) members_count = atoi(value);
        else if (!strcmp(name, "--senders")) senders_count = atoi(value);
        else if (!strcmp(name, "--flight")) flight = atoi(value);
        else if (!strcmp(name, "--warmup")) warmup = atof(value);
        else if (!strcmp(name, "--seconds")) seconds = atof(value);
        else if (!strcmp(name, "--idle")) idle = atof(value);
        else if (!strcmp(name, "--max-messages")) max_messages = strtoull(value, NULL, 10);
        else if (!strcmp(name, "--prefix")) prefix = value;
        else fprintf(stderr, "unknown option %s\n", name), exit(2);
    }
    if (port < 1 || port > 65535 || members_count < 1 || members_count > 99999 || senders_count < 1 || senders_count > members_count ||
        senders_count > 9999 || flight < 1 || flight > 1024 || strlen(prefix) > 20 || max_messages > 99000000)
        fprintf(stderr, "an option is missing or out of range\n"), exit(2);
}

int main(int count, char **words) {
    options(count, words);
    setvbuf(stdout, NULL, _IOLBF, 0);
    prepare();
    double connect_took = connect_all();
    if (idle >= 0) {
        run_for(idle, UINT64_MAX);
        leave_all();
        if (errors) fprintf(stderr, "%s\n", first_problem);
        return errors ? 1 : 0;
    }

    sending = true;
    for (int i = 0; i < members_count; i++)
        if (members[i].sender) fill(&members[i]);
    run_for(warmup, max_messages);

    printf("{\"event\":\"window\"}\n");
    uint64_t frames = frames_total, acked = acked_total, bytes = bytes_total;
    double cpu = cpu_seconds();
    window_start = clock_ns();
    run_for(seconds, sent_total + max_messages);
    double took = since(window_start);
    cpu = cpu_seconds() - cpu;
    frames = frames_total - frames;
    acked = acked_total - acked;
    bytes = bytes_total - bytes;
    printf("{\"event\":\"window_end\"}\n");

    sending = false;
    uint64_t behind = sent_total * (uint64_t)members_count - frames_total;
    double drained = drain();
    leave_all();

    bool ok = !errors && !missing && !doubled_or_late && !damaged && frames;
    printf("{\"ok\":%s,\"members\":%d,\"senders\":%d,\"flight\":%d,\"window_s\":%.3f,\"frames\":%llu,\"bytes\":%llu,"
           "\"deliveries_per_s\":%.0f,\"acked_per_s\":%.1f,\"own_p50_ms\":%.3f,\"own_p99_ms\":%.3f,\"all_p50_ms\":%.3f,\"all_p99_ms\":%.3f,"
           "\"connects_per_s\":%.0f,\"generator_cpu_s\":%.3f,\"generator_cpu\":%.3f,\"messages_total\":%llu,\"frames_total\":%llu,"
           "\"behind_at_end\":%llu,\"drain_s\":%.3f,\"other_frames\":%llu,\"pings\":%llu,"
           "\"missing\":%llu,\"doubled_or_late\":%llu,\"damaged\":%llu,\"errors\":%llu,\"problem\":\"%s\"}\n",
           ok ? "true" : "false", members_count, senders_count, flight, took, (unsigned long long)frames, (unsigned long long)bytes,
           (double)frames / took, (double)acked / took, percentile_ms(&own_latency, 0.5), percentile_ms(&own_latency, 0.99),
           percentile_ms(&all_latency, 0.5), percentile_ms(&all_latency, 0.99), members_count / connect_took, cpu, cpu / took,
           (unsigned long long)sent_total, (unsigned long long)frames_total, (unsigned long long)behind, drained,
           (unsigned long long)other_frames, (unsigned long long)pings, (unsigned long long)missing, (unsigned long long)doubled_or_late,
           (unsigned long long)damaged, (unsigned long long)errors, first_problem);
    return ok ? 0 : 1;
}
