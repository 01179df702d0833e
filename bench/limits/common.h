/*
 * What the two servers share: one listening socket, one connection at a time, whole frames. They know nothing of Kafka's
 * protocol: the bytes of an answer and the places to change are given to them. So they cost what the system calls cost that
 * no broker can avoid, and are the measure for one.
 */
#ifndef GREGOR_BENCH_COMMON_H
#define GREGOR_BENCH_COMMON_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static inline void fail(const char *what) {
  perror(what);
  exit(1);
}

/* Listens on a free loopback port and says which. */
static inline int listen_and_say(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 16) < 0) fail("listen");
  if (getsockname(listener, (struct sockaddr *)&address, &length) < 0) fail("getsockname");
  printf("listening on %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

static inline int accept_one(int listener) {
  int connection = accept(listener, NULL, NULL);
  int yes = 1;
  if (connection < 0) fail("accept");
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return connection;
}

/* Bytes from their hexadecimal text; the caller keeps them for ever. */
static inline unsigned char *from_hex(const char *text, size_t *length) {
  *length = strlen(text) / 2;
  unsigned char *bytes = malloc(*length + 1);
  for (size_t at = 0; at < *length; at++) sscanf(text + 2 * at, "%2hhx", &bytes[at]);
  return bytes;
}

static inline uint64_t read_int64(const unsigned char *from) {
  uint64_t value = 0;
  for (int at = 0; at < 8; at++) value = value << 8 | from[at];
  return value;
}

static inline void write_int64(unsigned char *to, uint64_t value) {
  for (int at = 7; at >= 0; at--, value >>= 8) to[at] = (unsigned char)value;
}

/* 0 when the other side has gone. */
static inline int read_whole(int from, unsigned char *to, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t got = read(from, to + done, length - done);
    if (got <= 0) return 0;
    done += (size_t)got;
  }
  return 1;
}

static inline int send_whole(int to, const unsigned char *from, size_t length, int flags) {
  for (size_t done = 0; done < length;) {
    ssize_t sent = send(to, from + done, length - done, flags | MSG_NOSIGNAL);
    if (sent < 0) return 0;
    done += (size_t)sent;
  }
  return 1;
}

#endif
