/**
 * Links between hosts that are network namespaces, for kernels without `tc netem`: each host has a TUN device,
 * and this program carries packets between them. A packet leaves by the sender's link, is on its way for the
 * delay, and comes by the receiver's link; a link carries so many bits a second in each direction. A share of
 * packets is lost. Usage: link MILLISECONDS MEGABITS LOSS DEVICE=ADDRESS …, which prints "ready".
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

struct packet {
  int64_t due; /* nanoseconds at which it comes out of the receiver's link */
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
  /* Acknowledgements do not wait behind data: the fair queues of hosts and switches let them pass. */
  struct queue data, acknowledgements;
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

/* A full queue, as a switch has it, loses what comes. */
static void carry(struct host *from, const unsigned char *bytes, int length, int64_t delay, double bits) {
  uint32_t address;
  memcpy(&address, bytes + 16, 4); /* the destination of IPv4 */
  for (int i = 0; i < count; i++) {
    struct host *to = &hosts[i];
    if (to->address != address) continue;
    int passes = acknowledges(bytes, length);
    struct queue *queue = passes ? &to->acknowledgements : &to->data;
    if (queue->last - queue->first == PACKETS) continue;
    int64_t takes = (int64_t)(8e9 * length / bits);
    struct packet *packet = &queue->packets[queue->last++ % PACKETS];
    packet->due = now() + delay + takes;
    if (!passes) {
      from->sending = later(from->sending, now()) + takes;
      /* The first bit comes `takes` before the last: an idle link of the receiver adds nothing. */
      to->receiving = later(to->receiving, from->sending - takes + delay) + takes;
      packet->due = to->receiving;
    }
    packet->length = length;
    packet->bytes = malloc(length);
    if (!packet->bytes) fail("malloc");
    memcpy(packet->bytes, bytes, length);
  }
}

/* Hands out what is due, and returns when the next packet is. */
static int64_t deliver(int device, struct queue *queue) {
  for (; queue->first != queue->last; queue->first++) {
    struct packet *packet = &queue->packets[queue->first % PACKETS];
    if (packet->due > now()) return packet->due;
    if (write(device, packet->bytes, packet->length) < 0 && errno == EAGAIN) return now();
    free(packet->bytes);
  }
  return INT64_MAX;
}

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
    for (int i = 0; i < count; i++) {
      int64_t data = deliver(hosts[i].device, &hosts[i].data);
      int64_t acknowledgement = deliver(hosts[i].device, &hosts[i].acknowledgements);
      if (data < next) next = data;
      if (acknowledgement < next) next = acknowledgement;
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
          carry(&hosts[i], bytes, length, delay, bits);
        }
      }
    }
  }
}
