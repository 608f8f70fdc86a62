/* An SMTP sink that takes every mail and keeps none, so that the sender is what is measured.

   `fast_sink` listens on a free port of 127.0.0.1 and writes it on stdout. Commands are told apart
   by their first letter; VRFY answers with how many mails were taken. Linux (epoll). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 1 << 18, LINE = 2048, TAIL = 4, END = 5, MANY = 4096, EVENTS = 64 };
static const char FINAL[] = "\r\n.\r\n";

struct peer {
    int in_body, tail_length, line_length, replies_length, over;
    char tail[TAIL], line[LINE], replies[1 << 16];
};
static struct peer *peers[MANY];
static char chunk[CHUNK];
static unsigned long taken;

static void say(struct peer *peer, const char *reply) {
    size_t length = strlen(reply);
    if (peer->replies_length + length < sizeof peer->replies) {
        memcpy(peer->replies + peer->replies_length, reply, length);
        peer->replies_length += (int)length;
    }
}

static void command(struct peer *peer) {
    char count[64];
    switch (peer->line[0] & ~0x20) {
    case 'E': say(peer, "250-fast-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"); break;
    case 'D': say(peer, "354 go on\r\n"); peer->in_body = 1; peer->tail_length = 2;
              memcpy(peer->tail, "\r\n", 2); break;
    case 'Q': say(peer, "221 bye\r\n"); peer->over = 1; break;
    case 'V': snprintf(count, sizeof count, "252 %lu\r\n", taken); say(peer, count); break;
    default:  say(peer, "250 2.0.0 Ok\r\n");
    }
}

/* How many bytes belong to the body; what came before `data` of its end may be in the tail. */
static size_t body(struct peer *peer, const char *data, size_t length) {
    char border[2 * TAIL];
    size_t first = length < TAIL ? length : TAIL, used = length;
    memcpy(border, peer->tail, peer->tail_length);
    memcpy(border + peer->tail_length, data, first);
    char *end = memmem(border, peer->tail_length + first, FINAL, END);
    if (end) {
        used = (size_t)(end - border) + END - peer->tail_length;
    } else if ((end = memmem(data, length, FINAL, END))) {
        used = (size_t)(end - data) + END;
    } else {
        if (length >= TAIL) {
            memcpy(peer->tail, data + length - TAIL, peer->tail_length = TAIL);
        } else {
            size_t all = peer->tail_length + length, kept = all < TAIL ? all : TAIL;
            memcpy(peer->tail, border + all - kept, kept);
            peer->tail_length = (int)kept;
        }
        return length;
    }
    peer->in_body = 0;
    taken++;
    say(peer, "250 2.0.0 Ok: queued as 17\r\n");
    return used;
}

static size_t line(struct peer *peer, const char *data, size_t length) {
    const char *end = memchr(data, '\n', length);
    size_t used = end ? (size_t)(end - data) + 1 : length;
    size_t room = LINE - peer->line_length, kept = used < room ? used : room;
    memcpy(peer->line + peer->line_length, data, kept);
    peer->line_length += (int)kept;
    if (end) {
        command(peer);
        peer->line_length = 0;
    }
    return used;
}

static int heard(int descriptor) {
    struct peer *peer = peers[descriptor];
    ssize_t length = read(descriptor, chunk, CHUNK);
    if (length <= 0) return 0;
    for (size_t at = 0; at < (size_t)length;)
        at += peer->in_body ? body(peer, chunk + at, length - at) : line(peer, chunk + at, length - at);
    ssize_t written = write(descriptor, peer->replies, peer->replies_length);
    int whole = written == peer->replies_length;
    peer->replies_length = 0;
    return whole && !peer->over;
}

static void greet(int listener, int poll) {
    int descriptor = accept(listener, NULL, NULL), on = 1;
    if (descriptor < 0) return;
    if (descriptor >= MANY) { close(descriptor); return; }
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    peers[descriptor] = calloc(1, sizeof(struct peer));
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event);
    if (write(descriptor, "220 fast-sink ESMTP\r\n", 21) != 21) perror("greeting");
}

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 256)) return 1;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[EVENTS];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(poll, events, EVENTS, -1);
        for (int n = 0; n < count; n++) {
            int descriptor = events[n].data.fd;
            if (descriptor == listener) greet(listener, poll);
            else if (!heard(descriptor)) { close(descriptor); free(peers[descriptor]); }
        }
    }
}
