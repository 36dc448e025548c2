/* Time, processor time, latencies, and the first thing that went wrong. */
#include "load.h"
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

char first_problem[400];

uint64_t clock_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

double since(uint64_t start) { return (double)(clock_ns() - start) / 1e9; }

double cpu_seconds(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

void problem(uint64_t *counter, const char *format, ...) {
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
void record(Histogram *h, uint64_t ns) {
    uint64_t us = ns / 1000;
    int shift = us < 128 ? 0 : 63 - __builtin_clzll(us) - 6;
    uint64_t bucket = (uint64_t)shift * 64 + (us >> shift);
    h->count[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    h->total++;
}

double percentile_ms(const Histogram *h, double part) {
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
