/* Declarations for fastpath.c and for media/transport/fastpath.py. The Python package cffi also reads this file, and accepts only
   plain numbers as values of constants (#define).

   Python makes every decision: who hears and sees whom, from which address packets are accepted, and when a stream begins, pauses
   or ends. While a voice or a video is steady, Python offloads it: Python copies the stream's state into the structures below,
   and the C code forwards packets with that state. If the C code does not expect a packet, it leaves the packet unchanged, and
   Python takes the state back and handles the packet. Times are in seconds of the worker's monotonic clock. */

#define FASTPATH_BATCH 64      /* one system call reads at most this many datagrams */
#define FASTPATH_LISTENERS 8   /* an offloaded voice goes to at most this many listeners; Python sends a voice that has more */
#define FASTPATH_SENT 512      /* at most this many sent packets (0.5 s of four videos) wait until Python collects their sizes */
#define FASTPATH_ARRIVALS 256  /* one report names at most this many arrived video packets */
#define FASTPATH_REPORT 832    /* the body of a report has at most this many bytes */
#define FASTPATH_VIEWERS 16    /* the fast path sends a video to at most this many viewers; if there are more, Python sends it */
#define FASTPATH_CACHED 512    /* a video slot stores at most this many sent packets, as in media.peer.streams (CACHE_PACKETS) */
#define FASTPATH_FORMER 512    /* a payload that later packets repeat (RED) has at most this many bytes */
#define FASTPATH_COPIES 3      /* at most this many later packets repeat one payload */
#define FASTPATH_KEPT 8        /* at most this many packets of a voice are buffered between two ticks; Python handles the rest */
#define FASTPATH_KEPT_BYTES 512 /* a buffered datagram has at most this many bytes; Python handles longer datagrams */
#define FASTPATH_ADDRESS 28    /* sizeof(struct sockaddr_in6) */
#define FASTPATH_DATAGRAM 1504 /* bytes of the buffer for one datagram: 1,500, and a few more to notice longer datagrams */
#define FASTPATH_SOCKETS 64    /* the fast path reads at most this many sockets: one for each local address */
#define FASTPATH_READY 64      /* one call of epoll_wait reports at most this many ready descriptors */

/* A socket and a remote address in the kernel's form. length: bytes of the address. apart: whether packets to this address are
   sent one by one, because the kernel has refused a group of packets. */
typedef struct {
    int fd, apart;
    unsigned length;
    uint8_t address[28];
} fastpath_path;

/* A packet that later packets repeat as a redundant copy (RED). bytes: length of the payload; 0: the payload is too long to
   repeat. */
typedef struct {
    uint32_t timestamp;
    int bytes;
    uint8_t payload[512];
} fastpath_former;

/* The state of an arriving voice or video, as in media.peer.streams.Incoming. A voice also has the state of its speech detector,
   as in media.peer.speaking.Voice, and the packets that later packets repeat (`former`). level_id: id of the header extension
   with the RFC 6464 level; 0: none. heard: when the fast path handled the newest packet. */
typedef struct {
    uint32_t ssrc;
    int payload_type;
    int level_id;
    int quiet_from; /* level in -dBov; Python handles each packet that is louder than this; 0: packets of any level stay here */
    int highest;
    int64_t packets, octets, cycles;
    double clock, transit, jitter, heard;
    int loud_level, quiet_level, start_packets;
    int loud, speaking;
    double hang_s, silent_s, last_loud, last_packet;
    int formers; /* number of packets in `former`, which have consecutive numbers; 0 while no listener gets redundant copies */
    uint16_t former_sequence; /* sequence number of the newest packet in `former` */
    fastpath_former former[3]; /* newest first */
} fastpath_in;

/* A packet that the fast path has sent with a transport-wide number. at: when the packet was sent. bytes: its size without the
   header extension. */
typedef struct {
    double at;
    int bytes;
} fastpath_sent;

/* The transport-wide numbers of the packets sent to one peer. next: the next number. sent: the `uncollected` packets that
   media.bandwidth.Estimator does not know yet. */
typedef struct {
    uint16_t next;
    int uncollected;
    fastpath_sent sent[512];
} fastpath_numbers;

/* The state of an outgoing voice or video, as in media.packets.rtp.Rewriter. number_id: id of the header extension with the
   transport-wide number; 0: none. red_type: payload type of packets that also contain copies of earlier packets
   (media.packets.red). copies: the largest number of copies in one packet. picture, tl0: the picture id (15 bits) and TL0PICIDX
   of the newest VP8 packet. */
typedef struct {
    uint32_t ssrc;
    int payload_type, red_type, copies;
    uint16_t sequence, sequence_offset;
    uint32_t timestamp, timestamp_offset;
    int64_t advanced, packets, octets;
    double at;
    int number_id;
    int picture, picture_offset, tl0, tl0_offset;
} fastpath_out;

/* A decrypted packet of a mixed voice, which waits for the mixer's next tick. level: RFC 6464; -1: the packet has no level. */
typedef struct {
    double at;
    uint16_t sequence;
    uint32_t timestamp;
    int level, bytes;
    uint8_t payload[512];
} fastpath_kept;

/* The arrival of a video packet. number: the sender's transport-wide number. */
typedef struct {
    double at;
    int number;
} fastpath_arrival;

/* One peer, which this code names a leg.
   - unprotect, protect: the peer's two libsrtp contexts.
   - lent: Python has offloaded the peer's voice, which goes to the `listening` legs in `listeners`.
   - linked: the leg is in the table of paths, because the peer's voice or one of its videos is offloaded. next: the next leg in
     the same chain of the table.
   - from: the path on which the peer's offloaded packets come. to: the path to which all packets for the peer go.
   - allowance: packets that the peer may send now. refilled: when the allowance was last increased.
   - source: the leg whose offloaded voice the peer hears; NULL: none.
   - keeps: whether the voice's packets are also buffered here for the mixer. kept: the number of buffered packets. Python sets
     `kept` to 0 when it has taken these packets.
   - arrivals: the peer's video packets that no report has named yet. arrived: their number. Packets of videos that are not
     offloaded also count.
   - report_from: the transport-wide number after the last reported packet; -1: no packet was reported yet.
   - reports: the number of reports made.
   - reported: the time of the last report, or of the first packet after a pause. The next report is due EVERY_S (feedback.c) later.
   - report_as: the SSRC from which reports are sent; 0: only Python sends reports.
   - report_on: the SSRC of the newest video packet. */
typedef struct fastpath_leg {
    void *unprotect, *protect;
    int lent, linked, listening;
    fastpath_path from, to;
    double allowance, refilled;
    fastpath_in in;
    fastpath_out out;
    fastpath_numbers numbers;
    struct fastpath_leg *source, *next;
    struct fastpath_leg *listeners[8];
    int keeps, kept;
    fastpath_kept packets[8];
    struct fastpath_video *videos;
    struct fastpath_slot *slots;
    int arrived, report_from;
    uint32_t reports, report_as, report_on;
    double reported;
    fastpath_arrival arrivals[256];
} fastpath_leg;

/* A video slot of a peer. repaired: whether retransmissions have their own stream (RTX). If so, the cache stores packets before
   encryption, else after encryption. source: the offloaded video that the fast path sends to this slot; NULL: Python sends.
   next: the peer's next slot. */
typedef struct fastpath_slot {
    fastpath_leg *leg;
    struct fastpath_slot *next;
    struct fastpath_video *source;
    fastpath_out out;
    int repaired;
    struct fastpath_cached *cache;
} fastpath_slot;

/* The state of one arriving layer of a camera or a screen. lent: Python has offloaded this layer, which goes to the `shown` slots
   in `slots`. number_id: id of the header extension with the sender's transport-wide number; 0: none. metered: bytes in each
   tenth of the last second (media.bandwidth.Meter). metered_at: the number of the newest tenth. next: the peer's next video. */
typedef struct fastpath_video {
    fastpath_leg *leg;
    struct fastpath_video *next;
    int lent, number_id, shown;
    fastpath_in in;
    int64_t metered_at;
    int64_t metered[10];
    fastpath_slot *slots[16];
} fastpath_video;

/* A datagram that Python must handle. kind: 0 STUN, 1 DTLS, 2 RTP, 3 RTCP. came: when the kernel received the datagram. */
typedef struct {
    double came;
    int kind, bytes;
    const uint8_t *data;
    unsigned address_length;
    const uint8_t *address;
} fastpath_left;

/* Numbers of datagrams. packets_in: received. packets_out: sent. taken: received datagrams of offloaded streams. The fields from
   `junk` on count dropped datagrams by reason. */
typedef struct {
    int64_t packets_in, packets_out, taken;
    int64_t junk, rate, srtp, rtp, vp8, protect, send_full, send_error, receive_error;
} fastpath_counts;

/* A ready descriptor that is not one of the fast path's sockets, and its epoll events. */
typedef struct {
    int fd;
    uint32_t events;
} fastpath_ready;

typedef struct fastpath fastpath;

fastpath *fastpath_open(void *unprotect, void *protect, void *protect_rtcp);
void fastpath_close(fastpath *f);
fastpath_counts *fastpath_counted(fastpath *f);
fastpath_left *fastpath_leftovers(fastpath *f);
int fastpath_use(fastpath *f, const int *sockets, int count);
int fastpath_receive(fastpath *f, int fd, double now);
int fastpath_wait(fastpath *f, int epoll, int milliseconds, int *left);
fastpath_ready *fastpath_others(fastpath *f);
fastpath_leg *fastpath_leg_open(void *unprotect, void *protect);
void fastpath_leg_close(fastpath *f, fastpath_leg *leg);
int fastpath_lend(fastpath *f, fastpath_leg *source, fastpath_leg **listeners, int count);
void fastpath_recall(fastpath *f, fastpath_leg *source);
int fastpath_datagram(fastpath *f, fastpath_path *from, uint8_t *data, int bytes, double now, double came);
fastpath_video *fastpath_video_open(fastpath_leg *leg);
fastpath_slot *fastpath_slot_open(fastpath_leg *leg);
int fastpath_video_lend(fastpath *f, fastpath_video *video, fastpath_slot **slots, int count);
void fastpath_video_recall(fastpath *f, fastpath_video *video);
int fastpath_slot_put(fastpath_slot *slot, uint16_t sequence, const uint8_t *packet, int bytes);
int fastpath_slot_get(const fastpath_slot *slot, uint16_t sequence, uint8_t *into, int most);
void fastpath_arrived(fastpath *f, fastpath_leg *leg, uint32_t ssrc, int number, double came);
int fastpath_report(fastpath_leg *leg, uint8_t *into);
int fastpath_say(fastpath *f, fastpath_leg *to, const uint8_t *packet, int bytes);
void fastpath_flush(fastpath *f);
const char *fastpath_source(void);
