/* What the parts of the load generator share. One thread, one run, so the state of the run is global. */
#ifndef LOAD_H
#define LOAD_H
#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BODY = 100,          /* bytes of text in a message: "SSSS:CCCCCCCC:" and padding */
    BODY_ID = 14,
    OUT_FRAME = 8 + 360, /* room for one outgoing message: header, mask, JSON */
    BUFFER = 256 * 1024, /* one read */
    LOOKED_AT = 16 * 1024, /* a longer snapshot or presence is passed over without being kept */
    LONGEST = BUFFER / 2,  /* a frame with several messages of centrifuge */
    TIMES = 1 << 16,     /* send times remembered per sender */
    SAMPLE = 16,         /* every 16th message is timed at every member */
};

#define LITERAL(s) s, sizeof(s) - 1

/* ---- figures.c ---- */

enum { BUCKETS = 64 * 48 };
typedef struct {
    uint64_t count[BUCKETS], total;
} Histogram;

uint64_t clock_ns(void);
double since(uint64_t start);
double cpu_seconds(void);
void record(Histogram *h, uint64_t ns);
double percentile_ms(const Histogram *h, double part);

/* Counts, and keeps the words of the first one of the run. */
__attribute__((format(printf, 2, 3))) void problem(uint64_t *counter, const char *format, ...);
extern char first_problem[400];

/* ---- the run ---- */

typedef struct Sender {
    uint32_t sent, acked;  /* how many */
    char from[64];         /* what names the sender in a frame, such as "from_user":"NAME" */
    size_t from_length;
    uint64_t *times;
    uint32_t *answered;    /* v1: by counter % TIMES, the last counter that was answered with ok */
    char *out;             /* frames that the socket has not taken yet */
    size_t out_start, out_end;
} Sender;

typedef struct Member {
    int fd;
    enum { NEW, CONNECTING, UPGRADING, GREETING, OPEN, LEAVING, CLOSED } state;
    bool waits_to_write;
    Sender *sender;
    int sender_number;
    uint32_t *last;        /* by sender: the counter of the newest message received, 0 before the first */
    uint64_t seq;          /* v1: of the newest event */
    char *rest;            /* the beginning of a frame whose end has not arrived */
    size_t rest_length, rest_room;
    uint64_t passed_over;  /* bytes still to come of a frame that nobody looks at */
    uint64_t frame_left;   /* streams: bytes still to come of the current frame */
    size_t unparsed;       /* streams: so many bytes of `rest` are payload already */
    const char *token;     /* v1 */
    const char *conversation;
} Member;

extern int port, members_count, senders_count, flight, sources;
extern const char *prefix;
extern bool own;            /* each sender writes to a conversation of its own */
extern bool leaves_at_once; /* says goodbye as soon as it has entered */
extern Member *members;
extern Sender *senders;
extern int opened, connecting;
extern uint64_t left;
extern bool sending;
extern uint64_t now, window_start;
extern uint64_t sent_total, acked_total, frames_total, bytes_total, other_frames, pings;
extern uint64_t missing, doubled_or_late, damaged, errors;
extern Histogram own_latency, all_latency;

/* ---- wire.c: sockets, the upgrade, sending ---- */

void open_poll(void);
void connect_member(Member *m);
void turn(int timeout_ms);
void leave(Member *m);
void say_goodbye(Member *m);
/* These bytes as the dialect sends them, in a masked frame or bare; returns the length. `to` has room for 8 more. */
size_t framed(char *to, const char *text, size_t length);
/* Sends a small frame of a member that has nothing unsent. */
void say(Member *m, const char *text, size_t length);
/* Sends bytes without a frame; returns how many the socket has taken. */
size_t say_bare(Member *m, const char *bytes, size_t length);
void fill(Member *m);

/* ---- frames.c: text frames ---- */

/* Takes whole frames; returns where the first one begins that is not whole. */
char *take_frames(Member *m, char *p, char *end);
/* A control frame: a ping, a pong or a close. Another opcode is a problem. */
void control(Member *m, int opcode, const char *f, size_t length);

/* ---- streams.c: protocols whose bytes do not end where a frame ends ---- */

/* Takes what `from` to `end` holds; returns where the bytes begin that must be kept. */
char *take_stream(Member *m, char *from, char *end);

/* ---- messages.c: what is sent, and whether what comes is that ---- */

void prepare_messages(void);
size_t put_body(char *to, uint32_t number, uint32_t counter);
/* A frame with somebody's message; `text_key` is what stands before its text, such as "message":" */
void take_message(Member *m, const char *f, size_t length, const char *text_key, size_t key_length);
void acknowledge(Sender *s, uint32_t counter, uint32_t count);

/* A reply to message `counter`: each once, for something that was sent, and for the first time. `f` is the reply. */
void take_answer(Member *m, uint32_t counter, const char *f, size_t length);

/* ---- dialects.c, and brokers.c with those of the message brokers ---- */

typedef enum {
    TEXT,   /* a WebSocket text frame is a message, or some */
    STREAM, /* binary WebSocket frames, a stream of bytes */
    BARE,   /* a stream of bytes without WebSocket */
} Framing;

typedef struct Dialect {
    const char *name;
    const char *from_key;                                             /* "from_user":" */
    int (*path)(char *to, size_t room, const Member *m);              /* of the upgrade */
    void (*upgraded)(Member *m);                                      /* greets, or enters at once */
    size_t (*put)(char *to, const Member *m, uint32_t counter);       /* the JSON of a message */
    void (*take)(Member *m, const char *f, size_t length);            /* a text frame */
    bool acknowledged_by_copy;                                        /* else by a reply */
    Framing framing;
    size_t (*take_bytes)(Member *m, const char *f, size_t length);    /* of a stream; returns how many were whole */
    const char *room;                                                 /* what all members listen to */
} Dialect;

extern const Dialect *dialect;
extern const Dialect MQTT; /* mqtt.c */
extern const Dialect BROKERS[];
extern const size_t BROKERS_COUNT;
bool choose_dialect(const char *name);
/* {"from_user":NAME,"message":TEXT}, for brokers that do not name the sender; returns its end */
char *put_payload(char *to, const Member *m, uint32_t counter);
/* Counts a frame that means an error. */
void refused(const Member *m, const char *f, size_t length);
/* The member counts as connected. */
void enter(Member *m);

#endif
