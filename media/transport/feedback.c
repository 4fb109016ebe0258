/* Reports to each sender which of its video packets have arrived, and when. media.bandwidth.feedback.Arrivals does the same in
   Python (transport-wide congestion control, draft-holmer-rmcat-transport-wide-cc-extensions-01).

   Here, the arrival of a video packet causes the report, so Python need not wake up to send reports. Only the last packets before
   a pause are reported by Python. */

#include "inside.h"

#define SPAN 1024         /* one report names at most this many packets, as in media.bandwidth.feedback (MAX_PACKETS) */
/* A report also names the packets that are missing before the first packet that arrived, if they are fewer than this. */
#define BEFORE 256
/* At least this many seconds pass between two reports, unless FASTPATH_ARRIVALS arrivals are stored earlier. The value is that of
   FEEDBACK_EVERY_S in media.peer.control. */
#define EVERY_S 0.095
#define DELTA_S 0.00025   /* seconds; unit of the arrival times in a report */
#define REFERENCE_S 0.064 /* seconds; unit of a report's reference time, equal to 256 * DELTA_S */
#define LONGEST_RUN 0x1FFF /* a run chunk stands for at most this many packets */
#define FORMAT 15
#define RR 201
#define RTPFB 205
#define HEADS 20          /* length in bytes of an empty receiver report and of the header of a feedback message, together */

enum { LOST, SMALL, LARGE };

_Static_assert(HEADS + FASTPATH_REPORT <= LONGEST, "a report fits into a packet of the queue");
_Static_assert(FASTPATH_REPORT >= 8 + 2 * (SPAN / 7 + 1) + 2 * FASTPATH_ARRIVALS + 3, "the longest report fits");

/* Round as Python does: a half goes to the nearest even number. */
static int64_t rounded(double value) {
    int64_t whole = (int64_t)value;
    double rest = value - (double)whole;
    return whole + (rest > 0.5 || (rest == 0.5 && whole & 1));
}

/* Encode whether each packet arrived. A run chunk stands for seven or more packets of one status, or for all that remain. A
   vector chunk stands for seven packets, with 2 bits each. Return the length of the result in bytes. */
static int put_chunks(uint8_t *into, const uint8_t *statuses, int count) {
    uint8_t *to = into;
    for (int at = 0; at < count; to += 2) {
        int run = 1;
        while (at + run < count && run < LONGEST_RUN && statuses[at + run] == statuses[at]) run++;
        if (run >= 7 || at + run == count) {
            put16(to, (uint16_t)(statuses[at] << 13 | run));
            at += run;
            continue;
        }
        uint16_t symbols = 0xC000;
        for (int each = 0; each < 7; each++)
            symbols |= (uint16_t)((at + each < count ? statuses[at + each] : LOST) << (12 - 2 * each));
        put16(to, symbols);
        at += 7;
    }
    return (int)(to - into);
}

/* Write the body of a report about all stored arrivals, and delete these arrivals. Return the body's length in bytes. 0: nothing
   has arrived. */
int fastpath_report(fastpath_leg *leg, uint8_t *into) {
    double times[SPAN];
    uint8_t came[SPAN] = {0};
    if (!leg->arrived) return 0;
    uint16_t start = (uint16_t)leg->arrivals[0].number;
    int base = 0, last = 0;
    for (int at = 0; at < leg->arrived; at++) {
        int number = ahead((uint16_t)leg->arrivals[at].number, start);
        if (number < base) base = number;
        if (number > last) last = number;
    }
    if (leg->report_from >= 0) { /* after a sender has restarted, the gap in its numbers is not a loss */
        int expected = ahead((uint16_t)leg->report_from, start);
        if (base - BEFORE < expected && expected < base) base = expected;
    }
    if (last - base >= SPAN) base = last - SPAN + 1;
    int count = last - base + 1, first = 0;
    for (int at = 0; at < leg->arrived; at++) {
        int place = ahead((uint16_t)leg->arrivals[at].number, start) - base;
        if (place < 0 || came[place]) continue;
        came[place] = 1;
        times[place] = leg->arrivals[at].at > 0 ? leg->arrivals[at].at : 0;
    }
    leg->report_from = (uint16_t)(start + last + 1);
    leg->arrived = 0;
    while (!came[first]) first++;
    int64_t reference = (int64_t)(times[first] / REFERENCE_S), before = reference * 256;
    uint8_t deltas[2 * FASTPATH_ARRIVALS], *delta = deltas;
    for (int at = first; at < count; at++) {
        if (!came[at]) continue;
        int64_t step = rounded(times[at] / DELTA_S) - before;
        step = step < INT16_MIN ? INT16_MIN : step > INT16_MAX ? INT16_MAX : step;
        before += step;
        came[at] = step >= 0 && step <= 0xFF ? SMALL : LARGE;
        if (came[at] == LARGE) *delta++ = (uint8_t)((uint16_t)step >> 8);
        *delta++ = (uint8_t)step;
    }
    put16(into, (uint16_t)(start + base));
    put16(into + 2, (uint16_t)count);
    put32(into + 4, (uint32_t)reference << 8 | (leg->reports++ & 0xFF));
    int bytes = 8 + put_chunks(into + 8, came, count);
    memcpy(into + bytes, deltas, (size_t)(delta - deltas));
    bytes += (int)(delta - deltas);
    while (bytes % 4) into[bytes++] = 0;
    return bytes;
}

/* Queue a report to the peer. An empty receiver report comes first in the same packet (RFC 3550 section 6.1). */
static void tell(fastpath *f, fastpath_leg *leg, double now) {
    outgoing *packet = queue_place(f);
    uint8_t *data = packet->data;
    leg->reported = now;
    packet->bytes = HEADS + fastpath_report(leg, data + HEADS);
    put32(data, 0x80000000u | RR << 16 | 1);
    put32(data + 4, leg->report_as);
    put32(data + 8, (0x80u | FORMAT) << 24 | RTPFB << 16 | (uint32_t)((packet->bytes - 8) / 4 - 1));
    put32(data + 12, leg->report_as);
    put32(data + 16, leg->report_on);
    if (f->protect_rtcp(leg->protect, data, &packet->bytes)) {
        f->counts.protect++;
        return;
    }
    packet->to = &leg->to;
    packet->fd = packet->to->fd;
    f->queued++;
}

/* Store the arrival of a packet under the peer's transport-wide number. Queue a report to the peer if a report is due. Do nothing
   if FASTPATH_ARRIVALS arrivals are stored already. */
void arrive(fastpath *f, fastpath_leg *leg, uint32_t ssrc, int number, double came) {
    if (leg->arrived == FASTPATH_ARRIVALS) return;
    /* After a pause, report `EVERY_S` after this packet and not at once, so that the report covers the rest of the frame. */
    if (!leg->arrived && came - leg->reported > EVERY_S) leg->reported = came;
    leg->arrivals[leg->arrived++] = (fastpath_arrival){came, number & 0xFFFF};
    leg->report_on = ssrc;
    int due = came - leg->reported >= EVERY_S || leg->arrived == FASTPATH_ARRIVALS;
    if (due && leg->report_as && leg->to.length) tell(f, leg, came);
}

/* Do the same as `arrive` for a packet that Python handles, and send a due report at once. */
void fastpath_arrived(fastpath *f, fastpath_leg *leg, uint32_t ssrc, int number, double came) {
    arrive(f, leg, ssrc, number, came);
    fastpath_flush(f);
}
