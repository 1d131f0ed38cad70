/**
 * Links between hosts that are network namespaces, for kernels without `tc netem`: each host has a TUN
 * device, and this program carries packets between them. A packet leaves by the sender's link, is on its way
 * for the delay, and comes by the receiver's link; a link carries so many bits a second in each direction. A
 * share of packets is lost. Usage: link MILLISECONDS MEGABITS LOSS DEVICE=ADDRESS …, which prints "ready".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { MOST_HOSTS = 16, MOST_BYTES = 65536, PACKETS = 4096, PER_TURN = 32, TCP = 6 };

struct host;

struct packet {
  int64_t due; /* nanoseconds at which it leaves the queue */
  struct host *to;
  int length;
  unsigned char *bytes;
};

/* Packets in the order in which they come. */
struct queue {
  struct packet packets[PACKETS];
  unsigned first, last;
};

struct host {
  int device;
  uint32_t address;
  int64_t sending, receiving; /* when its link is free again, in each direction */
  /* What the sender's link has to carry or is on its way, and what waits for the receiver's link. */
  struct queue way, data;
  /* Acknowledgements do not wait behind data: the fair queues of hosts and switches let them pass. */
  struct queue acknowledgements;
};

static struct host hosts[MOST_HOSTS];
static int count;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int open_device(const char *name) {
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (device < 0) fail("/dev/net/tun");
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(device, TUNSETIFF, &request) < 0) fail(name);
  return device;
}

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; }

/* Whether a packet of TCP has headers only. */
static int acknowledges(const unsigned char *bytes, int length) {
  int header = 4 * (bytes[0] & 15);
  return bytes[9] == TCP && length >= header + 20 && length == header + 4 * (bytes[header + 12] >> 4);
}

static void put(struct queue *queue, struct packet packet) {
  if (queue->last - queue->first == PACKETS) free(packet.bytes); /* as a full switch loses it */
  else queue->packets[queue->last++ % PACKETS] = packet;
}

static int64_t takes(int length, double bits) { return (int64_t)(8e9 * length / bits); }

static void send_by(struct host *from, const unsigned char *bytes, int length, int64_t delay, double bits) {
  uint32_t address;
  memcpy(&address, bytes + 16, 4); /* the destination of IPv4 */
  for (int i = 0; i < count; i++) {
    if (hosts[i].address != address) continue;
    struct packet packet = {.to = &hosts[i], .length = length, .bytes = malloc(length)};
    if (!packet.bytes) fail("malloc");
    memcpy(packet.bytes, bytes, length);
    if (acknowledges(bytes, length)) {
      packet.due = now() + delay + takes(length, bits);
      put(&packet.to->acknowledgements, packet);
      continue;
    }
    /* The first bit arrives `takes` before the last: an idle link of the receiver adds nothing. */
    from->sending = later(from->sending, now()) + takes(length, bits);
    packet.due = from->sending - takes(length, bits) + delay;
    put(&from->way, packet);
  }
}

/* Passes what has arrived on to the receivers' links; returns when the next packet arrives. */
static int64_t arrive(struct queue *way, double bits) {
  for (; way->first != way->last; way->first++) {
    struct packet packet = way->packets[way->first % PACKETS];
    if (packet.due > now()) return packet.due;
    packet.to->receiving = later(packet.to->receiving, packet.due) + takes(packet.length, bits);
    packet.due = packet.to->receiving;
    put(&packet.to->data, packet);
  }
  return INT64_MAX;
}

/* Hands out what has come out of the receiver's link; returns when the next packet does. */
static int64_t deliver(int device, struct queue *queue) {
  for (; queue->first != queue->last; queue->first++) {
    struct packet *packet = &queue->packets[queue->first % PACKETS];
    if (packet->due > now()) return packet->due;
    if (write(device, packet->bytes, packet->length) < 0 && errno == EAGAIN) return now();
    free(packet->bytes);
  }
  return INT64_MAX;
}

static int64_t sooner(int64_t a, int64_t b) { return a < b ? a : b; }

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: link MILLISECONDS MEGABITS LOSS DEVICE=ADDRESS ...\n");
    return 2;
  }
  int64_t delay = (int64_t)(1e6 * atof(argv[1]));
  double bits = 1e6 * atof(argv[2]), loss = atof(argv[3]);
  for (int i = 4; i < argc && count < MOST_HOSTS; i++) {
    char *address = strchr(argv[i], '=');
    if (!address) return 2;
    *address++ = 0;
    hosts[count].device = open_device(argv[i]);
    hosts[count++].address = inet_addr(address);
  }
  prctl(PR_SET_TIMERSLACK, 1);
  puts("ready");
  fflush(stdout);
  srand48(1);
  static unsigned char bytes[MOST_BYTES];
  for (;;) {
    int64_t next = INT64_MAX;
    struct pollfd polled[MOST_HOSTS];
    for (int i = 0; i < count; i++) next = sooner(next, arrive(&hosts[i].way, bits));
    for (int i = 0; i < count; i++) {
      next = sooner(next, deliver(hosts[i].device, &hosts[i].data));
      next = sooner(next, deliver(hosts[i].device, &hosts[i].acknowledgements));
      polled[i] = (struct pollfd){.fd = hosts[i].device, .events = POLLIN};
    }
    int64_t wait = next == INT64_MAX ? 1000000000 : later(next - now(), 0);
    struct timespec pause = {wait / 1000000000, wait % 1000000000};
    if (ppoll(polled, count, &pause, NULL) < 0 && errno != EINTR) fail("ppoll");
    for (int i = 0; i < count; i++) {
      for (int turn = 0; turn < PER_TURN; turn++) {
        int length = read(hosts[i].device, bytes, sizeof bytes);
        if (length < 0) break;
        if (length >= 20 && bytes[0] >> 4 == 4 && drand48() >= loss) {
          send_by(&hosts[i], bytes, length, delay, bits);
        }
      }
    }
  }
}
