/*
 * Load for a TFTP server (RFC 1350, 2347, 2348, 7440): CLIENTS clients, each from an address of its own, fetch
 * PATH again and again and drop it.
 *
 *   tftp SERVER PORT PATH BLKSIZE WINDOW CLIENTS FIRST_ADDRESS SECONDS ROUND_TRIP_US
 *
 * Client i sends from FIRST_ADDRESS + i. ROUND_TRIP_US holds back every packet it sends by that long, as a link
 * of that round trip would. Prints one line of JSON; `bytes` are file bytes that came in order within SECONDS.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RRQ = 1, DATA = 3, ACKNOWLEDGE = 4, ERROR = 5, OACK = 6, MAX_PACKET = 65540 };
static const int64_t RESEND_AFTER = 1000000000;

struct client {
  int sock;
  struct sockaddr_in peer;
  uint32_t expected, asked_again, in_window, window, blksize;
  int64_t heard, send_at;
  uint8_t out[600];
  size_t out_length;
};

static struct client *clients;
static int poller;
static struct sockaddr_in server;
static uint32_t first_address;
static const char *path;
static uint32_t blksize, window;
static int64_t round_trip;
static uint64_t bytes, transfers, resent, failed;
static char last_error[200];

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void transmit(struct client *c) {
  c->send_at = 0;
  sendto(c->sock, c->out, c->out_length, 0, (void *)&c->peer, sizeof c->peer);
}

static void post(struct client *c) {
  if (round_trip == 0) return transmit(c);
  c->send_at = now() + round_trip;
}

static size_t put_text(uint8_t *at, const char *text) { return strlen(strcpy((char *)at, text)) + 1; }

static size_t put_option(uint8_t *at, const char *name, uint32_t value) {
  char digits[16];
  snprintf(digits, sizeof digits, "%u", value);
  size_t length = put_text(at, name);
  return length + put_text(at + length, digits);
}

/* A new transfer has a new port (RFC 1350 4). */
static void begin(struct client *c) {
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(first_address + (c - clients))};
  int space = 4 << 20;
  if (c->sock >= 0) close(c->sock);
  c->sock = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  setsockopt(c->sock, SOL_SOCKET, SO_RCVBUFFORCE, &space, sizeof space);
  if (bind(c->sock, (void *)&local, sizeof local)) perror("bind"), exit(1);
  epoll_ctl(poller, EPOLL_CTL_ADD, c->sock, &(struct epoll_event){.events = EPOLLIN, .data.ptr = c});
  c->peer = server, c->expected = 1, c->in_window = 0, c->asked_again = 0;
  c->blksize = 512, c->window = 1, c->heard = now();
  size_t at = 2;
  c->out[0] = 0, c->out[1] = RRQ;
  at += put_text(c->out + at, path);
  at += put_text(c->out + at, "octet");
  if (blksize != 512) at += put_option(c->out + at, "blksize", blksize);
  if (window > 1) at += put_option(c->out + at, "windowsize", window);
  c->out_length = at;
  post(c);
}

static void acknowledge(struct client *c, uint32_t block) {
  c->out[0] = 0, c->out[1] = ACKNOWLEDGE, c->out[2] = block >> 8, c->out[3] = block;
  c->out_length = 4, c->in_window = 0;
  post(c);
}

static void fail(struct client *c, const char *reason, int length) {
  failed++;
  snprintf(last_error, sizeof last_error, "%.*s", length, reason);
  for (char *at = last_error; *at; at++)
    if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ') *at = ' ';
  usleep(1000);
  begin(c);
}

static void take_options(struct client *c, char *at, char *end) {
  while (at < end) {
    char *name = at, *value = name + strlen(name) + 1;
    if (value >= end) break;
    if (!strcasecmp(name, "blksize")) c->blksize = atoi(value);
    if (!strcasecmp(name, "windowsize")) c->window = atoi(value);
    at = value + strlen(value) + 1;
  }
  acknowledge(c, 0);
}

static void take_data(struct client *c, uint16_t block, uint32_t length) {
  if (block != (uint16_t)c->expected) {
    /* A gap is told once (RFC 7440 4); what came before is a duplicate and is dropped. */
    if ((uint16_t)(block - c->expected) < 0x8000 && c->asked_again != c->expected) {
      c->asked_again = c->expected, resent++;
      acknowledge(c, c->expected - 1);
    }
    return;
  }
  bytes += length, c->expected++;
  if (length < c->blksize) {
    acknowledge(c, block);
    if (c->send_at) transmit(c);
    transfers++;
    begin(c);
  } else if (++c->in_window >= c->window) acknowledge(c, block);
}

static void take(struct client *c) {
  static uint8_t packet[MAX_PACKET + 1];
  int sock = c->sock;
  for (int many = 0; many < 64 && c->sock == sock; many++) {
    socklen_t size = sizeof c->peer;
    struct sockaddr_in from;
    ssize_t length = recvfrom(sock, packet, MAX_PACKET, 0, (void *)&from, &size);
    if (length < 4) return;
    packet[length] = 0;
    c->peer = from, c->heard = now();
    if (packet[1] == DATA) take_data(c, packet[2] << 8 | packet[3], length - 4);
    else if (packet[1] == OACK && c->expected == 1) take_options(c, (char *)packet + 2, (char *)packet + length);
    else if (packet[1] == ERROR) fail(c, (char *)packet + 4, length - 4);
  }
}

/* Sends what is due; returns how long nothing else is due, in ns. */
static int64_t due(int count) {
  int64_t wait = 100000000, time = now();
  for (int i = 0; i < count; i++) {
    struct client *c = &clients[i];
    if (c->send_at && c->send_at <= time) transmit(c);
    if (c->send_at && c->send_at - time < wait) wait = c->send_at - time;
    if (time - c->heard > RESEND_AFTER) resent++, c->heard = time, transmit(c);
  }
  return wait;
}

int main(int argc, char **argv) {
  if (argc != 10)
    return fputs("usage: tftp SERVER PORT PATH BLKSIZE WINDOW CLIENTS FIRST_ADDRESS SECONDS ROUND_TRIP_US\n", stderr), 2;
  int count = atoi(argv[6]);
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &server.sin_addr);
  path = argv[3], blksize = atoi(argv[4]), window = atoi(argv[5]);
  inet_pton(AF_INET, argv[7], &first_address);
  first_address = ntohl(first_address), round_trip = atoll(argv[9]) * 1000;
  if (strlen(path) > 400 || count < 1) return fputs("PATH is too long or CLIENTS is not above 0\n", stderr), 2;
  prctl(PR_SET_TIMERSLACK, 1000);
  poller = epoll_create1(0);
  clients = calloc(count, sizeof *clients);
  int64_t start = now(), end = start + (int64_t)(atof(argv[8]) * 1e9), looked = 0;
  for (int i = 0; i < count; i++) clients[i].sock = -1, begin(&clients[i]);
  for (int64_t time = start, wait = 0; time < end; time = now()) {
    struct epoll_event events[64];
    if (round_trip || time - looked > 10000000) wait = due(count), looked = time;
    struct timespec limit = {0, wait < 10000000 ? wait : 10000000};
    int ready = epoll_pwait2(poller, events, 64, &limit, NULL);
    for (int i = 0; i < ready; i++) take(events[i].data.ptr);
  }
  double seconds = (now() - start) / 1e9;
  /* Lets the server forget the transfers that were cut short. */
  for (int i = 0; i < count; i++) sendto(clients[i].sock, "\0\5\0\0enough", 11, 0, (void *)&clients[i].peer, sizeof server);
  printf("{\"bytes\":%lu,\"seconds\":%.4f,\"transfers\":%lu,\"resent\":%lu,\"failed\":%lu,\"lastError\":\"%s\"}\n", bytes,
         seconds, transfers, resent, failed, last_error);
  return 0;
}
