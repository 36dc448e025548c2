/* Protocols that are a stream of bytes, bare or in binary WebSocket frames: a message may begin in one frame and end in
 * another, and a frame may be longer than what one read brings. Nothing is copied but the beginning of a message whose end
 * has not arrived: it is moved over the header of the next frame, so that it stands in front of what continues it. */
#include "load.h"
#include <string.h>

typedef struct {
    int opcode; /* 0 when the header is not whole */
    size_t header;
    uint64_t length;
} Head;

static Head head_of(const char *p, const char *end) {
    const unsigned char *h = (const unsigned char *)p;
    Head head = {0};
    if (end - p < 2) return head;
    head.header = h[1] == 126 ? 4 : h[1] == 127 ? 10 : 2;
    if ((size_t)(end - p) < head.header) return head;
    if (head.header == 2) head.length = h[1];
    else
        for (size_t i = 2; i < head.header; i++) head.length = head.length << 8 | h[i];
    head.opcode = h[0];
    return head;
}

char *take_stream(Member *m, char *from, char *end) {
    char *p = from + m->unparsed; /* from..p is payload, the beginning of a message */
    while (m->state != CLOSED) {
        if (m->frame_left) {
            if (p == end) break;
            size_t here = (uint64_t)(end - p) < m->frame_left ? (size_t)(end - p) : (size_t)m->frame_left;
            p += here;
            if (m->frame_left != UINT64_MAX) m->frame_left -= here;
            from += dialect->take_bytes(m, from, (size_t)(p - from));
            continue;
        }
        Head head = head_of(p, end);
        size_t over = head.header;
        if (!head.opcode) break;
        if (head.opcode & 0x08) {
            if ((uint64_t)(end - p) < head.header + head.length) break;
            over += (size_t)head.length;
            control(m, head.opcode & 0x7f, p + head.header, (size_t)head.length);
        } else if (head.opcode != 0x82 && head.opcode != 0x02 && head.opcode != 0x80 && head.opcode != 0) {
            control(m, 0, p, 0);
        } else m->frame_left = head.length;
        memmove(from + over, from, (size_t)(p - from));
        from += over;
        p += over;
    }
    m->unparsed = (size_t)(p - from);
    return from;
}
