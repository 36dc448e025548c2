/* Sockets, the upgrade to WebSocket (RFC 6455), sending and receiving: the side of the client, for servers on loopback. */
#include "load.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 512 };
static int poll_fd;
static char buffer[BUFFER];

void open_poll(void) { poll_fd = epoll_create1(EPOLL_CLOEXEC); }

void leave(Member *m) {
    if (m->state == OPEN) opened--;
    if (m->state == CONNECTING || m->state == UPGRADING || m->state == GREETING) connecting--;
    if (m->state == LEAVING) left++;
    if (m->fd >= 0) close(m->fd);
    m->fd = -1;
    m->state = CLOSED;
    m->rest_length = 0;
    m->passed_over = 0;
    m->frame_left = 0;
    m->unparsed = 0;
    m->seq = 0;
}

void enter(Member *m) {
    connecting--;
    if (leaves_at_once) {
        say_goodbye(m);
        m->state = LEAVING;
        if (dialect->framing == BARE) leave(m); /* there is no goodbye to be answered */
        return;
    }
    m->state = OPEN;
    opened++;
}

static void watch(Member *m, bool write) {
    struct epoll_event e = {.events = EPOLLIN | (write ? (uint32_t)EPOLLOUT : 0), .data.ptr = m};
    int how = m->state == CONNECTING && write ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(poll_fd, how, m->fd, &e)) problem(&errors, "epoll_ctl: %s", strerror(errno));
    m->waits_to_write = write;
}

/* ---- connecting ---- */

/* One address has 28,000 ports to connect from, and each is taken for a minute after it was used: so more of 127.0.0.0/8. */
static void bind_source(const Member *m) {
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)((m - members) % sources))};
    int one = 1;
    setsockopt(m->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(m->fd, (struct sockaddr *)&from, sizeof from)) problem(&errors, "bind: %s", strerror(errno));
}

void connect_member(Member *m) {
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
    if (sources > 1) bind_source(m);
    if (connect(m->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) {
        problem(&errors, "connect: %s", strerror(errno));
        leave(m);
        return;
    }
    watch(m, true);
}

/* The socket is connected: without WebSocket the dialect begins. */
static bool begins_bare(Member *m) {
    int trouble = 0;
    socklen_t size = sizeof trouble;
    getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &trouble, &size);
    if (dialect->framing != BARE || trouble) return false;
    watch(m, false);
    m->state = GREETING;
    m->frame_left = UINT64_MAX;
    dialect->upgraded(m);
    return true;
}

static void ask_for_upgrade(Member *m) {
    char path[200], request[600];
    if (begins_bare(m)) return;
    dialect->path(path, sizeof path, m);
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                          path, port);
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
    m->state = GREETING;
    dialect->upgraded(m);
    return stop + 4;
}

/* ---- sending ---- */

size_t framed(char *to, const char *text, size_t length) {
    static const unsigned char mask[4] = {0x5a, 0xc3, 0x17, 0x9e};
    char *p = to;
    if (dialect->framing == BARE) {
        memcpy(to, text, length);
        return length;
    }
    *p++ = (char)(dialect->framing == TEXT ? 0x81 : 0x82);
    if (length < 126) *p++ = (char)(0x80 | length);
    else {
        *p++ = (char)(0x80 | 126);
        *p++ = (char)(length >> 8);
        *p++ = (char)length;
    }
    p = mempcpy(p, mask, 4);
    for (size_t i = 0; i < length; i++) *p++ = (char)(text[i] ^ mask[i & 3]);
    return (size_t)(p - to);
}

void say(Member *m, const char *text, size_t length) {
    char frame[400];
    size_t size = framed(frame, text, length);
    if (send(m->fd, frame, size, MSG_NOSIGNAL) != (ssize_t)size) problem(&errors, "member %d: send: %s", (int)(m - members), strerror(errno));
}

size_t say_bare(Member *m, const char *bytes, size_t length) {
    ssize_t n = send(m->fd, bytes, length, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) problem(&errors, "member %d: send: %s", (int)(m - members), strerror(errno));
    return n > 0 ? (size_t)n : 0;
}

void say_goodbye(Member *m) {
    static const char goodbye[8] = {(char)0x88, (char)0x82, 0, 0, 0, 0, 0x03, (char)0xe8};
    if (dialect->framing != BARE) send(m->fd, goodbye, sizeof goodbye, MSG_NOSIGNAL);
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

void fill(Member *m) {
    Sender *s = m->sender;
    char text[OUT_FRAME];
    if (!sending || m->state != OPEN || s->out_end) return;
    uint64_t time = clock_ns();
    while (s->sent - s->acked < (uint32_t)flight) {
        s->sent++;
        sent_total++;
        s->times[s->sent % TIMES] = time;
        s->out_end += framed(s->out + s->out_end, text, dialect->put(text, m, s->sent));
    }
    if (s->out_end) flush(m);
}

/* ---- receiving ---- */

static void keep(Member *m, const char *from, size_t length) {
    m->rest_length = length;
    if (!length) return;
    if (length > m->rest_room) {
        m->rest_room = length < 1024 ? 1024 : length;
        m->rest = realloc(m->rest, m->rest_room);
        if (!m->rest) abort();
    }
    memcpy(m->rest, from, length);
}

static void receive(Member *m) {
    char *end = buffer;
    if (m->rest_length) end = mempcpy(end, m->rest, m->rest_length);
    ssize_t n = recv(m->fd, end, (size_t)(buffer + BUFFER - end), 0);
    if (n <= 0) {
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (m->state != LEAVING) problem(&errors, "member %d: %s", (int)(m - members), n ? strerror(errno) : "the server closed the socket");
        leave(m);
        return;
    }
    now = clock_ns();
    end += n;
    bytes_total += (uint64_t)n;
    char *p = buffer;
    if (m->passed_over) {
        size_t over = m->passed_over < (size_t)n ? (size_t)m->passed_over : (size_t)n;
        m->passed_over -= over;
        p += over;
    }
    if (m->state == UPGRADING) {
        char *frames = read_upgrade(m, p, end);
        if (frames) p = frames;
    }
    if (m->state != UPGRADING && m->state != CLOSED) p = dialect->framing == TEXT ? take_frames(m, p, end) : take_stream(m, p, end);
    if (m->state == CLOSED) return;
    keep(m, p, (size_t)(end - p));
    if (m->sender) fill(m);
}

void turn(int timeout_ms) {
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
