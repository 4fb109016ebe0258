/* Declarations shared by fastpath.c and media/transport/fastpath.py. Python reads this file, too (cffi): only plain numbers here.

   Python makes every decision: who hears whom, which address is checked, when a stream begins, pauses or ends. While a voice is
   steady, Python offloads it: it copies the voice's state into the structures below, and the C code moves packets by that state. A
   packet that is not exactly as expected goes to Python untouched; Python takes the state back first. Times are seconds of the
   worker's monotonic clock. */

#define FASTPATH_BATCH 64      /* datagrams read at one wake-up */
#define FASTPATH_LISTENERS 8   /* as many as a room has peers */
#define FASTPATH_SENT 256      /* numbered packets whose sizes Python has not collected yet: five seconds of a voice */
#define FASTPATH_FORMER 512    /* bytes of a payload that is sent again with the next packet (RED) */
#define FASTPATH_KEPT 8        /* packets of a mixed voice buffered between two ticks; Python handles further ones */
#define FASTPATH_KEPT_BYTES 512 /* the whole datagram; Python handles longer ones */
#define FASTPATH_ADDRESS 28    /* sizeof(struct sockaddr_in6) */
#define FASTPATH_DATAGRAM 1504 /* 1500, and more to recognize datagrams that are too long */
#define FASTPATH_SOCKETS 64    /* one for each local address */
#define FASTPATH_READY 64      /* other descriptors reported at one wake-up */

/* A socket and a remote address, as the kernel gives it. */
typedef struct {
    int fd;
    unsigned length;
    uint8_t address[28];
} fastpath_path;

/* A voice as it arrives: the state of media.peer.streams.Incoming, and media.peer.speaking.Voice of its speaker. */
typedef struct {
    uint32_t ssrc;
    int payload_type;
    int level_id;
    int quiet_from; /* -dBov: louder packets go to Python; 0: none do */
    int highest;
    int64_t packets, octets, cycles;
    double clock, transit, jitter, heard;
    int loud_level, quiet_level, start_packets;
    int loud, speaking;
    double hang_s, silent_s, last_loud, last_packet;
    double allowance, refilled;
    uint16_t former_sequence; /* the newest packet, while a listener gets redundant copies (RED) */
    uint32_t former_timestamp;
    int former_bytes;
    uint8_t former[512];
} fastpath_in;

typedef struct {
    double at;
    int bytes;
} fastpath_sent;

/* A voice as it leaves: the state of media.packets.rtp.Rewriter, and the transport-wide numbers (number_id 0: none).
   red_type: payload type of packets that also carry the packet before (media.packets.red); 0: none do. */
typedef struct {
    uint32_t ssrc;
    int payload_type, red_type;
    uint16_t sequence, sequence_offset;
    uint32_t timestamp, timestamp_offset;
    int64_t advanced, packets, octets;
    double at;
    int number_id;
    uint16_t number;
    int uncollected;
    fastpath_sent sent[256];
} fastpath_out;

/* A decrypted packet of a mixed voice, buffered until the mixer's tick. level: RFC 6464; -1: the packet has none. */
typedef struct {
    double at;
    uint16_t sequence;
    uint32_t timestamp;
    int level, bytes;
    uint8_t payload[512];
} fastpath_kept;

/* One peer. `unprotect` and `protect` are its two libsrtp contexts. An offloaded (lent) leg is in the table of paths, and its
   listeners name it as their source. keeps: its packets are also buffered here for Python, which sets `kept` to 0 when it has
   taken them. */
typedef struct fastpath_leg {
    void *unprotect, *protect;
    int lent, listening;
    fastpath_path from, to;
    fastpath_in in;
    fastpath_out out;
    struct fastpath_leg *source, *next;
    struct fastpath_leg *listeners[8];
    int keeps, kept;
    fastpath_kept packets[8];
} fastpath_leg;

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
    int64_t junk, rate, srtp, rtp, protect, send_full, send_error, receive_error;
} fastpath_counts;

/* A ready descriptor that is not one of the sockets, and its epoll events. */
typedef struct {
    int fd;
    uint32_t events;
} fastpath_ready;

typedef struct fastpath fastpath;

fastpath *fastpath_open(void *unprotect, void *protect);
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
int fastpath_say(fastpath *f, fastpath_leg *to, const uint8_t *packet, int bytes);
void fastpath_flush(fastpath *f);
const char *fastpath_source(void);
