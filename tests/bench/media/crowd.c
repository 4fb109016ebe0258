/* The load generator of `crowd.py`, for many connections ("legs"). The load generator sends each packet at its planned time, and
   records when the kernel received each packet that comes back. It is written in C, because it must need less processor time
   than the worker that it measures. crowd.py compiles and calls it. */

#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define STEP_S 0.00025
#define READ_EVERY 5

typedef struct {
    double at;
    uint32_t timestamp;
} arrival;

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#define BATCH 8

static void drain(int fd, arrival *into, int *count, int most) {
    uint8_t data[BATCH][2048], more[BATCH][64];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
    int came;
    do {
        for (int at = 0; at < BATCH; at++) {
            parts[at] = (struct iovec){data[at], sizeof data[at]};
            messages[at].msg_hdr = (struct msghdr){
                .msg_iov = &parts[at], .msg_iovlen = 1, .msg_control = more[at], .msg_controllen = sizeof more[at]};
        }
        came = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int each = 0; each < came && *count < most; each++) {
            const uint8_t *packet = data[each];
            if (messages[each].msg_len < 12 || packet[0] < 128 || (packet[1] >= 192 && packet[1] <= 223)) continue;
            struct cmsghdr *first = CMSG_FIRSTHDR(&messages[each].msg_hdr);
            struct timespec at = {0, 0};
            if (first) memcpy(&at, CMSG_DATA(first), sizeof at);
            into[*count].at = (double)at.tv_sec + (double)at.tv_nsec / 1e9;
            into[*count].timestamp = (uint32_t)packet[4] << 24 | (uint32_t)packet[5] << 16 | (uint32_t)packet[6] << 8 | packet[7];
            ++*count;
        }
    } while (came == BATCH);
}

static void sleep_until(double moment) {
    struct timespec until = {(time_t)moment, (long)((moment - (double)(time_t)moment) * 1e9)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* A packet to send. due: seconds after the start. place: offset of its bytes in `packets`. */
typedef struct {
    double due;
    int64_t place;
    int leg, length;
} planned;

/* Send the packets of a plan, which are sorted by `due`. Between two packets, the load generator either does not sleep, or sleeps
   for at least STEP_S. After every READ_EVERY packets, it reads one socket. This is enough, because the kernel records when each
   packet arrives.
   Leg number `leg` sends from the socket from[leg] to the address at targets[leg * target_length], and receives on the socket
   into[leg]. arrivals: room for `most` packets of each leg. counts: how many packets each leg received. */
void crowd_drive(int legs, const planned *plan, int64_t count, const int *from, const int *into, const uint8_t *packets,
                 const uint8_t *targets, unsigned target_length, arrival *arrivals, int *counts, int most) {
    double began = seconds(CLOCK_MONOTONIC) + 0.05;
    for (int64_t number = 0; number < count; number++) {
        const planned *each = &plan[number];
        double due = began + each->due, now = seconds(CLOCK_MONOTONIC);
        if (due > now) sleep_until(due > now + STEP_S ? due : now + STEP_S);
        const void *target = targets + (long)each->leg * target_length;
        sendto(from[each->leg], packets + each->place, (size_t)each->length, MSG_DONTWAIT, target, target_length);
        if (number % READ_EVERY == 0) {
            int read = (int)(number / READ_EVERY % legs);
            drain(into[read], arrivals + (long)read * most, &counts[read], most);
        }
    }
    sleep_until(seconds(CLOCK_MONOTONIC) + 0.2);
    for (int leg = 0; leg < legs; leg++) drain(into[leg], arrivals + (long)leg * most, &counts[leg], most);
}
