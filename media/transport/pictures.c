/* Relays steady videos without Python. This file decrypts each packet once, then rewrites and encrypts it for each slot (viewer's
   stream) that shows the video, and stores the packet for retransmission. media.peer.uplink, media.packets.rtp.Rewriter and
   media.peer.streams do the same in Python.

   The fast path handles a packet only if the packet's number is the next one in the video and in every slot's stream. It leaves
   all other packets to Python, without decrypting them: late packets, retransmissions, the first packet after a gap, and the
   first packet of a sender that has restarted. Python also handles a video while a slot waits for a keyframe of this video. */

#include "inside.h"

#include <stdlib.h>

#define METERED 10       /* number of parts into which a second is divided, as in media.bandwidth.meter (BUCKETS_PER_S) */
#define DESCRIPTOR 5     /* rewriting changes at most this many bytes at the start of a payload: picture id and TL0PICIDX */

/* The payload of a video packet. It is stored once for the caches of all slots to which the packet was sent. */
typedef struct {
    int users, bytes;
    uint8_t data[];
} payload_of;

/* A sent packet. `first` has the packet's header and the first `changed` bytes of its payload. The rest is in the shared payload.
   If `changed` and `first_bytes` are 0, the whole packet is in `payload`. */
typedef struct fastpath_cached {
    payload_of *payload;
    uint16_t sequence;
    uint8_t changed, first_bytes;
    uint8_t first[HEADER + DESCRIPTOR];
} fastpath_cached;

/* The payload descriptor of VP8 (RFC 7741 section 4.2). picture_at, tl0_at: offsets into the payload; 0: missing. wide: whether
   the picture id has 15 bits. */
typedef struct {
    int picture_at, wide, picture, tl0_at, tl0;
} descriptor;

/* --- packets stored for retransmission --- */

static void drop(payload_of *payload) {
    if (payload && --payload->users == 0) free(payload);
}

static payload_of *share(const uint8_t *data, int bytes) {
    payload_of *made = malloc(sizeof *made + (size_t)bytes);
    if (!made) return NULL;
    made->users = 1;
    made->bytes = bytes;
    memcpy(made->data, data, (size_t)bytes);
    return made;
}

/* Empty the slot's cache entry for this sequence number, and return the entry. NULL: there is no memory. */
static fastpath_cached *place(fastpath_slot *slot, uint16_t sequence) {
    if (!slot->cache) slot->cache = calloc(FASTPATH_CACHED, sizeof *slot->cache);
    if (!slot->cache) return NULL;
    fastpath_cached *found = &slot->cache[sequence % FASTPATH_CACHED];
    drop(found->payload);
    *found = (fastpath_cached){.sequence = sequence};
    return found;
}

/* Store a sent packet whose payload is shared. first: the packet's own header and the first `changed` bytes of its payload. */
static void keep_shared(fastpath_slot *slot, uint16_t sequence, payload_of *payload, const uint8_t *first, int changed) {
    fastpath_cached *to = place(slot, sequence);
    if (!to || !payload) return;
    payload->users++;
    to->payload = payload;
    to->changed = (uint8_t)changed;
    to->first_bytes = (uint8_t)(HEADER + changed);
    memcpy(to->first, first, to->first_bytes);
}

/* Store a sent packet as it is. Return -1 if there is no memory. */
int fastpath_slot_put(fastpath_slot *slot, uint16_t sequence, const uint8_t *packet, int bytes) {
    fastpath_cached *to = bytes < 0 ? NULL : place(slot, sequence);
    if (!to) return -1;
    to->payload = share(packet, bytes);
    return to->payload ? 0 : -1;
}

/* Copy a stored packet into `into`. Return its length in bytes; 0: it is not stored, or is longer than `most`. */
int fastpath_slot_get(const fastpath_slot *slot, uint16_t sequence, uint8_t *into, int most) {
    if (!slot->cache) return 0;
    const fastpath_cached *found = &slot->cache[sequence % FASTPATH_CACHED];
    if (!found->payload || found->sequence != sequence) return 0;
    int rest = found->payload->bytes - found->changed;
    if (found->first_bytes + rest > most) return 0;
    memcpy(into, found->first, found->first_bytes);
    memcpy(into + found->first_bytes, found->payload->data + found->changed, (size_t)rest);
    return found->first_bytes + rest;
}

/* --- offloading --- */

/* Create a video that this peer sends. `fastpath_leg_close` frees it. */
fastpath_video *fastpath_video_open(fastpath_leg *leg) {
    fastpath_video *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    made->leg = leg;
    made->next = leg->videos;
    return leg->videos = made;
}

/* Create a video slot of this peer. `fastpath_leg_close` frees it. */
fastpath_slot *fastpath_slot_open(fastpath_leg *leg) {
    fastpath_slot *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    made->leg = leg;
    made->next = leg->slots;
    return leg->slots = made;
}

/* Offload a video. Before this call, Python writes the leg's `from`, and the states of the video and of the slots' streams. Return 0
   when done. -1: this is not possible, and nothing has changed. */
int fastpath_video_lend(fastpath *f, fastpath_video *video, fastpath_slot **slots, int count) {
    if (video->lent || count < 0 || count > FASTPATH_VIEWERS) return -1;
    for (int at = 0; at < count; at++)
        if (slots[at]->source || slots[at]->leg->to.length > FASTPATH_ADDRESS) return -1;
    if (link_leg(f, video->leg)) return -1;
    for (int at = 0; at < count; at++) {
        slots[at]->source = video;
        video->slots[at] = slots[at];
    }
    video->shown = count;
    video->lent = 1;
    return 0;
}

/* End the offloading of this video. After this call, Python may read the states of the video and of its slots. */
void fastpath_video_recall(fastpath *f, fastpath_video *video) {
    if (!video->lent) return;
    for (int at = 0; at < video->shown; at++) video->slots[at]->source = NULL;
    video->shown = video->lent = 0;
    unlink_leg(f, video->leg);
}

static void hide(fastpath_slot *slot) {
    fastpath_video *source = slot->source;
    if (!source) return;
    for (int at = 0; at < source->shown; at++)
        if (source->slots[at] == slot) source->slots[at--] = source->slots[--source->shown];
    slot->source = NULL;
}

/* Free the videos and slots of a leg (the connection of one peer) that is closing. */
void close_pictures(fastpath *f, fastpath_leg *leg) {
    for (fastpath_video *each = leg->videos; each; each = each->next) fastpath_video_recall(f, each);
    while (leg->videos) {
        fastpath_video *ended = leg->videos;
        leg->videos = ended->next;
        free(ended);
    }
    while (leg->slots) {
        fastpath_slot *ended = leg->slots;
        leg->slots = ended->next;
        hide(ended);
        for (int at = 0; ended->cache && at < FASTPATH_CACHED; at++) drop(ended->cache[at].payload);
        free(ended->cache);
        free(ended);
    }
}

/* --- packets --- */

/* Read VP8's payload descriptor as media.packets.rtp.vp8 does. Return -1 if the payload is too short. */
static int read_descriptor(const uint8_t *payload, int bytes, descriptor *found) {
    *found = (descriptor){0};
    int at = 1, starts = (payload[0] & 0x17) == 0x10;
    if (payload[0] & 0x80) {
        if (bytes < 2) return -1;
        uint8_t bits = payload[1];
        at = 2;
        if (bits & 0x80) {
            if (bytes < at + 1) return -1;
            found->picture_at = at;
            found->wide = payload[at] >> 7;
            found->picture = payload[at] & 0x7F;
            if (found->wide) {
                if (bytes < at + 2) return -1;
                found->picture = found->picture << 8 | payload[at + 1];
            }
            at += found->wide ? 2 : 1;
        }
        if (bits & 0x40) {
            if (bytes < at + 1) return -1;
            found->tl0_at = at;
            found->tl0 = payload[at++];
        }
        if (bits & 0x30) at++;
    }
    return starts && bytes < at + 1 ? -1 : 0; /* a frame's first packet needs one more byte, which marks a keyframe */
}

/* Change picture id and TL0PICIDX as media.packets.rtp.Rewriter does. A picture id of 7 bits does not change. */
static void renumber(fastpath_out *out, const descriptor *given, uint8_t *payload) {
    if (given->wide) {
        int value = (given->picture + out->picture_offset) & 0x7FFF;
        put16(payload + given->picture_at, (uint16_t)(0x8000 | value));
        if (((value - out->picture) & 0x7FFF) < 0x4000) out->picture = value;
    }
    if (given->tl0_at) {
        int value = (given->tl0 + out->tl0_offset) & 0xFF;
        payload[given->tl0_at] = (uint8_t)value;
        if (((value - out->tl0) & 0xFF) < 0x80) out->tl0 = value;
    }
}

/* Queue a video packet for one slot, with the same bytes that media.packets.rtp.Rewriter.relay would make, and store it for
   retransmission. */
static void show(fastpath *f, fastpath_slot *slot, const uint8_t *head, const uint8_t *payload, int bytes, const descriptor *vp8,
                 payload_of *shared, double now) {
    fastpath_out *out = &slot->out;
    out->advanced++;
    out->sequence = (uint16_t)(get16(head + 2) + out->sequence_offset);
    out->timestamp = get32(head + 4) + out->timestamp_offset;
    out->at = now;
    out->packets++;
    out->octets += bytes;
    outgoing *packet = queue_place(f);
    uint8_t *data = packet->data, second = (uint8_t)(out->payload_type | (head[1] & 0x80));
    int offset = put_head(out, &slot->leg->numbers, data, second, bytes, now);
    memcpy(data + offset, payload, (size_t)bytes);
    if (bytes) renumber(out, vp8, data + offset);
    uint8_t first[HEADER + DESCRIPTOR];
    int changed = bytes < DESCRIPTOR ? bytes : DESCRIPTOR;
    if (slot->repaired) { /* the cache stores the unencrypted packet, without the extension that has its transport-wide number */
        memcpy(first, data, HEADER);
        first[0] = 0x80;
        memcpy(first + HEADER, data + offset, (size_t)changed);
    }
    packet->bytes = offset + bytes;
    if (f->protect(slot->leg->protect, data, &packet->bytes)) {
        f->counts.protect++;
        return;
    }
    if (slot->repaired) keep_shared(slot, out->sequence, shared, first, changed);
    else fastpath_slot_put(slot, out->sequence, data, packet->bytes);
    packet->to = &slot->leg->to;
    packet->fd = packet->to->fd;
    f->queued++;
}

/* Count received bytes as media.bandwidth.Meter.add does. */
static void meter(fastpath_video *video, int octets, double now) {
    int64_t at = (int64_t)(now * METERED);
    int64_t from = video->metered_at + 1 > at - METERED + 1 ? video->metered_at + 1 : at - METERED + 1;
    for (int64_t each = from; each <= at; each++) video->metered[each % METERED] = 0;
    if (at > video->metered_at) video->metered_at = at;
    video->metered[video->metered_at % METERED] += octets;
}

/* Return whether the packet is the next one of the video, and of the stream to each viewer. A slot is one viewer's stream. Also
   return 0 if a viewer has no room in `numbers.sent` for the transport-wide numbers of FASTPATH_VIEWERS more packets: one packet
   goes to at most that many slots. */
static int is_next(const fastpath_video *video, const uint8_t *data) {
    uint16_t sequence = get16(data + 2);
    if ((data[1] & 0x7F) != video->in.payload_type || sequence != (uint16_t)(video->in.highest + 1)) return 0;
    for (int at = 0; at < video->shown; at++) {
        const fastpath_slot *slot = video->slots[at];
        if ((uint16_t)(sequence + slot->out.sequence_offset) != (uint16_t)(slot->out.sequence + 1)) return 0;
        if (slot->out.number_id && slot->leg->numbers.uncollected + FASTPATH_VIEWERS > FASTPATH_SENT) return 0;
    }
    return 1;
}

/* Decrypt a packet of an offloaded video and send it to each slot. Return 0 if Python must handle the packet, which is then
   unchanged. */
int picture(fastpath *f, fastpath_video *video, uint8_t *data, int bytes, double now, double came) {
    fastpath_leg *leg = video->leg;
    if (bytes > LONGEST || !is_next(video, data)) return 0;
    parts_of packet;
    if (!read_packet(f, leg, data, bytes, now, &packet)) return 1;
    const uint8_t *payload = data + packet.payload, *number;
    int size = packet.end - packet.payload;
    video->in.heard = now;
    if (extension(data + packet.extension, payload, packet.profile, video->number_id, &number) == 2)
        arrive(f, leg, video->in.ssrc, get16(number), came);
    meter(video, size, now);
    count_in(&video->in, get16(data + 2), get32(data + 4), size, came);
    if (!video->shown) return 1;
    descriptor vp8 = {0};
    if (size && read_descriptor(payload, size, &vp8)) {
        f->counts.vp8++;
        return 1;
    }
    int repaired = 0;
    for (int each = 0; each < video->shown; each++) repaired |= video->slots[each]->repaired;
    payload_of *shared = repaired ? share(payload, size) : NULL;
    for (int each = 0; each < video->shown; each++) show(f, video->slots[each], data, payload, size, &vp8, shared, now);
    drop(shared);
    return 1;
}
