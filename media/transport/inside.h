/* Declarations that only the files of the fast path share. */

#ifndef INSIDE_H
#define INSIDE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "fastpath.h"

#define INSIDE __attribute__((visibility("hidden")))
#define HEADER 12            /* length in bytes of an RTP header without CSRCs */
#define NUMBERED 8           /* length in bytes of the header extension with a transport-wide number */
#define TRAILER 144          /* libsrtp appends at most this many bytes to a packet (SRTP_MAX_TRAILER_LEN) */
#define LONGEST 1356         /* bytes of the longest packet handled here, as MAX_PROTECTED_INPUT_BYTES in media.transport.seam */
#define RESTART 3000         /* a jump by this many sequence numbers means that the sender has restarted (media.packets.rtp) */
#define TABLE 4096           /* number of hash chains in the table of paths (address pairs); a worker has at most 2,000 peers */
#define QUEUE 128            /* at most this many packets wait to be sent; `fastpath_flush` sends them */
#define CONTROL CMSG_SPACE(sizeof(struct timespec))
#define SEGMENT_CONTROL CMSG_SPACE(sizeof(uint16_t))

typedef int (*cipher)(void *context, void *packet, int *length);

typedef struct {
    int fd, bytes;
    fastpath_path *to;
    _Alignas(8) uint8_t data[LONGEST + NUMBERED + TRAILER]; /* aligned, because libsrtp reads words */
} outgoing;

struct fastpath {
    cipher unprotect, protect, protect_rtcp;
    fastpath_counts counts;
    fastpath_left left[FASTPATH_BATCH];
    fastpath_leg *table[TABLE];
    struct mmsghdr messages[FASTPATH_BATCH];
    struct iovec parts[FASTPATH_BATCH];
    fastpath_path paths[FASTPATH_BATCH];
    _Alignas(8) uint8_t in[FASTPATH_BATCH][FASTPATH_DATAGRAM];
    _Alignas(8) uint8_t control[FASTPATH_BATCH][CONTROL];
    int used; /* number of entries of `messages` that the kernel has filled; these need free buffers before the next read */
    int queued;
    int segments; /* whether the kernel can send several packets as one message (UDP_SEGMENT) */
    outgoing queue[QUEUE];
    _Alignas(8) uint8_t segment_control[QUEUE][SEGMENT_CONTROL];
    int sockets[FASTPATH_SOCKETS], socket_count;
    fastpath_ready others[FASTPATH_READY];
};

/* Offsets into a decrypted packet: `extension` of the header extensions' body, `payload` of the payload, and `end` of the
   payload's end without padding. profile: the profile of the header extensions; 0: there are none. */
typedef struct {
    int extension, payload, end;
    uint16_t profile;
} parts_of;

static inline uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static inline uint32_t get32(const uint8_t *at) { return (uint32_t)get16(at) << 16 | get16(at + 2); }

static inline void put16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void put32(uint8_t *at, uint32_t value) {
    put16(at, (uint16_t)(value >> 16));
    put16(at + 2, (uint16_t)value);
}

/* Return how many sequence numbers `new` is ahead of `old`; negative: behind. Numbers wrap at 65,536. */
static inline int ahead(uint16_t new, uint16_t old) { return (int16_t)(uint16_t)(new - old); }

/* fastpath.c */
INSIDE int link_leg(fastpath *f, fastpath_leg *leg);
INSIDE void unlink_leg(fastpath *f, fastpath_leg *leg);
INSIDE outgoing *queue_place(fastpath *f);
INSIDE int put_head(const fastpath_out *out, fastpath_numbers *numbers, uint8_t *data, uint8_t second, int octets, double now);
INSIDE void count_in(fastpath_in *in, uint16_t sequence, uint32_t timestamp, int octets, double came);
INSIDE int extension(const uint8_t *at, const uint8_t *end, uint16_t profile, int wanted, const uint8_t **value);
INSIDE int read_packet(fastpath *f, fastpath_leg *leg, uint8_t *data, int bytes, double now, parts_of *packet);

/* pictures.c */
INSIDE int picture(fastpath *f, fastpath_video *video, uint8_t *data, int bytes, double now, double came);
INSIDE void close_pictures(fastpath *f, fastpath_leg *leg);

/* feedback.c */
INSIDE void arrive(fastpath *f, fastpath_leg *leg, uint32_t ssrc, int number, double came);

#endif
