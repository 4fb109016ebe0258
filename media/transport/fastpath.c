/* Relays steady voices without Python. This file receives and decrypts each packet, gives the packet a new number, encrypts it
   for each listener and sends it. For mixed voices, this file buffers the packets for the mixer. pictures.c relays videos, and
   feedback.c reports to the senders of the videos.

   fastpath.h says what this code and Python share, and what Python decides. Two rules keep this code small and safe:
   - The C code makes no decisions. It handles a packet only if three conditions hold. Python has offloaded the stream with the
     packet's path and SSRC. The packet has the voice's payload type. Every listener's stream continues without a restart or a new
     source. Any other packet goes to Python before it is decrypted, because libsrtp accepts a packet only once.
   - The code checks every offset against the packet's length before it reads there. It counts and drops malformed packets. */

#include "inside.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* old libc */
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif

enum { STUN, DTLS, RTP, RTCP };

#define TAKEN (-1)
#define COPY_HEAD 4          /* bytes of the RED header of each copy (RFC 2198); the header of the newest payload has one byte */
#define OLDEST 16383         /* in units of the RTP timestamp: the largest age of a copy that RFC 2198 can express */
#define WHOLE 1200           /* a payload and its redundant copies have at most this many bytes; older copies may be left out */
#define RATE 3000.0          /* a peer may send at most this many packets a second, as in media.peer.peer */
#define BURST 1500.0         /* a peer may send at most this many packets at once, as in media.peer.peer */
#define MOST_LATE 5.0        /* seconds; an arrival that seems older means that somebody has set the machine's clock */
#define SEGMENTS 32          /* one message has at most this many packets (UDP_SEGMENT; the kernel allows 64) */
#define SOON 32              /* once this many video packets are queued, the fast path sends them and looks for voice packets */
#define MOST_READ (2 * FASTPATH_BATCH) /* one call of `fastpath_receive` reads at most this many datagrams */
#define SEGMENTED_FROM 400   /* bytes; shorter packets are sent one by one: they are voice, and rarely arrive together */

/* --- legs --- */

static unsigned chain(const fastpath_path *path) {
    uint32_t hash = 2166136261u ^ (uint32_t)path->fd; /* FNV-1a is good enough: only very many addresses make a long chain */
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
        leg->report_from = -1;
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

/* Add a leg (a peer) to the table of paths, unless it is there already. Call this before a stream of the leg is offloaded. Return
   -1, and do nothing, if the table has another leg whose packets come from the same path (`from`). */
int link_leg(fastpath *f, fastpath_leg *leg) {
    if (leg->linked) return 0;
    if (leg->from.length > FASTPATH_ADDRESS || find(f, &leg->from)) return -1;
    fastpath_leg **first = &f->table[chain(&leg->from)];
    leg->next = *first;
    *first = leg;
    leg->linked = 1;
    return 0;
}

/* Remove a leg from the table of paths, unless one of its streams is still offloaded. */
void unlink_leg(fastpath *f, fastpath_leg *leg) {
    if (!leg->linked || leg->lent) return;
    for (const fastpath_video *each = leg->videos; each; each = each->next)
        if (each->lent) return;
    fastpath_leg **link = &f->table[chain(&leg->from)];
    while (*link && *link != leg) link = &(*link)->next;
    if (*link) *link = leg->next;
    leg->next = NULL;
    leg->linked = 0;
}

/* End the offloading of this voice. After this call, Python may read the states of the voice and of its listeners. */
void fastpath_recall(fastpath *f, fastpath_leg *source) {
    if (!source->lent) return;
    for (int at = 0; at < source->listening; at++) source->listeners[at]->source = NULL;
    source->listening = source->lent = 0;
    unlink_leg(f, source);
}

/* Offload a voice. Before this call, Python writes `source->from`, each listener's `to`, and the states of the voice and of the
   listeners' streams. Return 0 when done. -1: this is not possible, and nothing has changed. */
int fastpath_lend(fastpath *f, fastpath_leg *source, fastpath_leg **listeners, int count) {
    if (source->lent || count < 0 || count > FASTPATH_LISTENERS) return -1;
    for (int at = 0; at < count; at++)
        if (listeners[at]->source || listeners[at]->to.length > FASTPATH_ADDRESS) return -1;
    if (link_leg(f, source)) return -1;
    for (int at = 0; at < count; at++) {
        listeners[at]->source = source;
        source->listeners[at] = listeners[at];
    }
    source->listening = count;
    source->lent = 1;
    return 0;
}

/* Free a leg together with its videos and slots. */
void fastpath_leg_close(fastpath *f, fastpath_leg *leg) {
    fastpath_flush(f); /* send the queued packets now, because they point into the leg that is freed below */
    fastpath_recall(f, leg);
    unlisten(leg);
    close_pictures(f, leg);
    free(leg);
}

/* --- out --- */

/* Return the index in the queue of the next packet after `at` that goes to the same peer and is not in a message yet. QUEUE:
   there is no such packet. */
static int next_to(const fastpath *f, const uint8_t *given, int at) {
    for (int next = at + 1; next < f->queued; next++)
        if (!given[next] && f->queue[next].to == f->queue[at].to) return next;
    return QUEUE;
}

/* Fill a message with the queue's packet `first` and with later packets to the same peer. All have the same length, but the last
   one may be shorter (udp(7), UDP_SEGMENT). The kernel then looks up the route only once. Return the number of packets. */
static int segment(const fastpath *f, uint8_t *given, int first, struct msghdr *message, struct iovec *parts, uint8_t *control) {
    const outgoing *one = &f->queue[first];
    int count = 0, bytes = one->bytes;
    for (int at = first; at < QUEUE && count < SEGMENTS; at = next_to(f, given, at)) {
        outgoing each = f->queue[at];
        if (each.bytes > bytes) break;
        given[at] = 1;
        parts[count++] = (struct iovec){(void *)f->queue[at].data, (size_t)each.bytes};
        if (each.bytes < bytes || !f->segments || one->to->apart || bytes < SEGMENTED_FROM) break;
    }
    message->msg_name = one->to->address;
    message->msg_namelen = one->to->length;
    message->msg_iov = parts;
    message->msg_iovlen = (size_t)count;
    if (count > 1) {
        uint16_t size = (uint16_t)bytes;
        message->msg_control = control;
        message->msg_controllen = SEGMENT_CONTROL;
        struct cmsghdr *header = CMSG_FIRSTHDR(message);
        header->cmsg_level = SOL_UDP;
        header->cmsg_type = UDP_SEGMENT;
        header->cmsg_len = CMSG_LEN(sizeof size);
        memcpy(CMSG_DATA(header), &size, sizeof size);
    }
    return count;
}

static void failed(fastpath *f, int packets) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) f->counts.send_full += packets;
    else f->counts.send_error += packets;
}

/* Send the packets of a refused message one by one. From then on, send no groups of packets to this address: a group exceeds the
   MTU of the path (EINVAL, EMSGSIZE). After the error EIO, send no groups to any address, because the network device cannot send
   groups. */
static void send_apart(fastpath *f, int fd, const struct msghdr *message, fastpath_path *to) {
    to->apart = 1;
    if (errno == EIO) f->segments = 0;
    struct msghdr each = *message;
    each.msg_control = NULL;
    each.msg_controllen = 0;
    each.msg_iovlen = 1;
    for (size_t at = 0; at < message->msg_iovlen; at++) {
        each.msg_iov = &message->msg_iov[at];
        if (sendmsg(fd, &each, MSG_DONTWAIT) >= 0) f->counts.packets_out++;
        else failed(f, 1);
    }
}

/* Send the queued packets. Count and drop each packet that the kernel refuses. */
void fastpath_flush(fastpath *f) {
    struct mmsghdr messages[QUEUE];
    struct iovec parts[QUEUE];
    int fds[QUEUE], first[QUEUE], count = 0, used = 0;
    uint8_t given[QUEUE] = {0};
    memset(messages, 0, sizeof messages[0] * (size_t)f->queued);
    for (int at = 0; at < f->queued; at++) {
        if (given[at]) continue;
        first[count] = at;
        fds[count] = f->queue[at].fd;
        used += segment(f, given, at, &messages[count].msg_hdr, &parts[used], f->segment_control[count]);
        count++;
    }
    for (int at = 0; at < count;) {
        int end = at + 1;
        while (end < count && fds[end] == fds[at]) end++;
        int sent = end - at > 1 ? sendmmsg(fds[at], &messages[at], (unsigned)(end - at), MSG_DONTWAIT)
                                : sendmsg(fds[at], &messages[at].msg_hdr, MSG_DONTWAIT) >= 0 ? 1 : -1;
        for (int each = at; each < at + sent; each++) f->counts.packets_out += (int64_t)messages[each].msg_hdr.msg_iovlen;
        if (sent > 0) {
            at += sent;
            continue;
        }
        struct msghdr *refused = &messages[at].msg_hdr;
        if (refused->msg_iovlen > 1 && errno != EAGAIN && errno != EWOULDBLOCK)
            send_apart(f, fds[at], refused, f->queue[first[at]].to);
        else failed(f, (int)refused->msg_iovlen);
        at++;
    }
    f->queued = 0;
}

/* Return the free entry for the next packet of the queue. If the queue is full, first send its packets. The caller fills the
   entry and then increases `queued`. */
outgoing *queue_place(fastpath *f) {
    if (f->queued == QUEUE) fastpath_flush(f);
    return &f->queue[f->queued];
}

/* Write the RTP header of a packet of an outgoing stream, with a transport-wide number if the peer gets such numbers
   (media.bandwidth.feedback.numbered). second: the header's second byte. octets: length of the payload. Return the length of the
   written bytes. */
int put_head(const fastpath_out *out, fastpath_numbers *numbers, uint8_t *data, uint8_t second, int octets, double now) {
    data[0] = 0x80;
    data[1] = second;
    put16(data + 2, out->sequence);
    put32(data + 4, out->timestamp);
    put32(data + 8, out->ssrc);
    if (!out->number_id) return HEADER;
    data[0] = 0x90;
    put32(data + 12, 0xBEDE0001u);
    data[16] = (uint8_t)(out->number_id << 4 | 1);
    put16(data + 17, numbers->next++);
    data[19] = 0;
    numbers->sent[numbers->uncollected++] = (fastpath_sent){now, HEADER + octets};
    return HEADER + NUMBERED;
}

/* Return how many of the packets right before this packet can be added as redundant copies, at most `most`. bytes: length of this
   packet's payload. */
static int copies(const fastpath_in *in, const uint8_t *head, int bytes, int most) {
    int count = 0;
    if (get16(head + 2) != (uint16_t)(in->former_sequence + 1)) return 0;
    while (count < most && count < in->formers) {
        const fastpath_former *each = &in->former[count];
        uint32_t ticks = get32(head + 4) - each->timestamp;
        bytes += each->bytes;
        if (!each->bytes || !ticks || ticks > OLDEST || bytes > WHOLE) break;
        count++;
    }
    return count;
}

/* Write the RED headers and the copies of `count` earlier packets, as media.packets.red.wrap does. The caller then writes the
   packet's own payload. Return the number of bytes written. */
static int put_copies(uint8_t *to, const fastpath_in *in, const uint8_t *head, int count, int payload_type) {
    uint8_t *at = to;
    for (int each = count - 1; each >= 0; each--, at += COPY_HEAD) {
        const fastpath_former *former = &in->former[each];
        at[0] = (uint8_t)(0x80 | payload_type);
        put16(at + 1, (uint16_t)((get32(head + 4) - former->timestamp) << 2 | (uint32_t)former->bytes >> 8));
        at[3] = (uint8_t)former->bytes;
    }
    *at++ = (uint8_t)payload_type;
    for (int each = count - 1; each >= 0; each--) {
        memcpy(at, in->former[each].payload, (size_t)in->former[each].bytes);
        at += in->former[each].bytes;
    }
    return (int)(at - to);
}

/* Queue one packet of a voice for one listener, with the same bytes that media.packets.rtp.Rewriter.relay would make. */
static void relay(fastpath *f, const fastpath_in *in, fastpath_leg *to, const uint8_t *head, const uint8_t *payload, int bytes,
                  double now) {
    fastpath_out *out = &to->out;
    int step = ahead((uint16_t)(get16(head + 2) + out->sequence_offset), out->sequence);
    if (step <= 0 && -step >= out->advanced) return; /* the packet is older than the listener's switch to this source */
    uint16_t sequence = (uint16_t)(get16(head + 2) + out->sequence_offset);
    uint32_t timestamp = get32(head + 4) + out->timestamp_offset;
    if (step > 0) {
        out->advanced += step;
        out->sequence = sequence;
        out->timestamp = timestamp;
        out->at = now;
    }
    int again = copies(in, head, bytes, out->copies);
    int whole = again ? COPY_HEAD * again + 1 + bytes : bytes;
    for (int each = 0; each < again; each++) whole += in->former[each].bytes;
    out->packets++;
    out->octets += whole;
    outgoing *packet = queue_place(f);
    uint8_t *data = packet->data, second = (uint8_t)((again ? out->red_type : out->payload_type) | (head[1] & 0x80));
    int offset = put_head(out, &to->numbers, data, second, whole, now);
    put16(data + 2, sequence); /* `put_head` has written the stream's newest numbers, but a late packet needs older ones */
    put32(data + 4, timestamp);
    if (again) offset += put_copies(data + offset, in, head, again, out->payload_type);
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

/* Encrypt a packet that Python has made, and queue it. The next `fastpath_flush` sends it. Return 0 when done. -1: the packet is
   too long or too short, the peer has no address yet, or encryption fails. */
int fastpath_say(fastpath *f, fastpath_leg *to, const uint8_t *packet, int bytes) {
    if (bytes < HEADER || bytes > LONGEST || !to->to.length) return -1;
    outgoing *queued = queue_place(f);
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

/* Count a received packet in the same way as media.peer.streams.Incoming.receive. The caller has checked that the stream does not
   restart (`goes_on`; in pictures.c: `is_next`). */
void count_in(fastpath_in *in, uint16_t sequence, uint32_t timestamp, int octets, double came) {
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

/* Detect speech in the same way as media.peer.speaking.Voice.hear. */
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

/* Return the length of the header extension with the id `wanted`, and point `value` to its first byte, as
   media.packets.rtp.extension does. -1: it is missing or malformed. The body of all header extensions is from `at` to `end`. */
int extension(const uint8_t *at, const uint8_t *end, uint16_t profile, int wanted, const uint8_t **value) {
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
        if (found == wanted) {
            *value = at;
            return bytes;
        }
        at += bytes;
    }
    return -1;
}

/* Return the packet's RFC 6464 level. -1: the packet has no level. */
static int level(const uint8_t *at, const uint8_t *end, uint16_t profile, int wanted) {
    const uint8_t *value;
    return extension(at, end, profile, wanted, &value) > 0 ? value[0] & 0x7F : -1;
}

/* Find header extensions and payload of a decrypted packet, as media.packets.rtp.parse does (RFC 3550 section 5.1). Return -1 if
   the packet is malformed. */
static int parse(const uint8_t *data, int bytes, parts_of *packet) {
    if (bytes < HEADER) return -1;
    int at = HEADER + 4 * (data[0] & 0x0F), end = bytes;
    *packet = (parts_of){.extension = at};
    if (data[0] & 0x10) {
        if (bytes < at + 4) return -1;
        packet->profile = get16(data + at);
        packet->extension = at + 4;
        at = packet->extension + 4 * get16(data + at + 2);
    }
    if (data[0] & 0x20) {
        if (data[bytes - 1] == 0) return -1;
        end -= data[bytes - 1];
    }
    packet->payload = at;
    packet->end = end;
    return at > end ? -1 : 0;
}

/* Subtract one packet from the peer's allowance. Return 0 if the peer has sent too much. */
static int allowed(fastpath_leg *leg, double now) {
    leg->allowance += (now - leg->refilled) * RATE;
    if (leg->allowance > BURST) leg->allowance = BURST;
    leg->refilled = now;
    if (leg->allowance < 1) return 0;
    leg->allowance--;
    return 1;
}

/* Decrypt a packet in place and find its parts. Return 1 when done. 0: the packet is counted and dropped, because the peer has
   sent too much, the packet's authentication fails, or the packet is malformed. */
int read_packet(fastpath *f, fastpath_leg *leg, uint8_t *data, int bytes, double now, parts_of *packet) {
    if (!allowed(leg, now)) f->counts.rate++;
    else if (f->unprotect(leg->unprotect, data, &bytes)) f->counts.srtp++;
    else if (parse(data, bytes, packet)) f->counts.rtp++;
    else return 1;
    return 0;
}

/* Return whether the voice and the stream of each listener continue with this packet without a restart, and each listener has
   room for one more transport-wide number. */
static int goes_on(const fastpath_leg *leg, const uint8_t *data) {
    uint16_t sequence = get16(data + 2);
    if (get32(data + 8) != leg->in.ssrc || (data[1] & 0x7F) != leg->in.payload_type) return 0;
    if (abs(ahead(sequence, (uint16_t)leg->in.highest)) >= RESTART) return 0;
    for (int at = 0; at < leg->listening; at++) {
        const fastpath_out *out = &leg->listeners[at]->out;
        if (abs(ahead((uint16_t)(sequence + out->sequence_offset), out->sequence)) >= RESTART) return 0;
        if (out->number_id && leg->listeners[at]->numbers.uncollected == FASTPATH_SENT) return 0;
    }
    return 1;
}

/* Return whether the packet's header names a level that is `quiet_from` or softer. Return 0 if the header names no level. This
   works before decryption, because header extensions are not encrypted (no RFC 6904). */
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

/* Store the newest packet, because later packets may contain redundant copies of it. */
static void remember(fastpath_in *in, const uint8_t *head, const uint8_t *payload, int bytes) {
    int follows = get16(head + 2) == (uint16_t)(in->former_sequence + 1);
    int older = !follows ? 0 : in->formers < FASTPATH_COPIES ? in->formers : FASTPATH_COPIES - 1;
    fastpath_former *newest = &in->former[0];
    memmove(newest + 1, newest, sizeof *newest * (size_t)older);
    newest->timestamp = get32(head + 4);
    newest->bytes = bytes <= FASTPATH_FORMER ? bytes : 0;
    memcpy(newest->payload, payload, (size_t)newest->bytes);
    in->formers = older + 1;
    in->former_sequence = get16(head + 2);
}

/* Decrypt a packet of an offloaded voice, relay it, and buffer it if the mixer needs it. Return 0 if Python must handle the
   packet, which is then unchanged. */
static int voice(fastpath *f, fastpath_leg *leg, uint8_t *data, int bytes, double now, double came) {
    if (!leg->lent || bytes > LONGEST || !goes_on(leg, data)) return 0;
    fastpath_in *in = &leg->in;
    if (in->quiet_from && !quiet(in, data, bytes)) return 0;
    if (leg->keeps && (leg->kept == FASTPATH_KEPT || bytes > FASTPATH_KEPT_BYTES)) return 0;
    parts_of packet;
    if (!read_packet(f, leg, data, bytes, now, &packet)) return 1;
    const uint8_t *payload = data + packet.payload;
    int size = packet.end - packet.payload;
    in->heard = now;
    count_in(in, get16(data + 2), get32(data + 4), size, came);
    int loudness = level(data + packet.extension, payload, packet.profile, in->level_id);
    if (loudness >= 0) hear(in, loudness, now);
    int copied = 0;
    for (int each = 0; each < leg->listening; each++) {
        relay(f, in, leg->listeners[each], data, payload, size, now);
        copied |= leg->listeners[each]->out.copies;
    }
    if (!copied) in->formers = 0;
    else if (get16(data + 2) == in->highest) remember(in, data, payload, size);
    if (leg->keeps) keep(leg, data, payload, size, loudness, now);
    return 1;
}

/* Return the peer's offloaded video that the RTP packet belongs to, or NULL. */
static fastpath_video *video_of(const fastpath_leg *leg, const uint8_t *data) {
    fastpath_video *video = leg->videos;
    while (video && !(video->lent && video->in.ssrc == get32(data + 8))) video = video->next;
    return video;
}

/* Handle a packet of an offloaded voice or video. Return 0 if Python must handle the packet, which is then unchanged. */
static int media(fastpath *f, const fastpath_path *from, uint8_t *data, int bytes, double now, double came) {
    fastpath_leg *leg = find(f, from);
    if (!leg) return 0;
    fastpath_video *video = video_of(leg, data);
    return video ? picture(f, video, data, bytes, now, came) : voice(f, leg, data, bytes, now, came);
}

/* Return whether the datagram belongs to an offloaded video. Such a datagram may wait until voices that were read with it are
   sent. */
static int may_wait(const fastpath *f, const fastpath_path *from, const uint8_t *data, int bytes) {
    if (bytes < HEADER || data[0] < 128 || data[0] > 191) return 0;
    const fastpath_leg *leg = find(f, from);
    return leg && leg->videos && video_of(leg, data);
}

/* Handle a datagram. Its kind is found as in media.transport.udp.classify (RFC 7983 section 7 and RFC 5761 section 4). Return the
   kind if Python must handle the datagram, else TAKEN. came: when the kernel received the datagram, not later than `now`. */
int fastpath_datagram(fastpath *f, fastpath_path *from, uint8_t *data, int bytes, double now, double came) {
    f->counts.packets_in++;
    if (bytes >= HEADER && bytes < FASTPATH_DATAGRAM - 3) {
        uint8_t first = data[0];
        if (first >= 128 && first <= 191) {
            if (data[1] >= 192 && data[1] <= 223) return RTCP;
            if (!media(f, from, data, bytes, now, came)) return RTP;
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

/* Return when the kernel received a datagram, in seconds of the monotonic clock. The sender must not learn the later time at
   which this process reads the packet. Otherwise the sender's bandwidth estimation would conclude that the link is too slow. */
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

/* The datagrams that one call of `fastpath_receive` has read. A place is the buffer of one datagram. later: places of video packets
   in order of arrival; `next` is the index of the first one that is not handled yet. free: places without a datagram. */
typedef struct {
    double now, came[FASTPATH_BATCH];
    int bytes[FASTPATH_BATCH], later[MOST_READ], free[FASTPATH_BATCH];
    int read, next, waiting, spare, left;
} batch;

/* Make the kernel write the datagram of a message into the buffer with the index `place`. */
static void point(fastpath *f, int message, int place) {
    struct msghdr *header = &f->messages[message].msg_hdr;
    f->parts[message].iov_base = f->in[place];
    header->msg_name = f->paths[place].address;
    header->msg_namelen = FASTPATH_ADDRESS;
    header->msg_control = f->control[place];
    header->msg_controllen = CONTROL;
}

/* Handle one datagram. place: the index of its buffer. */
static void handle(fastpath *f, batch *of, int place) {
    const fastpath_path *from = &f->paths[place];
    int bytes = of->bytes[place];
    int kind = fastpath_datagram(f, &f->paths[place], f->in[place], bytes, of->now, of->came[place]);
    if (kind == TAKEN) of->free[of->spare++] = place;
    else f->left[of->left++] = (fastpath_left){of->came[place], kind, bytes, f->in[place], from->length, from->address};
}

/* Read datagrams into the free buffers, and handle all datagrams except those of videos. Return -1 if there was no datagram, or
   after a socket error. */
static int look(fastpath *f, batch *of, int fd) {
    int places[FASTPATH_BATCH], most = of->spare, count;
    memcpy(places, of->free, sizeof places);
    if (of->read && f->used < most) f->used = most;
    for (int at = 0; at < f->used && at < most; at++) point(f, at, places[at]);
    count = recvmmsg(fd, f->messages, (unsigned)most, MSG_DONTWAIT, NULL);
    if (count < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) f->counts.receive_error++;
        return -1;
    }
    if (!of->read) f->used = count;
    of->read += count;
    of->spare -= count;
    memmove(of->free, of->free + count, sizeof *of->free * (size_t)of->spare);
    double read = seconds(CLOCK_MONOTONIC), wall = seconds(CLOCK_REALTIME);
    for (int at = 0; at < count; at++) {
        int place = places[at];
        f->paths[place].fd = fd;
        f->paths[place].length = f->messages[at].msg_hdr.msg_namelen;
        of->bytes[place] = (int)f->messages[at].msg_len;
        of->came[place] = arrival(&f->messages[at].msg_hdr, read, wall);
        if (f->paths[place].length > FASTPATH_ADDRESS) of->free[of->spare++] = place;
        else if (may_wait(f, &f->paths[place], f->in[place], of->bytes[place])) of->later[of->waiting++] = place;
        else handle(f, of, place);
    }
    fastpath_flush(f);
    return count;
}

/* Read and handle datagrams of one socket, at most MOST_READ. Sending a keyframe to many viewers takes milliseconds. So voices
   are sent first, also voices that arrive while the videos are sent. Return how many datagrams Python must handle. They are in
   `fastpath_leftovers` until the next call. -1: there was no datagram, or a socket error. */
int fastpath_receive(fastpath *f, int fd, double now) {
    batch of;
    of.now = now;
    of.read = of.next = of.waiting = of.left = 0;
    of.spare = FASTPATH_BATCH;
    for (int at = 0; at < FASTPATH_BATCH; at++) of.free[at] = at;
    if (look(f, &of, fd) < 0) return -1;
    while (of.next < of.waiting) {
        while (of.next < of.waiting && f->queued < SOON) handle(f, &of, of.later[of.next++]);
        fastpath_flush(f);
        if (of.next == of.waiting || of.read + of.spare > MOST_READ) continue;
        of.now = seconds(CLOCK_MONOTONIC);
        look(f, &of, fd);
    }
    return of.left;
}

/* --- waiting --- */

/* Set the sockets that `fastpath_wait` reads. Return -1 if there are too many; then `fastpath_wait` reads none of them. */
int fastpath_use(fastpath *f, const int *sockets, int count) {
    f->socket_count = 0;
    if (count < 0 || count > FASTPATH_SOCKETS) return -1;
    memcpy(f->sockets, sockets, sizeof *sockets * (size_t)count);
    int on = 1;
    for (int at = 0; at < count; at++) /* without SO_TIMESTAMPNS, `came` would be when we read */
        setsockopt(sockets[at], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    int off = 0;
    f->segments = count > 0 && setsockopt(sockets[0], SOL_UDP, UDP_SEGMENT, &off, sizeof off) == 0;
    f->socket_count = count;
    return 0;
}

static int socket_index(const fastpath *f, int fd) {
    int at = 0;
    while (at < f->socket_count && f->sockets[at] != fd) at++;
    return at < f->socket_count ? at : -1;
}

/* Wait as epoll_wait does (milliseconds -1: without limit), and read the sockets that `fastpath_use` has set. Stop waiting at the
   time limit, or earlier when another descriptor is ready or Python must handle a datagram. Return how many other descriptors are
   ready (`fastpath_others`). -1: epoll_wait has failed. Write the index of a socket into left[0], and into left[1] how many
   datagrams of this socket Python must handle (`fastpath_leftovers`). Descriptors are level-triggered: a ready descriptor that
   this call does not report is reported by the next call. */
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

fastpath *fastpath_open(void *unprotect, void *protect, void *protect_rtcp) {
    fastpath *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    f->unprotect = (cipher)unprotect;
    f->protect = (cipher)protect;
    f->protect_rtcp = (cipher)protect_rtcp;
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

/* Return the fingerprint of the sources from which this library was built. Python refuses a library with another fingerprint. */
const char *fastpath_source(void) { return FASTPATH_SOURCE; }
