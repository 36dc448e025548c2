/* The load generator: N WebSocket members in one thread, of which S send with F messages in flight each.
 *
 *   load --port P [--dialect simple] [--members N] [--senders S] [--flight F] [--warmup s] [--seconds s]
 *        [--max-messages n] [--prefix name] [--tokens file] [--sources K]
 *   load … --idle s       connect, hold for s seconds, leave
 *   load … --cycles n     connect and leave n times, with the N names in turn, 64 under way at once
 *
 * A message is acknowledged when its sender receives it back; where the dialect has replies, when it is answered with one. Every member must receive
 * every message once, whole, and in the order of its sender; whatever is missing, doubled, out of order or damaged fails
 * the run (exit status 1). Standard output is one JSON object a line: events ("connected", "window", "window_end", "cycled")
 * and at last the result. Frames are expected as compact JSON.
 *
 * `--tokens` (v1) names a file with a line for each member: its token, and after a space the conversation that it writes to, if that
 * is not the lobby: then nobody else is expected to hear it. `--own 1` (brokers): each member has a conversation of its own. `--sources`: connect from so many addresses, 127.0.0.2 and on.
 */
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTING_AT_ONCE = 64 };
static const double CONNECT_LIMIT = 60, CYCLE_LIMIT = 400, STALL_LIMIT = 10, DRAIN_LIMIT = 30, GRACE = 0.2;

int port = 0, members_count = 100, senders_count = 1, flight = 1, sources = 1;
const char *prefix = "bench";
bool own, leaves_at_once;
Member *members;
Sender *senders;
int opened, connecting;
uint64_t left;
bool sending;
uint64_t now, window_start;
uint64_t sent_total, acked_total, frames_total, bytes_total, other_frames, pings;
uint64_t missing, doubled_or_late, damaged, errors;
Histogram own_latency, all_latency;

static double warmup = 1, seconds = 4, idle = -1;
static uint64_t max_messages = 2000000, cycles = 0;
static const char *tokens;

/* ---- the run ---- */

static double connect_all(void) {
    uint64_t start = clock_ns();
    int next = 0;
    while (opened < members_count && !errors && since(start) < CONNECT_LIMIT) {
        while (connecting < CONNECTING_AT_ONCE && next < members_count) connect_member(&members[next++]);
        turn(100);
    }
    double took = since(start);
    if (opened < members_count) problem(&errors, "only %d of %d members connected", opened, members_count);
    printf("{\"event\":\"connected\",\"members\":%d,\"connects_per_s\":%.0f}\n", opened, opened / took);
    return took;
}

/* Connect and leave, each name again when it is its turn and it has gone. */
static int connect_and_leave(void) {
    leaves_at_once = true;
    uint64_t start = clock_ns(), begun = 0, seen = 0, progress = start;
    while (left < cycles && !errors && since(start) < CYCLE_LIMIT && since(progress) < STALL_LIMIT) {
        while (begun < cycles && begun - left < CONNECTING_AT_ONCE) {
            Member *m = &members[begun % (uint64_t)members_count];
            if (m->state != NEW && m->state != CLOSED) break;
            connect_member(m);
            begun++;
        }
        turn(100);
        if (left > seen) seen = left, progress = clock_ns();
    }
    if (left < cycles) problem(&errors, "only %llu of %llu came and went", (unsigned long long)left, (unsigned long long)cycles);
    printf("{\"event\":\"cycled\",\"cycles\":%llu,\"cycles_per_s\":%.0f}\n", (unsigned long long)left, (double)left / since(start));
    if (errors) fprintf(stderr, "%s\n", first_problem);
    return errors ? 1 : 0;
}

static void run_for(double limit, uint64_t until_sent) {
    uint64_t start = clock_ns();
    while (since(start) < limit && !errors && sent_total < until_sent) turn(20);
}

static uint64_t expected(void) { return sent_total * (own ? 1 : (uint64_t)members_count); }

static double drain(void) {
    uint64_t start = clock_ns();
    while ((frames_total + missing < expected() || acked_total < sent_total) && !errors && since(start) < DRAIN_LIMIT) turn(20);
    double took = since(start);
    run_for(GRACE, UINT64_MAX); /* a doubled frame would come now */
    for (int i = 0; !errors && i < members_count; i++)
        for (int j = 0; j < senders_count; j++)
            if (members[i].last[j] != senders[j].sent && !(own && members[i].sender != &senders[j])) {
                problem(&missing, "member %d: the last message of sender %d is %u of %u", i, j, members[i].last[j], senders[j].sent);
                missing += senders[j].sent - members[i].last[j] - 1;
            }
    if (!errors && acked_total < sent_total) problem(&missing, "%llu messages were not acknowledged", (unsigned long long)(sent_total - acked_total));
    return took;
}

static void leave_all(void) {
    for (int i = 0; i < members_count; i++)
        if (members[i].state == OPEN) {
            say_goodbye(&members[i]);
            leave(&members[i]);
        }
}

static int measure(double connect_took) {
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
    uint64_t behind = expected() - frames_total;
    double drained = drain();
    leave_all();

    bool ok = !errors && !missing && !doubled_or_late && !damaged && frames;
    printf("{\"ok\":%s,\"members\":%d,\"senders\":%d,\"flight\":%d,\"window_s\":%.6f,\"frames\":%llu,\"bytes\":%llu,"
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

/* ---- before it ---- */

static void fail(const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(2);
}

static void read_tokens(void) {
    FILE *file = fopen(tokens, "r");
    char line[400];
    for (int i = 0; i < members_count; i++) {
        if (!file || !fgets(line, sizeof line, file)) fail("--tokens: no line for each member");
        line[strcspn(line, "\n")] = 0;
        char *conversation = strchr(line, ' ');
        if (conversation) {
            *conversation++ = 0;
            own = true;
        }
        if (strlen(line) > 200 || (conversation && strlen(conversation) > 64)) fail("--tokens: a line is too long");
        members[i].token = strdup(line);
        members[i].conversation = conversation ? strdup(conversation) : dialect->room;
    }
    fclose(file);
}

/* Brokers: a conversation is a name, and each has one of its own or all have the same. */
static void name_conversations(void) {
    for (int i = 0; i < members_count; i++) {
        char name[40];
        snprintf(name, sizeof name, "own.%s%05d", prefix, i);
        members[i].conversation = own ? strdup(name) : dialect->room;
    }
}

static void prepare(void) {
    prepare_messages();
    members = calloc((size_t)members_count, sizeof *members);
    senders = calloc((size_t)senders_count, sizeof *senders);
    if (!members || !senders) abort();
    for (int i = 0; i < members_count; i++) {
        members[i].fd = -1;
        members[i].last = calloc((size_t)senders_count, sizeof(uint32_t));
        if (!members[i].last) abort();
    }
    if (tokens) read_tokens();
    else name_conversations();
    for (int j = 0; j < senders_count; j++) { /* spread, so that no server favours them by the order of its loop */
        int i = (int)((2LL * j + 1) * members_count / (2LL * senders_count));
        Sender *s = &senders[j];
        members[i].sender = s;
        members[i].sender_number = j;
        s->times = calloc(TIMES, sizeof *s->times);
        s->answered = calloc(TIMES, sizeof *s->answered);
        s->out = malloc((size_t)flight * OUT_FRAME);
        s->from_length = (size_t)snprintf(s->from, sizeof s->from, "%s%s%05d\"", dialect->from_key, prefix, i);
        if (!s->times || !s->answered || !s->out || s->from_length >= sizeof s->from) abort();
    }
    open_poll();
}

static void options(int count, char **words) {
    choose_dialect("simple");
    for (int i = 1; i + 1 < count; i += 2) {
        const char *name = words[i], *value = words[i + 1];
        if (!strcmp(name, "--port")) port = atoi(value);
        else if (!strcmp(name, "--dialect")) { if (!choose_dialect(value)) fail("unknown dialect"); }
        else if (!strcmp(name, "--members")) members_count = atoi(value);
        else if (!strcmp(name, "--senders")) senders_count = atoi(value);
        else if (!strcmp(name, "--flight")) flight = atoi(value);
        else if (!strcmp(name, "--warmup")) warmup = atof(value);
        else if (!strcmp(name, "--seconds")) seconds = atof(value);
        else if (!strcmp(name, "--idle")) idle = atof(value);
        else if (!strcmp(name, "--cycles")) cycles = strtoull(value, NULL, 10);
        else if (!strcmp(name, "--sources")) sources = atoi(value);
        else if (!strcmp(name, "--tokens")) tokens = value;
        else if (!strcmp(name, "--own")) own = atoi(value);
        else if (!strcmp(name, "--max-messages")) max_messages = strtoull(value, NULL, 10);
        else if (!strcmp(name, "--prefix")) prefix = value;
        else fail("unknown option");
    }
    if (port < 1 || port > 65535 || members_count < 1 || members_count > 99999 || senders_count < 1 || senders_count > members_count ||
        senders_count > 9999 || flight < 1 || flight > 1024 || sources < 1 || sources > 200 || strlen(prefix) > 20 ||
        max_messages > 99000000 || (!strcmp(dialect->name, "v1") && !tokens) || (own && !dialect->room))
        fail("an option is missing or out of range");
}

int main(int count, char **words) {
    options(count, words);
    setvbuf(stdout, NULL, _IOLBF, 0);
    prepare();
    if (cycles) return connect_and_leave();
    double connect_took = connect_all();
    if (idle < 0) return measure(connect_took);
    run_for(idle, UINT64_MAX);
    leave_all();
    if (errors) fprintf(stderr, "%s\n", first_problem);
    return errors ? 1 : 0;
}
