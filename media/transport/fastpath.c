/* Moves steady voices without Python: receive, unprotect, renumber, protect for each listener, send; or buffer for the mixer.

   fastpath.h says what is shared and who decides. Two rules keep this code small and safe:
   - It decides nothing. It takes a packet only when the packet's path and SSRC are offloaded, its payload type is the voice's, and
     every listener's stream simply continues (no restart, no switch of source). Any other packet goes to Python before it is
     decrypted, so that libsrtp's replay window has not seen it.
   - Every offset is checked against the length before it is read. Malformed packets are counted and dropped. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "fastpath.h"

enum { STUN, DTLS, RTP, RTCP };

#define TAKEN (-1)
#define HEADER 12
#define REDUNDANT 5          /* bytes that RFC 2198 puts before the two packets */
#define OLDEST 16383         /* ticks: the most its format can express */
#define BOTH 1200            /* bytes of both packets; a longer pair is sent without a copy */
#define NUMBERED 8           /* bytes of the extension that carries a transport-wide number */
#define TRAILER 144          /* bytes that libsrtp may write behind a packet (SRTP_MAX_TRAILER_LEN) */
#define LONGEST 1356         /* media.transport.seam.MAX_PROTECTED_INPUT_BYTES */
#define RESTART 3000         /* media.packets.rtp.RESTART */
#define TABLE 4096           /* chains; a worker has at most 2,000 peers */
#define QUEUE 128            /* packets sent by one system call at most */
#define RATE 3000.0          /* packets a second from one peer, as in media.peer.peer, */
#define BURST 1500.0         /* and at once */
#define CONTROL CMSG_SPACE(sizeof(struct timespec))
#define MOST_LATE 5.0        /* seconds; an older arrival means that the machine's clock was set */

typedef int (*cipher)(void *context, void *packet, int *length);

typedef struct {
    int fd, bytes;
    fastpath_path *to;
    _Alignas(8) uint8_t data[LONGEST + NUMBERED + TRAILER]; /* libsrtp reads words */
} outgoing;

struct fastpath {
    cipher unprotect, protect;
    fastpath_counts counts;
    fastpath_left left[FASTPATH_BATCH];
    fastpath_leg *table[TABLE];
    struct mmsghdr messages[FASTPATH_BATCH];
    struct iovec parts[FASTPATH_BATCH];
    fastpath_path paths[FASTPATH_BATCH];
    _Alignas(8) uint8_t in[FASTPATH_BATCH][FASTPATH_DATAGRAM];
    _Alignas(8) uint8_t control[FASTPATH_BATCH][CONTROL];
    int used; /* messages whose lengths the kernel has written */
    int queued;
    outgoing queue[QUEUE];
    int sockets[FASTPATH_SOCKETS], socket_count;
    fastpath_ready others[FASTPATH_READY];
};

static uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static uint32_t get32(const uint8_t *at) { return (uint32_t)get16(at) << 16 | get16(at + 2); }

static void put16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value) {
    put16(at, (uint16_t)(value >> 16));
    put16(at + 2, (uint16_t)value);
}

/* Return how many sequence numbers `new` is after `old`, across the wrap. */
static int ahead(uint16_t new, uint16_t old) { return (int16_t)(uint16_t)(new - old); }

/* --- legs --- */

static unsigned chain(const fastpath_path *path) {
    uint32_t hash = 2166136261u ^ (uint32_t)path->fd; /* FNV-1a: keys are short; to fill one chain takes many addresses */
    for (unsigned at = 0; at < path->length; at++) hash = (hash ^ path->address[at]) * 16777619u;
    return hash % TABLE;
}

static int same(const fastpath_path *one, const fastpath_path *other) {
    return one->fd == other->fd && one->length == other->length && memcmp(one->address, other->address, one->length) == 0;
}

static fastpath_leg *find(const fastpath *f, const fastpath_path *path) {
    fastpath_leg *leg = f->table[chain(path)];
    while (leg && !same(&leg->from, path)) leg = leg->next;
    return leg;
}

fastpath_leg *fastpath_leg_open(void *unprotect, void *protect) {
    fastpath_leg *leg = calloc(1, sizeof *leg);
    if (leg) {
        leg->unprotect = unprotect;
        leg->protect = protect;
    }
    return leg;
}

static void unlisten(fastpath_leg *listener) {
    fastpath_leg *source = listener->source;
    if (!source) return;
    for (int at = 0; at < source->listening; at++)
        if (source->listeners[at] == listener) source->listeners[at--] = source->listeners[--source->listening];
    listener->source = NULL;
}

/* End the offloading of this voice. Python may read its state and its listeners' states from now on. */
void fastpath_recall(fastpath *f, fastpath_leg *source) {
    if (!source->lent) return;
    for (int at = 0; at < source->listening; at++) source->listeners[at]->source = NULL;
    source->listening = source->lent = 0;
    fastpath_leg **link = &f->table[chain(&source->from)];
    while (*link && *link != source) link = &(*link)->next;
    if (*link) *link = source->next;
    source->next = NULL;
}

/* Offload a voice. Python has written `source->from`, the states and each listener's `to`. Return 0 when done. */
int fastpath_lend(fastpath *f, fastpath_leg *source, fastpath_leg **listeners, int count) {
    if (source->lent || count < 0 || count > FASTPATH_LISTENERS || source->from.length > FASTPATH_ADDRESS || find(f, &source->from))
        return -1;
    for (int at = 0; at < count; at++)
        if (listeners[at]->source || listeners[at]->to.length > FASTPATH_ADDRESS) return -1;
    for (int at = 0; at < count; at++) {
        listeners[at]->source = source;
        source->listeners[at] = listeners[at];
    }
    source->listening = count;
    source->lent = 1;
    fastpath_leg **first = &f->table[chain(&source->from)];
    source->next = *first;
    *first = source;
    return 0;
}

void fastpath_leg_close(fastpath *f, fastpath_leg *leg) {
    fastpath_flush(f); /* the queue points into legs */
    fastpath_recall(f, leg);
    unlisten(leg);
    free(leg);
}

/* --- out --- */

void fastpath_flush(fastpath *f) {
    struct mmsghdr messages[QUEUE];
    struct iovec parts[QUEUE];
    memset(messages, 0, sizeof messages[0] * (size_t)f->queued);
    for (int at = 0; at < f->queued; at++) {
        outgoing *each = &f->queue[at];
        parts[at] = (struct iovec){each->data, (size_t)each->bytes};
        messages[at].msg_hdr.msg_name = each->to->address;
        messages[at].msg_hdr.msg_namelen = each->to->length;
        messages[at].msg_hdr.msg_iov = &parts[at];
        messages[at].msg_hdr.msg_iovlen = 1;
    }
    for (int at = 0; at < f->queued;) {
        int end = at + 1;
        while (end < f->queued && f->queue[end].fd == f->queue[at].fd) end++;
        int sent = end - at > 1 ? sendmmsg(f->queue[at].fd, &messages[at], (unsigned)(end - at), MSG_DONTWAIT)
                                : sendmsg(f->queue[at].fd, &messages[at].msg_hdr, MSG_DONTWAIT) >= 0 ? 1 : -1;
        if (sent > 0) {
            f->counts.packets_out += sent;
            at += sent;
        } else { /* the kernel did not take it: drop it */
            if (errno == EAGAIN || errno == EWOULDBLOCK) f->counts.send_full++;
            else f->counts.send_error++;
            at++;
        }
    }
    f->queued = 0;
}

/* Return the length of the packet before this one if it is known and fits as a redundant copy, else 0. */
static int former(const fastpath_in *in, const uint8_t *head, int bytes) {
    uint32_t ticks = get32(head + 4) - in->former_timestamp;
    int follows = in->former_bytes && get16(head + 2) == (uint16_t)(in->former_sequence + 1) && ticks && ticks <= OLDEST;
    return follows && in->former_bytes + bytes <= BOTH ? in->former_bytes : 0;
}

/* Write a RED header and the packet before, as media.packets.red.wrap does; the packet itself follows. */
static int put_former(uint8_t *at, const fastpath_in *in, const uint8_t *head, int payload_type) {
    at[0] = (uint8_t)(0x80 | payload_type);
    put16(at + 1, (uint16_t)((get32(head + 4) - in->former_timestamp) << 2 | (uint32_t)in->former_bytes >> 8));
    at[3] = (uint8_t)in->former_bytes;
    at[4] = (uint8_t)payload_type;
    memcpy(at + REDUNDANT, in->former, (size_t)in->former_bytes);
    return REDUNDANT + in->former_bytes;
}

/* Queue one packet of a voice for one listener, as media.packets.rtp.Rewriter.relay makes it. */
static void relay(fastpath *f, const fastpath_in *in, fastpath_leg *to, const uint8_t *head, const uint8_t *payload, int bytes,
                  double now) {
    fastpath_out *out = &to->out;
    int step = ahead((uint16_t)(get16(head + 2) + out->sequence_offset), out->sequence);
    if (step <= 0 && -step >= out->advanced) return; /* older than the change of source */
    uint16_t sequence = (uint16_t)(get16(head + 2) + out->sequence_offset);
    uint32_t timestamp = get32(head + 4) + out->timestamp_offset;
    if (step > 0) {
        out->advanced += step;
        out->sequence = sequence;
        out->timestamp = timestamp;
        out->at = now;
    }
    int again = out->red_type ? former(in, head, bytes) : 0;
    int whole = again ? REDUNDANT + again + bytes : bytes;
    out->packets++;
    out->octets += whole;
    if (f->queued == QUEUE) fastpath_flush(f);
    outgoing *packet = &f->queue[f->queued];
    uint8_t *data = packet->data;
    int offset = HEADER;
    data[0] = 0x80;
    data[1] = (uint8_t)((again ? out->red_type : out->payload_type) | (head[1] & 0x80));
    put16(data + 2, sequence);
    put32(data + 4, timestamp);
    put32(data + 8, out->ssrc);
    if (out->number_id) { /* media.bandwidth.feedback.numbered */
        data[0] = 0x90;
        put32(data + 12, 0xBEDE0001u);
        data[16] = (uint8_t)(out->number_id << 4 | 1);
        put16(data + 17, out->number++);
        data[19] = 0;
        offset += NUMBERED;
        out->sent[out->uncollected++] = (fastpath_sent){now, HEADER + whole};
    }
    if (again) offset += put_former(data + offset, in, head, out->payload_type);
    memcpy(data + offset, payload, (size_t)bytes);
    packet->bytes = offset + bytes;
    if (f->protect(to->protect, data, &packet->bytes)) {
        f->counts.protect++;
        return;
    }
    packet->to = &to->to;
    packet->fd = to->to.fd;
    f->queued++;
}

/* Encrypt a packet that Python has made and queue it for the next `fastpath_flush`. Return 0 when done. */
int fastpath_say(fastpath *f, fastpath_leg *to, const uint8_t *packet, int bytes) {
    if (bytes < HEADER || bytes > LONGEST || !to->to.length) return -1;
    if (f->queued == QUEUE) fastpath_flush(f);
    outgoing *queued = &f->queue[f->queued];
    memcpy(queued->data, packet, (size_t)bytes);
    queued->bytes = bytes;
    if (f->protect(to->protect, queued->data, &queued->bytes)) {
        f->counts.protect++;
        return -1;
    }
    queued->to = &to->to;
    queued->fd = to->to.fd;
    f->queued++;
    return 0;
}

/* --- in --- */

/* Count a packet as media.peer.streams.Incoming.receive does; `goes_on` has excluded a restart. */
static void count(fastpath_in *in, uint16_t sequence, uint32_t timestamp, int octets, double came) {
    in->packets++;
    in->octets += octets;
    if (ahead(sequence, (uint16_t)in->highest) > 0) {
        if (sequence < in->highest) in->cycles += 65536;
        in->highest = sequence;
    }
    double transit = came * in->clock - timestamp;
    double difference = transit - in->transit;
    if (difference < 0) difference = -difference;
    if (difference >= 4294967296.0) difference -= 4294967296.0 * (double)(int64_t)(difference / 4294967296.0);
    if (difference < in->clock * 10) in->jitter += (difference - in->jitter) / 16;
    in->transit = transit;
}

/* Detect speech as media.peer.speaking.Voice.hear does. */
static void hear(fastpath_in *in, int level, double now) {
    if (now - in->last_loud > in->hang_s || now - in->last_packet > in->silent_s) in->speaking = 0;
    in->last_packet = now;
    if (level <= (in->speaking ? in->quiet_level : in->loud_level)) {
        in->loud++;
        in->last_loud = now;
        if (in->loud >= in->start_packets) in->speaking = 1;
    } else {
        in->loud = 0;
    }
}

/* Return the RFC 6464 level, or -1. `at` to `end` is the body of the header extensions (as media.packets.rtp.extension). */
static int level(const uint8_t *at, const uint8_t *end, uint16_t profile, int wanted) {
    int wide = (profile & 0xFFF0) == 0x1000;
    if (!wanted || (!wide && profile != 0xBEDE)) return -1;
    while (at < end) {
        if (*at == 0) {
            at++;
            continue;
        }
        int found, bytes;
        if (wide) {
            if (end - at < 2) return -1;
            found = at[0];
            bytes = at[1];
            at += 2;
        } else {
            found = at[0] >> 4;
            bytes = (at[0] & 0x0F) + 1;
            if (found == 15) return -1;
            at++;
        }
        if (end - at < bytes) return -1;
        if (found == wanted) return bytes ? at[0] & 0x7F : -1;
        at += bytes;
    }
    return -1;
}

/* Return whether this voice, and the stream of each listener, simply continues. */
static int goes_on(const fastpath_leg *leg, const uint8_t *data) {
    uint16_t sequence = get16(data + 2);
    if (get32(data + 8) != leg->in.ssrc || (data[1] & 0x7F) != leg->in.payload_type) return 0;
    if (abs(ahead(sequence, (uint16_t)leg->in.highest)) >= RESTART) return 0;
    for (int at = 0; at < leg->listening; at++) {
        const fastpath_out *out = &leg->listeners[at]->out;
        if (abs(ahead((uint16_t)(sequence + out->sequence_offset), out->sequence)) >= RESTART) return 0;
        if (out->number_id && out->uncollected == FASTPATH_SENT) return 0;
    }
    return 1;
}

/* Return whether a packet's own level says that it holds nothing to hear. Header extensions are not encrypted (no RFC 6904). */
static int quiet(const fastpath_in *in, const uint8_t *data, int bytes) {
    int at = HEADER + 4 * (data[0] & 0x0F);
    if (!(data[0] & 0x10) || bytes < at + 4) return 0;
    int end = at + 4 + 4 * get16(data + at + 2);
    return end <= bytes && level(data + at + 4, data + end, get16(data + at), in->level_id) >= in->quiet_from;
}

static void keep(fastpath_leg *leg, const uint8_t *head, const uint8_t *payload, int bytes, int loudness, double now) {
    fastpath_kept *packet = &leg->packets[leg->kept++];
    packet->at = now;
    packet->sequence = get16(head + 2);
    packet->timestamp = get32(head + 4);
    packet->level = loudness;
    packet->bytes = bytes;
    memcpy(packet->payload, payload, (size_t)bytes);
}

/* Store the newest packet for redundant copies; 0 bytes: no listener gets any. */
static void remember(fastpath_in *in, const uint8_t *head, const uint8_t *payload, int bytes) {
    in->former_bytes = bytes <= FASTPATH_FORMER ? bytes : 0;
    in->former_sequence = get16(head + 2);
    in->former_timestamp = get32(head + 4);
    memcpy(in->former, payload, (size_t)in->former_bytes);
}

/* Decrypt a packet of an offloaded voice and pass it on. Return 0 if it is left to Python, untouched. */
static int voice(fastpath *f, const fastpath_path *from, uint8_t *data, int bytes, double now, double came) {
    fastpath_leg *leg = find(f, from);
    if (!leg || bytes > LONGEST || !goes_on(leg, data)) return 0;
    fastpath_in *in = &leg->in;
    if (in->quiet_from && !quiet(in, data, bytes)) return 0;
    if (leg->keeps && (leg->kept == FASTPATH_KEPT || bytes > FASTPATH_KEPT_BYTES)) return 0;
    in->allowance += (now - in->refilled) * RATE;
    if (in->allowance > BURST) in->allowance = BURST;
    in->refilled = now;
    if (in->allowance < 1) {
        f->counts.rate++;
        return 1;
    }
    in->allowance--;
    if (f->unprotect(leg->unprotect, data, &bytes)) {
        f->counts.srtp++;
        return 1;
    }
    /* RFC 3550 section 5.1, as media.packets.rtp.parse */
    int at = HEADER + 4 * (data[0] & 0x0F), end = bytes, extension = at;
    uint16_t profile = 0;
    if (bytes < HEADER) goto malformed;
    if (data[0] & 0x10) {
        if (bytes < at + 4) goto malformed;
        profile = get16(data + at);
        extension = at + 4;
        at = extension + 4 * get16(data + at + 2);
    }
    if (data[0] & 0x20) {
        if (data[bytes - 1] == 0) goto malformed;
        end -= data[bytes - 1];
    }
    if (at > end) goto malformed;
    in->heard = now;
    count(in, get16(data + 2), get32(data + 4), end - at, came);
    int loudness = level(data + extension, data + at, profile, in->level_id);
    if (loudness >= 0) hear(in, loudness, now);
    int copied = 0;
    for (int each = 0; each < leg->listening; each++) {
        relay(f, in, leg->listeners[each], data, data + at, end - at, now);
        copied |= leg->listeners[each]->out.red_type;
    }
    if (get16(data + 2) == in->highest) remember(in, data, data + at, copied ? end - at : 0);
    if (leg->keeps) keep(leg, data, data + at, end - at, loudness, now);
    return 1;
malformed:
    f->counts.rtp++;
    return 1;
}

/* Classify a datagram (RFC 7983 section 7 and RFC 5761 section 4) as media.transport.udp.classify does. Return its kind if Python
   must handle it, else TAKEN. came: when the kernel received it, at most `now`. */
int fastpath_datagram(fastpath *f, fastpath_path *from, uint8_t *data, int bytes, double now, double came) {
    f->counts.packets_in++;
    if (bytes >= HEADER && bytes < FASTPATH_DATAGRAM - 3) {
        uint8_t first = data[0];
        if (first >= 128 && first <= 191) {
            if (data[1] >= 192 && data[1] <= 223) return RTCP;
            if (!voice(f, from, data, bytes, now, came)) return RTP;
            f->counts.taken++;
            return TAKEN;
        }
        if (first <= 3 && bytes >= 20) return STUN;
        if (first >= 20 && first <= 63 && bytes >= 13) return DTLS;
    }
    f->counts.junk++;
    return TAKEN;
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Return when the kernel received a datagram, on our clock. The sender must learn when its packets arrived, not when this process
   read them: its bandwidth estimation takes lateness for a narrow link. */
static double arrival(struct msghdr *message, double now, double wall) {
    for (struct cmsghdr *each = CMSG_FIRSTHDR(message); each; each = CMSG_NXTHDR(message, each)) {
        if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_TIMESTAMPNS) continue;
        struct timespec stamp;
        memcpy(&stamp, CMSG_DATA(each), sizeof stamp);
        double late = wall - (double)stamp.tv_sec - (double)stamp.tv_nsec / 1e9;
        if (late > 0 && late < MOST_LATE) return now - late;
    }
    return now;
}

/* Read one batch. Return how many datagrams are left to Python, valid until the next call. -1: none, or a socket error. */
int fastpath_receive(fastpath *f, int fd, double now) {
    for (int at = 0; at < f->used; at++) {
        f->messages[at].msg_hdr.msg_namelen = FASTPATH_ADDRESS;
        f->messages[at].msg_hdr.msg_controllen = CONTROL;
    }
    int count = recvmmsg(fd, f->messages, FASTPATH_BATCH, MSG_DONTWAIT, NULL);
    if (count < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) f->counts.receive_error++;
        return -1;
    }
    int left = 0;
    double read = seconds(CLOCK_MONOTONIC), wall = seconds(CLOCK_REALTIME);
    f->used = count;
    for (int at = 0; at < count; at++) {
        int bytes = (int)f->messages[at].msg_len;
        f->paths[at].fd = fd;
        f->paths[at].length = f->messages[at].msg_hdr.msg_namelen;
        if (f->paths[at].length > FASTPATH_ADDRESS) continue;
        double came = arrival(&f->messages[at].msg_hdr, read, wall);
        int kind = fastpath_datagram(f, &f->paths[at], f->in[at], bytes, now, came);
        if (kind != TAKEN)
            f->left[left++] = (fastpath_left){came, kind, bytes, f->in[at], f->paths[at].length, f->paths[at].address};
    }
    fastpath_flush(f);
    return left;
}

/* --- waiting --- */

/* Set the sockets that `fastpath_wait` reads. Return -1, and read none, if they are too many. */
int fastpath_use(fastpath *f, const int *sockets, int count) {
    f->socket_count = 0;
    if (count < 0 || count > FASTPATH_SOCKETS) return -1;
    memcpy(f->sockets, sockets, sizeof *sockets * (size_t)count);
    int on = 1;
    for (int at = 0; at < count; at++) /* without this option `came` is the time of reading */
        setsockopt(sockets[at], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    f->socket_count = count;
    return 0;
}

static int socket_index(const fastpath *f, int fd) {
    int at = 0;
    while (at < f->socket_count && f->sockets[at] != fd) at++;
    return at < f->socket_count ? at : -1;
}

/* Wait as epoll_wait does (-1: without limit), and read our sockets here. Wait on, within the time given, while every datagram is
   taken. Return how many other descriptors are ready (`fastpath_others`). left: socket, number of datagrams for Python
   (`fastpath_leftovers`). Descriptors are level-triggered: one that is not reported now is reported the next time. */
int fastpath_wait(fastpath *f, int epoll, int milliseconds, int *left) {
    struct epoll_event events[FASTPATH_READY];
    double until = milliseconds > 0 ? seconds(CLOCK_MONOTONIC) + milliseconds / 1e3 : 0;
    left[0] = left[1] = 0;
    for (;;) {
        int count = epoll_wait(epoll, events, FASTPATH_READY, milliseconds);
        if (count < 0) return errno == EINTR ? 0 : -1;
        double now = seconds(CLOCK_MONOTONIC);
        int others = 0;
        for (int at = 0; at < count; at++) {
            int index = socket_index(f, events[at].data.fd);
            if (index < 0) {
                f->others[others++] = (fastpath_ready){events[at].data.fd, events[at].events};
            } else if (!left[1]) {
                int found = fastpath_receive(f, events[at].data.fd, now);
                left[0] = index;
                left[1] = found > 0 ? found : 0;
            }
        }
        if (others || left[1] || !milliseconds || !count) return others;
        if (milliseconds > 0) {
            milliseconds = (int)((until - now) * 1e3 + 0.999);
            if (milliseconds <= 0) return 0;
        }
    }
}

fastpath_ready *fastpath_others(fastpath *f) { return f->others; }

/* --- life --- */

fastpath *fastpath_open(void *unprotect, void *protect) {
    fastpath *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    f->unprotect = (cipher)unprotect;
    f->protect = (cipher)protect;
    for (int at = 0; at < FASTPATH_BATCH; at++) {
        f->parts[at].iov_base = f->in[at];
        f->parts[at].iov_len = FASTPATH_DATAGRAM;
        f->messages[at].msg_hdr.msg_namelen = FASTPATH_ADDRESS;
        f->messages[at].msg_hdr.msg_name = f->paths[at].address;
        f->messages[at].msg_hdr.msg_control = f->control[at];
        f->messages[at].msg_hdr.msg_controllen = CONTROL;
        f->messages[at].msg_hdr.msg_iov = &f->parts[at];
        f->messages[at].msg_hdr.msg_iovlen = 1;
    }
    return f;
}

void fastpath_close(fastpath *f) { free(f); }

fastpath_counts *fastpath_counted(fastpath *f) { return &f->counts; }

fastpath_left *fastpath_leftovers(fastpath *f) { return f->left; }

/* Return the fingerprint of the sources this library was built from. Python uses no other. */
const char *fastpath_source(void) { return FASTPATH_SOURCE; }
