/*
 * Load for an HTTP/1.1 server: CONNECTIONS connections, each from an address of its own, fetch PATH again and
 * again. The bodies are dropped inside the kernel (recv with MSG_TRUNC), so this program takes little of the
 * processor that the server under test needs.
 *
 *   http SERVER PORT PATH CONNECTIONS FIRST_ADDRESS SECONDS
 *
 * Prints one line of JSON; `bytes` are body bytes that came within SECONDS. SIGTERM ends it early.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 8192 };

struct connection {
  int sock;
  uint64_t left;
  size_t have;
  char head[HEAD + 1];
};

static struct connection *connections;
static int poller;
static struct sockaddr_in server;
static uint32_t first_address;
static char request[600];
static uint64_t bytes, responses, failed;
static volatile sig_atomic_t stop;

static void on_term(int signal_number) { (void)signal_number, stop = 1; }

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void ask(struct connection *c) {
  c->have = 0, c->left = 0;
  if (send(c->sock, request, strlen(request), MSG_NOSIGNAL) < 0) failed++;
}

static void open_connection(struct connection *c) {
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(first_address + (c - connections))};
  if (c->sock >= 0) close(c->sock);
  c->sock = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(c->sock, (void *)&local, sizeof local) || connect(c->sock, (void *)&server, sizeof server)) {
    perror("connect");
    exit(1);
  }
  epoll_ctl(poller, EPOLL_CTL_ADD, c->sock, &(struct epoll_event){.events = EPOLLIN, .data.ptr = c});
  ask(c);
}

static void reopen(struct connection *c) {
  failed++;
  usleep(1000);
  open_connection(c);
}

/* Reads the response's head; body bytes that came with it are counted. */
static void take_head(struct connection *c) {
  ssize_t got = recv(c->sock, c->head + c->have, HEAD - c->have, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return reopen(c);
  c->have += got;
  c->head[c->have] = 0;
  char *end = strstr(c->head, "\r\n\r\n");
  if (!end) {
    if (c->have == HEAD) reopen(c);
    return;
  }
  char *length = strcasestr(c->head, "\r\ncontent-length:");
  if (strncmp(c->head, "HTTP/1.1 200", 12) || !length || length > end) return reopen(c);
  uint64_t size = strtoull(length + 17, NULL, 10), body = c->head + c->have - (end + 4);
  bytes += body;
  c->left = size - body;
  if (c->left == 0) responses++, ask(c);
}

static void take_body(struct connection *c) {
  size_t want = c->left < (4 << 20) ? c->left : (4 << 20);
  ssize_t got = recv(c->sock, NULL, want, MSG_DONTWAIT | MSG_TRUNC);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return reopen(c);
  bytes += got;
  c->left -= got;
  if (c->left == 0) responses++, ask(c);
}

int main(int argc, char **argv) {
  if (argc != 7) return fputs("usage: http SERVER PORT PATH CONNECTIONS FIRST_ADDRESS SECONDS\n", stderr), 2;
  int count = atoi(argv[4]);
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &server.sin_addr);
  inet_pton(AF_INET, argv[5], &first_address);
  first_address = ntohl(first_address);
  if (strlen(argv[3]) > 400 || count < 1) return fputs("PATH is too long or CONNECTIONS is not above 0\n", stderr), 2;
  snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s:%s\r\n\r\n", argv[3], argv[1], argv[2]);
  signal(SIGTERM, on_term);
  poller = epoll_create1(0);
  connections = calloc(count, sizeof *connections);
  double start = now(), end = start + atof(argv[6]);
  for (int i = 0; i < count; i++) connections[i].sock = -1, open_connection(&connections[i]);
  while (!stop && now() < end) {
    struct epoll_event events[64];
    int ready = epoll_wait(poller, events, 64, 10);
    for (int i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;
      if (c->left > 0) take_body(c);
      else take_head(c);
    }
  }
  printf("{\"bytes\":%lu,\"seconds\":%.4f,\"responses\":%lu,\"failed\":%lu}\n", bytes, now() - start, responses, failed);
  return 0;
}
