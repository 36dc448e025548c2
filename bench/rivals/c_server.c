/* The yardstick: a C server with one thread, epoll, and one send() for each recipient of each message. Nothing is stored.
 *
 *   c_server PORT      speaks the simple dialect on 127.0.0.1, with the same JSON as the others
 *
 * What a socket does not take is kept for it without bound, as Node does. Messages are taken from loopback clients that mask
 * their frames and send compact JSON; it is no general WebSocket server.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { READ = 64 * 1024, TEXT = 16 * 1024, CLIENTS = 1 << 17, EVENTS = 512 };

typedef struct {
    int fd, place; /* where it stands in `clients`, -1 before the upgrade */
    char name[64];
    char *in, *out; /* a frame that is not whole yet; what the socket has not taken */
    size_t in_length, out_start, out_end, out_room;
} Client;

static Client *clients[CLIENTS];
static int count, poll_fd;
static uint64_t seq;

/* ---- the handshake: base64(SHA-1(key + GUID)), RFC 6455 4.2.2 and RFC 3174 ---- */

static uint32_t turned(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void sha1(const unsigned char *data, size_t length, unsigned char digest[20]) { /* at most 119 bytes */
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    unsigned char padded[128] = {0};
    size_t blocks = (length + 8) / 64 + 1;
    memcpy(padded, data, length);
    padded[length] = 0x80;
    for (int i = 0; i < 8; i++) padded[blocks * 64 - 1 - (size_t)i] = (unsigned char)((uint64_t)length * 8 >> (8 * i));
    for (size_t b = 0; b < blocks; b++) {
        uint32_t w[80], v[5];
        for (size_t i = 0; i < 16; i++) {
            const unsigned char *p = padded + b * 64 + i * 4;
            w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        }
        for (int i = 16; i < 80; i++) w[i] = turned(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        memcpy(v, h, sizeof v);
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20 ? (v[1] & v[2]) | (~v[1] & v[3]) : i < 40 || i >= 60 ? v[1] ^ v[2] ^ v[3] : (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]);
            static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
            uint32_t next = turned(v[0], 5) + f + v[4] + k[i / 20] + w[i];
            v[4] = v[3], v[3] = v[2], v[2] = turned(v[1], 30), v[1] = v[0], v[0] = next;
        }
        for (int i = 0; i < 5; i++) h[i] += v[i];
    }
    for (int i = 0; i < 20; i++) digest[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void accept_key(const char *key, size_t length, char answer[29]) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char text[100], digest[21] = {0};
    memcpy(mempcpy(text, key, length), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
    sha1(text, length + 36, digest);
    for (int i = 0; i < 7; i++) {
        uint32_t three = (uint32_t)digest[3 * i] << 16 | (uint32_t)digest[3 * i + 1] << 8 | digest[3 * i + 2];
        for (int j = 0; j < 4; j++) answer[4 * i + j] = letters[three >> (18 - 6 * j) & 63];
    }
    answer[27] = '=';
    answer[28] = 0;
}

/* ---- clients ---- */

static void drop(Client *c) {
    if (c->place >= 0) {
        clients[c->place] = clients[--count];
        clients[c->place]->place = c->place;
    }
    close(c->fd);
    free(c->in);
    free(c->out);
    free(c);
}

static void watch(Client *c, int how, uint32_t events) {
    struct epoll_event e = {.events = events, .data.ptr = c};
    epoll_ctl(poll_fd, how, c->fd, &e);
}

static void keep(Client *c, const char *data, size_t length) {
    if (c->out_end + length > c->out_room) {
        memmove(c->out, c->out + c->out_start, c->out_end - c->out_start);
        c->out_end -= c->out_start;
        c->out_start = 0;
        if (c->out_end + length > c->out_room && !(c->out = realloc(c->out, c->out_room = 2 * (c->out_end + length)))) abort();
    }
    if (!c->out_end) watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    memcpy(c->out + c->out_end, data, length);
    c->out_end += length;
}

static void give(Client *c, const char *data, size_t length) {
    ssize_t n = c->out_end ? 0 : send(c->fd, data, length, MSG_NOSIGNAL);
    if (n < 0) n = 0; /* a socket that is gone is read next, and dropped there */
    if ((size_t)n < length) keep(c, data + n, length - (size_t)n);
}

static void give_rest(Client *c) {
    ssize_t n = send(c->fd, c->out + c->out_start, c->out_end - c->out_start, MSG_NOSIGNAL);
    if (n > 0) c->out_start += (size_t)n;
    if (c->out_start < c->out_end) return;
    free(c->out);
    c->out = NULL;
    c->out_start = c->out_end = c->out_room = 0;
    watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

/* ---- messages ---- */

static void broadcast(const char *name, const char *text, size_t length) {
    static char frame[TEXT + 400];
    struct timeval t;
    struct tm tm;
    char at[40], *json = frame + 4;
    gettimeofday(&t, NULL);
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", gmtime_r(&t.tv_sec, &tm));
    size_t n = (size_t)snprintf(json, TEXT + 396,
                                "{\"type\":\"message\",\"conversation\":\"lobby\",\"seq\":%llu,\"from_user\":\"%s\",\"from_uid\":\"u%21s\",\"to_user\":\"\",\"message\":\"%.*s\",\"sent_at\":\"%s.%03dZ\"}",
                                (unsigned long long)++seq, name, name, (int)length, text, at, (int)(t.tv_usec / 1000));
    char *start = n < 126 ? json - 2 : json - 4;
    start[0] = (char)0x81;
    start[1] = (char)(n < 126 ? n : 126);
    if (n >= 126) start[2] = (char)(n >> 8), start[3] = (char)n;
    for (int i = 0; i < count; i++) give(clients[i], start, n + (size_t)(json - start));
}

/* The text stays escaped as it came: it goes out as JSON again. */
static void take_text(Client *c, char *json, size_t length) {
    static const char key[] = "\"message\":\"";
    char *text = memmem(json, length, key, sizeof key - 1), *end = json + length;
    if (!text) return;
    char *stop = text += sizeof key - 1;
    while (stop < end && *stop != '"') stop += *stop == '\\' ? 2 : 1;
    if (stop < end) broadcast(c->name, text, (size_t)(stop - text));
}

static bool upgrade(Client *c, char *from, char *end) {
    char answer[29], response[200], *key = memmem(from, (size_t)(end - from), "Sec-WebSocket-Key: ", 19);
    char *key_end = key ? memmem(key, (size_t)(end - key), "\r\n", 2) : NULL;
    if (!key_end || key_end - key - 19 > 60 || sscanf(from, "GET /ws/%63[^ ?\"\\] ", c->name) != 1 || count == CLIENTS) return false;
    accept_key(key + 19, (size_t)(key_end - key - 19), answer);
    int n = snprintf(response, sizeof response, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", answer);
    if (send(c->fd, response, (size_t)n, MSG_NOSIGNAL) != n) return false;
    clients[c->place = count++] = c;
    return true;
}

/* Returns where the first frame begins that is not whole; NULL when the client is to be dropped. */
static char *take_frames(Client *c, char *p, char *end) {
    while (end - p >= 6) {
        const unsigned char *h = (const unsigned char *)p;
        size_t length = h[1] & 127, header = length == 126 ? 8 : 6;
        if (!(h[1] & 128) || length == 127) return NULL;
        if (header == 8) length = (size_t)h[2] << 8 | h[3];
        if (length > TEXT) return NULL;
        if ((size_t)(end - p) < header + length) break;
        char *mask = p + header - 4, *data = p + header;
        for (size_t i = 0; i < length; i++) data[i] = (char)(data[i] ^ mask[i & 3]);
        if (h[0] == 0x88) {
            send(c->fd, "\x88\x02\x03\xe8", 4, MSG_NOSIGNAL);
            return NULL;
        }
        if (h[0] == 0x81) take_text(c, data, length);
        p = data + length;
    }
    return p;
}

static void take(Client *c) {
    static char buffer[READ + TEXT + 1];
    if (c->in_length) memcpy(buffer, c->in, c->in_length);
    ssize_t n = recv(c->fd, buffer + c->in_length, READ, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    char *p = buffer, *end = buffer + c->in_length + (n > 0 ? n : 0), *stop;
    *end = 0;
    if (n <= 0) p = NULL;
    else if (c->place < 0 && (stop = memmem(p, (size_t)(end - p), "\r\n\r\n", 4))) p = upgrade(c, p, stop + 4) ? stop + 4 : NULL;
    if (p && c->place >= 0) p = take_frames(c, p, end);
    if (!p || end - p > TEXT) {
        drop(c);
        return;
    }
    c->in_length = (size_t)(end - p);
    if (c->in_length) {
        if (!(c->in = realloc(c->in, c->in_length))) abort();
        memcpy(c->in, p, c->in_length);
    } else {
        free(c->in);
        c->in = NULL;
    }
}

static void accept_all(int listening) {
    int fd, one = 1;
    while ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        Client *c = calloc(1, sizeof *c);
        if (!c) abort();
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        c->fd = fd;
        c->place = -1;
        watch(c, EPOLL_CTL_ADD, EPOLLIN);
    }
}

int main(int argc, char **argv) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argc > 1 ? argv[1] : "0")), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct epoll_event events[EVENTS], e = {.events = EPOLLIN};
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listening, (struct sockaddr *)&at, sizeof at) || listen(listening, 2048)) {
        perror("c_server");
        return 1;
    }
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listening, &e);
    for (;;) {
        int n = epoll_wait(poll_fd, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            Client *c = events[i].data.ptr;
            if (!c) accept_all(listening);
            else {
                if (events[i].events & EPOLLOUT && c->out_end) give_rest(c);
                if (events[i].events & ~(uint32_t)EPOLLOUT) take(c);
            }
        }
    }
}
