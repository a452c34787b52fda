/*
 * Load for a DHCP server, as a relay agent sends it (RFC 2131 4.1, RFC 3046): whole exchanges of DISCOVER, OFFER,
 * REQUEST and ACK for MACHINES machines in turn.
 *
 *   dhcp SERVER GIADDR FIRST_ADDRESS MACHINES SECONDS RATE WINDOW
 *
 * RATE 0 keeps WINDOW exchanges under way; any other RATE starts so many a second, answered or not.
 * Machine i has the MAC address 02:00:00:00:hi:lo of i and must be given FIRST_ADDRESS + i.
 * An answer's time is from the call that sends the question to the kernel's own time of its arrival, so that a
 * late wake-up of this program is not counted as the server's. SIGTERM ends it early. Prints one line of JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5, BATCH = 32, PACKET = 1500, MAX_MACHINES = 65536 };
static const int64_t LOST_AFTER = 1000000000;

/* One machine: `waiting` is the type of answer it waits for, 0 for none. */
struct machine {
  int64_t sent, taken;
  uint32_t xid;
  uint8_t waiting;
};

static struct machine *machines;
static uint32_t *samples;
static size_t sampled, room, lost, wrong, started, under_way;
static int sock;
static uint32_t relay, first_address;
static uint16_t generation;
static volatile sig_atomic_t stop;

static void on_term(int signal_number) { (void)signal_number, stop = 1; }

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint8_t *option(uint8_t *at, uint8_t code, uint8_t length, const void *value) {
  at[0] = code, at[1] = length;
  memcpy(at + 2, value, length);
  return at + 2 + length;
}

/* A firmware's packet (PXE 2.1), passed on by a relay: option 82 last. */
static size_t compose(uint8_t *p, int index, uint8_t type, const uint8_t *yiaddr, const uint8_t *server_id) {
  struct machine *m = &machines[index];
  uint8_t guid[17] = {0}, index_bytes[2] = {index >> 8, index & 255};
  memset(p, 0, 240);
  p[0] = 1, p[1] = 1, p[2] = 6, p[3] = 1;
  memcpy(p + 4, &m->xid, 4);
  memcpy(p + 24, &relay, 4);
  p[28] = 2, p[32] = index_bytes[0], p[33] = index_bytes[1];
  memcpy(p + 236, "\x63\x82\x53\x63", 4);
  uint8_t *at = option(p + 240, 53, 1, &type);
  at = option(at, 57, 2, "\x05\xc0");
  if (yiaddr) at = option(at, 50, 4, yiaddr), at = option(at, 54, 4, server_id);
  at = option(at, 55, 12, "\x01\x03\x06\x0c\x0f\x1c\x2b\x3c\x42\x43\x61\x80");
  memcpy(guid + 15, index_bytes, 2);
  at = option(at, 97, 17, guid);
  at = option(at, 94, 3, "\x01\x03\x10");
  at = option(at, 93, 2, "\x00\x07");
  at = option(at, 60, 32, "PXEClient:Arch:00007:UNDI:003016");
  at = option(at, 82, 6, "\x01\x04" "eth0");
  *at++ = 255;
  return at - p;
}

static void ask(int index, uint8_t type, const uint8_t *yiaddr, const uint8_t *server_id) {
  uint8_t packet[PACKET];
  size_t length = compose(packet, index, type, yiaddr, server_id);
  machines[index].waiting = type == DISCOVER ? OFFER : ACK;
  machines[index].sent = now();
  if (send(sock, packet, length, 0) < 0 && errno != ECONNREFUSED) perror("send");
}

static void begin(int index) {
  struct machine *m = &machines[index];
  m->xid = htonl((uint32_t)++generation << 16 | (uint32_t)index);
  m->taken = 0;
  started++, under_way++;
  ask(index, DISCOVER, NULL, NULL);
}

static void end_exchange(struct machine *m) { m->waiting = 0, under_way--; }

static const uint8_t *find(const uint8_t *p, size_t length, uint8_t code) {
  for (size_t at = 240; at + 1 < length && p[at] != 255;) {
    if (p[at] == 0) { at++; continue; }
    if (at + 2 + p[at + 1] > length) return NULL;
    if (p[at] == code) return p + at + 2;
    at += 2 + p[at + 1];
  }
  return NULL;
}

static void take(const uint8_t *p, size_t length, int64_t arrived, int count) {
  uint32_t xid, given;
  if (length < 244 || p[0] != 2) return;
  memcpy(&xid, p + 4, 4);
  int index = ntohl(xid) & 0xffff;
  if (index >= count || machines[index].xid != xid || !machines[index].waiting) return;
  struct machine *m = &machines[index];
  const uint8_t *type = find(p, length, 53), *server_id = find(p, length, 54);
  memcpy(&given, p + 16, 4);
  if (!type || !server_id || *type != m->waiting || ntohl(given) != first_address + index) {
    wrong++;
    return end_exchange(m);
  }
  m->taken += arrived - m->sent;
  if (*type == OFFER) return ask(index, REQUEST, p + 16, server_id);
  end_exchange(m);
  if (sampled == room) samples = realloc(samples, (room = room ? room * 2 : 1 << 16) * sizeof *samples);
  samples[sampled++] = m->taken / 1000;
}

static int64_t arrival(struct msghdr *header) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c))
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
      struct timespec t;
      memcpy(&t, CMSG_DATA(c), sizeof t);
      return t.tv_sec * 1000000000LL + t.tv_nsec;
    }
  return now();
}

static int receive(int count) {
  static uint8_t packets[BATCH][PACKET], controls[BATCH][128];
  struct mmsghdr messages[BATCH] = {0};
  struct iovec parts[BATCH];
  for (int i = 0; i < BATCH; i++) {
    parts[i] = (struct iovec){packets[i], PACKET};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1, .msg_control = controls[i], .msg_controllen = 128};
  }
  int received = recvmmsg(sock, messages, BATCH, MSG_DONTWAIT, NULL);
  for (int i = 0; i < received; i++) take(packets[i], messages[i].msg_len, arrival(&messages[i].msg_hdr), count);
  return received;
}

static void drop_lost(int count) {
  int64_t before = now() - LOST_AFTER;
  for (int i = 0; i < count; i++)
    if (machines[i].waiting && machines[i].sent < before) lost++, end_exchange(&machines[i]);
}

static int by_size(const void *a, const void *b) {
  return (*(const uint32_t *)a > *(const uint32_t *)b) - (*(const uint32_t *)a < *(const uint32_t *)b);
}

static unsigned quantile(double q) { return sampled ? samples[(size_t)(q * (sampled - 1))] : 0; }

static void open_socket(const char *server) {
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(67), .sin_addr.s_addr = relay};
  struct sockaddr_in remote = {.sin_family = AF_INET, .sin_port = htons(67)};
  int on = 1, space = 4 << 20;
  inet_pton(AF_INET, server, &remote.sin_addr);
  sock = socket(AF_INET, SOCK_DGRAM, 0);
  setsockopt(sock, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &space, sizeof space);
  if (bind(sock, (void *)&local, sizeof local) || connect(sock, (void *)&remote, sizeof remote)) {
    perror("socket");
    exit(1);
  }
}

static double run(int count, double seconds, double rate, size_t window) {
  int64_t start = now(), end = start + (int64_t)(seconds * 1e9), checked = start;
  size_t next = 0;
  while (!stop && now() < end) {
    size_t due = rate > 0 ? (size_t)((now() - start) / 1e9 * rate) + 1 : started + window - under_way;
    for (int tried = 0; started < due && tried < count; tried++, next++)
      if (!machines[next % count].waiting) begin(next % count);
    if (receive(count) > 0) continue;
    int64_t wait = rate > 0 ? start + (int64_t)((started + 1) / rate * 1e9) - now() : 10000000;
    struct timespec limit = {0, wait < 0 ? 0 : wait > 10000000 ? 10000000 : wait};
    ppoll(&(struct pollfd){sock, POLLIN, 0}, 1, &limit, NULL);
    if (now() - checked > 100000000) drop_lost(count), checked = now();
  }
  return (now() - start) / 1e9;
}

int main(int argc, char **argv) {
  if (argc != 8) return fputs("usage: dhcp SERVER GIADDR FIRST_ADDRESS MACHINES SECONDS RATE WINDOW\n", stderr), 2;
  int count = atoi(argv[4]);
  if (count < 1 || count > MAX_MACHINES) return fputs("MACHINES: 1 to 65536\n", stderr), 2;
  inet_pton(AF_INET, argv[2], &relay);
  inet_pton(AF_INET, argv[3], &first_address);
  first_address = ntohl(first_address);
  machines = calloc(count, sizeof *machines);
  signal(SIGTERM, on_term);
  prctl(PR_SET_TIMERSLACK, 1000);
  open_socket(argv[1]);
  double seconds = run(count, atof(argv[5]), atof(argv[6]), atoi(argv[7]));
  if (sampled) qsort(samples, sampled, sizeof *samples, by_size);
  printf("{\"exchanges\":%zu,\"seconds\":%.4f,\"lost\":%zu,\"wrong\":%zu,\"p50us\":%u,\"p99us\":%u,\"maxus\":%u}\n", sampled,
         seconds, lost, wrong, quantile(0.5), quantile(0.99), quantile(1));
  return 0;
}
