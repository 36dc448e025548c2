/* The messages: each carries its sender, a counter, and padding that depends on both; what comes must be exactly that,
 * once, under the sender's name, and in the sender's order. */
#include "load.h"
#include <string.h>

enum { PADS = 1024 };
static char pad[PADS + BODY];

void prepare_messages(void) {
    for (size_t i = 0; i < sizeof pad; i++) pad[i] = "abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ.0123456789"[(i * i + i / 7) % 64];
}

static const char *padding(uint32_t sender, uint32_t counter) { return pad + ((sender * 31 + counter * 7) & (PADS - 1)); }

static void put_digits(char *to, uint32_t value, int digits) {
    while (digits--) to[digits] = (char)('0' + value % 10), value /= 10;
}

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

size_t put_body(char *to, uint32_t number, uint32_t counter) {
    put_digits(to, number, 4);
    to[4] = ':';
    put_digits(to + 5, counter, 8);
    to[13] = ':';
    memcpy(to + BODY_ID, padding(number, counter), BODY - BODY_ID);
    return BODY;
}

/* Where in a frame the text begins hardly changes from frame to frame, counted from the end: look there first. */
static const char *find_text(const char *f, size_t length, const char *key, size_t key_length) {
    static size_t from_end = 0;
    if (from_end && from_end < length && !memcmp(f + length - from_end, key, key_length)) return f + length - from_end + key_length;
    const char *found = memmem(f, length, key, key_length);
    if (!found) return NULL;
    from_end = length - (size_t)(found - f);
    return found + key_length;
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

void acknowledge(Sender *s, uint32_t counter, uint32_t count) {
    uint64_t time = s->times[counter % TIMES];
    acked_total += count;
    s->acked += count;
    if (window_start && time >= window_start) record(&own_latency, now - time);
}

void take_answer(Member *m, uint32_t counter, const char *f, size_t length) {
    Sender *s = m->sender;
    if (!s || counter == 0 || counter > s->sent || s->answered[counter % TIMES] == counter) {
        problem(&damaged, "member %d: not an answer of this run: %.*s", (int)(m - members), (int)(length > 300 ? 300 : length), f);
        return;
    }
    s->answered[counter % TIMES] = counter;
    acknowledge(s, counter, 1);
}

void take_message(Member *m, const char *f, size_t length, const char *text_key, size_t key_length) {
    uint32_t number, counter;
    const char *text = find_text(f, length, text_key, key_length);
    frames_total++;
    if (!text || text + BODY >= f + length || text[BODY] != '"' || !number_at(text, 4, &number) || !number_at(text + 5, 8, &counter) ||
        text[4] != ':' || text[13] != ':' || number >= (uint32_t)senders_count || counter == 0 || counter > senders[number].sent ||
        memcmp(text + BODY_ID, padding(number, counter), BODY - BODY_ID) || !comes_from(&senders[number], f, length, text) ||
        (own && m->sender != &senders[number])) {
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
    if (dialect->acknowledged_by_copy && m->sender == s) acknowledge(s, counter, counter - s->acked);
    if ((counter + number) % SAMPLE == 0 && s->sent - counter < TIMES) {
        uint64_t time = s->times[counter % TIMES];
        if (window_start && time >= window_start) record(&all_latency, now - time);
    }
}
