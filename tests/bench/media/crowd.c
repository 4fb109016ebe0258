/* The load for many legs: packets sent when they are due, what comes back noted with the kernel's time of arrival. In C because the
   load must use less of its core than the worker that is measured. Made and called by crowd.py. */

#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    double at;
    uint32_t timestamp;
} arrival;

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void drain(int fd, arrival *into, int *count, int most) {
    uint8_t data[2048], more[64];
    for (;;) {
        struct iovec part = {data, sizeof data};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = more, .msg_controllen = sizeof more};
        ssize_t bytes = recvmsg(fd, &message, MSG_DONTWAIT);
        if (bytes < 0) return;
        if (bytes < 12 || data[0] < 128 || (data[1] >= 192 && data[1] <= 223) || *count >= most) continue;
        struct cmsghdr *first = CMSG_FIRSTHDR(&message);
        struct timespec at = {0, 0};
        if (first) memcpy(&at, CMSG_DATA(first), sizeof at);
        into[*count].at = (double)at.tv_sec + (double)at.tv_nsec / 1e9;
        into[*count].timestamp = (uint32_t)data[4] << 24 | (uint32_t)data[5] << 16 | (uint32_t)data[6] << 8 | data[7];
        ++*count;
    }
}

/* Every leg sends one packet a frame, the legs spread evenly over it. packets[(leg * frames + frame) * stride], lengths likewise.
   `arrivals`: `most` places a leg, `counts` how many were used. */
void crowd_drive(int legs, int frames, double frame_s, const int *fds, const uint8_t *packets, const int *lengths, int stride,
                 const void *target, unsigned target_length, arrival *arrivals, int *counts, int most) {
    int poll = epoll_create1(0);
    for (int leg = 0; leg < legs; leg++) {
        struct epoll_event wanted = {.events = EPOLLIN, .data.u32 = (uint32_t)leg};
        epoll_ctl(poll, EPOLL_CTL_ADD, fds[leg], &wanted);
    }
    double began = seconds(CLOCK_MONOTONIC) + 0.05;
    for (long number = 0; number < (long)frames * legs; number++) {
        int leg = (int)(number % legs), frame = (int)(number / legs);
        double due = began + (frame + (double)leg / legs) * frame_s, left;
        while ((left = due - seconds(CLOCK_MONOTONIC)) > 0) {
            struct epoll_event ready[64];
            struct timespec wait = {0, (long)(left * 1e9)};
            int count = epoll_pwait2(poll, ready, 64, &wait, NULL);
            for (int at = 0; at < count; at++) {
                int from = (int)ready[at].data.u32;
                drain(fds[from], arrivals + (long)from * most, &counts[from], most);
            }
        }
        long place = (long)leg * frames + frame;
        sendto(fds[leg], packets + place * stride, (size_t)lengths[place], MSG_DONTWAIT, target, target_length);
    }
    double end = seconds(CLOCK_MONOTONIC) + 0.2;
    while (seconds(CLOCK_MONOTONIC) < end) {
        struct timespec rest = {0, 5000000};
        nanosleep(&rest, NULL);
        for (int leg = 0; leg < legs; leg++) drain(fds[leg], arrivals + (long)leg * most, &counts[leg], most);
    }
    close(poll);
}
