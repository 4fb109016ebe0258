/* Declarations shared by fastpath.c and media/transport/fastpath.py. Python reads this file, too (cffi): only plain numbers here.

   Python makes every decision: who hears and sees whom, which address is checked, when a stream begins, pauses or ends. While a
   voice or a video is steady, Python offloads it: it copies the stream's state into the structures below, and the C code moves
   packets by that state. A packet that is not exactly as expected goes to Python untouched; Python takes the state back first.
   Times are seconds of the worker's monotonic clock. */

#define FASTPATH_BATCH 64      /* datagrams read at one wake-up */
#define FASTPATH_LISTENERS 8   /* peers that hear one voice; Python handles a voice that more peers hear */
#define FASTPATH_SENT 512      /* numbered packets at most whose sizes wait for Python: enough for half a second of four videos */
#define FASTPATH_ARRIVALS 256  /* arrivals of video packets that one report to their sender holds at most */
#define FASTPATH_REPORT 832    /* bytes of the longest report's body */
#define FASTPATH_VIEWERS 16    /* slots that show one video; Python handles a video that more slots show */
#define FASTPATH_CACHED 512    /* sent video packets kept for retransmission: media.peer.streams.CACHE_PACKETS */
#define FASTPATH_FORMER 512    /* a payload with at most this many bytes is sent again with later packets (RED) */
#define FASTPATH_COPIES 3      /* later packets with which a payload is sent again at most */
#define FASTPATH_KEPT 8        /* packets of one voice that are buffered for the mix between two ticks, at most; Python handles further ones */
#define FASTPATH_KEPT_BYTES 512 /* a buffered packet's whole datagram has at most this many bytes; Python handles longer ones */
#define FASTPATH_ADDRESS 28    /* sizeof(struct sockaddr_in6) */
#define FASTPATH_DATAGRAM 1504 /* 1500, and more to recognize datagrams that are too long */
#define FASTPATH_SOCKETS 64    /* at most this many sockets: one for each local address */
#define FASTPATH_READY 64      /* other descriptors reported at one wake-up */

/* A socket and a remote address, as the kernel gives it. apart: the kernel has refused to send a group of packets here. */
typedef struct {
    int fd, apart;
    unsigned length;
    uint8_t address[28];
} fastpath_path;

/* A packet that is sent again as a redundant copy (RED). bytes 0: it is too long. */
typedef struct {
    uint32_t timestamp;
    int bytes;
    uint8_t payload[512];
} fastpath_former;

/* A voice as it arrives: the state of media.peer.streams.Incoming, and media.peer.speaking.Voice of its speaker. */
typedef struct {
    uint32_t ssrc;
    int payload_type;
    int level_id;
    int quiet_from; /* -dBov: louder packets go to Python; 0: the level does not matter */
    int highest;
    int64_t packets, octets, cycles;
    double clock, transit, jitter, heard;
    int loud_level, quiet_level, start_packets;
    int loud, speaking;
    double hang_s, silent_s, last_loud, last_packet;
    int formers; /* how many newest packets, with consecutive numbers, are in `former`: while a listener gets redundant copies */
    uint16_t former_sequence; /* of the newest */
    fastpath_former former[3]; /* newest first */
} fastpath_in;

typedef struct {
    double at;
    int bytes;
} fastpath_sent;

/* Transport-wide numbers of the packets sent to one peer: the next number, and the packets that media.bandwidth.Estimator does
   not know yet. */
typedef struct {
    uint16_t next;
    int uncollected;
    fastpath_sent sent[512];
} fastpath_numbers;

/* A voice or a video as it leaves: the state of media.packets.rtp.Rewriter. number_id: header extension with the transport-wide
   number; 0: none. red_type: payload type of packets that also carry `copies` earlier packets (media.packets.red).
   picture, tl0: VP8's picture id (15 bits) and TL0PICIDX of the newest packet. */
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

/* A decrypted packet of a mixed voice, buffered until the mixer's tick. level: RFC 6464; -1: the packet has none. */
typedef struct {
    double at;
    uint16_t sequence;
    uint32_t timestamp;
    int level, bytes;
    uint8_t payload[512];
} fastpath_kept;

/* A video packet that has arrived: the sender's transport-wide number. */
typedef struct {
    double at;
    int number;
} fastpath_arrival;

/* One peer. `unprotect` and `protect` are its two libsrtp contexts. lent: its voice is offloaded, and its `listening` listeners
   name it as their source. While its voice or one of its videos is offloaded, the leg is in the table of paths (`linked`).
   keeps: the voice's packets are also buffered here for Python, which sets `kept` to 0 when it has taken them. allowance: packets
   that the peer may send now. arrivals: video packets of this peer, offloaded or not, that no report has named yet. report_from: the
   number after the last reported packet; -1: none. reports: their count. reported: when the last one was made. report_as: SSRC of
   reports; 0: only Python sends reports. report_on: SSRC of the newest video packet. */
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

/* A video slot of a peer. repaired: retransmissions go in a stream of their own (RTX), so packets are kept plain; otherwise they
   are kept as sent. source: the offloaded video that the fast path sends to this slot; NULL: Python sends. */
typedef struct fastpath_slot {
    fastpath_leg *leg;
    struct fastpath_slot *next;
    struct fastpath_video *source;
    fastpath_out out;
    int repaired;
    struct fastpath_cached *cache;
} fastpath_slot;

/* One layer of a camera or a screen as it arrives. number_id: header extension with the sender's transport-wide number; 0: none.
   metered: bytes in each tenth of the last second (media.bandwidth.Meter), the newest one is number `metered_at`. */
typedef struct fastpath_video {
    fastpath_leg *leg;
    struct fastpath_video *next;
    int lent, number_id, shown;
    fastpath_in in;
    int64_t metered_at;
    int64_t metered[10];
    fastpath_slot *slots[16];
} fastpath_video;

/* A datagram for Python. kind: 0 STUN, 1 DTLS, 2 RTP, 3 RTCP. came: when the kernel received it. */
typedef struct {
    double came;
    int kind, bytes;
    const uint8_t *data;
    unsigned address_length;
    const uint8_t *address;
} fastpath_left;

typedef struct {
    int64_t packets_in, packets_out, taken;
    int64_t junk, rate, srtp, rtp, vp8, protect, send_full, send_error, receive_error;
} fastpath_counts;

/* A ready descriptor that is not one of the sockets, and its epoll events. */
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
