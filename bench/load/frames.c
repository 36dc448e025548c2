/* WebSocket frames (RFC 6455) of the dialects in which a text frame is a message, or some; and control frames of all. */
#include "load.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

void control(Member *m, int opcode, const char *f, size_t length) {
    if (opcode == 0x9 && length < 126) { /* ping: answer with the same bytes under a mask of zeros */
        char pong[6 + 125] = {(char)0x8a, (char)(0x80 | length)};
        memcpy(pong + 6, f, length);
        pings++;
        /* Between two frames of a sender only, else it would stand inside one. */
        if (!(m->sender && m->sender->out_end) && send(m->fd, pong, 6 + length, MSG_NOSIGNAL) < 0) problem(&errors, "pong: %s", strerror(errno));
    } else if (opcode == 0x8 && m->state == LEAVING) { /* its answer; it closes the socket next */
    } else if (opcode == 0x8) {
        int code = length >= 2 ? (unsigned char)f[0] << 8 | (unsigned char)f[1] : 1005;
        problem(&errors, "member %d: closed by the server with %d", (int)(m - members), code);
        leave(m);
    } else if (opcode != 0xa) {
        problem(&errors, "member %d: unexpected opcode %d", (int)(m - members), opcode);
        leave(m);
    }
}

char *take_frames(Member *m, char *p, char *end) {
    while (m->state != CLOSED && end - p >= 2) {
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
        size_t here = (size_t)(end - p) - header;
        char *f = p + header;
        if (length > LOOKED_AT) {
            if (here < 32) break;
            if (h[0] == 0x81 && (!memcmp(f, LITERAL("{\"type\":\"snapshot\"")) || !memcmp(f, LITERAL("{\"type\":\"presence\"")))) {
                other_frames++;
                m->passed_over = length > here ? length - here : 0;
                p = f + (length > here ? here : length);
                continue;
            }
            if (length > LONGEST) {
                problem(&errors, "member %d: a frame of %zu bytes", (int)(m - members), length);
                leave(m);
                break;
            }
        }
        if (here < length) break;
        if (h[0] != 0x81) control(m, h[0] & 0x80 ? h[0] & 0x7f : 0, f, length); /* a fragment counts as unexpected */
        else dialect->take(m, f, length);
        p = f + length;
    }
    return p;
}
