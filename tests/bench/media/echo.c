/* The smallest server that forwards packets immediately: it waits, reads up to 64 packets, and sends them back. It has no RTP, no
   SRTP and no rooms, so it shows what the kernel's work costs. Usage: echo ADDRESS. The server listens on this IPv4 address and
   prints its port. floor.py compiles it. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define BATCH 64
#define DATAGRAM 1504
#define BUFFER (2 * 1024 * 1024)

static void die(const char *what) {
    perror(what);
    exit(1);
}

int main(int count, char **given) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (count != 2) return 2;
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t size = sizeof here;
    int buffer = BUFFER, fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), epoll = epoll_create1(0);
    if (inet_pton(AF_INET, given[1], &here.sin_addr) != 1 || bind(fd, (struct sockaddr *)&here, size)) die("bind");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) die("epoll");
    getsockname(fd, (struct sockaddr *)&here, &size);
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);

    static unsigned char data[BATCH][DATAGRAM];
    static struct sockaddr_in from[BATCH];
    static struct iovec parts[BATCH];
    static struct mmsghdr messages[BATCH];
    for (;;) {
        if (epoll_wait(epoll, &event, 1, -1) < 0) continue;
        for (int at = 0; at < BATCH; at++) {
            parts[at] = (struct iovec){data[at], DATAGRAM};
            messages[at].msg_hdr =
                (struct msghdr){.msg_name = &from[at], .msg_namelen = sizeof from[at], .msg_iov = &parts[at], .msg_iovlen = 1};
        }
        int came = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int at = 0; at < came; at++) parts[at].iov_len = messages[at].msg_len;
        for (int at = 0; at < came;) {
            int sent = sendmmsg(fd, messages + at, (unsigned)(came - at), MSG_DONTWAIT);
            at += sent > 0 ? sent : 1;
        }
    }
}
