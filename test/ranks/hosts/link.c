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

enum { MOST_HOSTS = 16, MOST_BYTES = 65536, PACKETS = 4096, PER_TURN = 32 };
/* Nanoseconds of packets that wait before a link: the rest waits in the device, and TCP with it. */
enum { AHEAD = 2000000 };

struct packet {
  int64_t due; /* nanoseconds at which it comes out of the receiver's link */
  int length;
  unsigned char *bytes;
};

struct host {
  int device;
  uint32_t address;
  int64_t sending, receiving; /* when its link is free again, in each direction */
  struct packet queue[PACKETS]; /* in the order in which they come */
  unsigned first, last;
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

/** A full queue, as a switch has it, loses what comes. */
static void carry(struct host *from, const unsigned char *bytes, int length, int64_t delay, double bits) {
  uint32_t address;
  memcpy(&address, bytes + 16, 4); /* the destination of IPv4 */
  for (int i = 0; i < count; i++) {
    struct host *to = &hosts[i];
    if (to->address != address || to->last - to->first == PACKETS) continue;
    int64_t t = now(), takes = (int64_t)(8e9 * length / bits);
    from->sending = (from->sending > t ? from->sending : t) + takes;
    /* The first bit arrives `takes` before the last: an idle link adds nothing. */
    int64_t begins = from->sending - takes + delay;
    to->receiving = (to->receiving > begins ? to->receiving : begins) + takes;
    struct packet *packet = &to->queue[to->last++ % PACKETS];
    packet->due = to->receiving;
    packet->length = length;
    packet->bytes = malloc(length);
    if (!packet->bytes) fail("malloc");
    memcpy(packet->bytes, bytes, length);
  }
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
    int64_t next = INT64_MAX, t = now();
    struct pollfd polled[MOST_HOSTS];
    for (int i = 0; i < count; i++) {
      struct host *host = &hosts[i];
      for (; host->first != host->last; host->first++) {
        struct packet *packet = &host->queue[host->first % PACKETS];
        if (packet->due > t) break;
        if (write(host->device, packet->bytes, packet->length) < 0 && errno == EAGAIN) break;
        free(packet->bytes);
      }
      if (host->first != host->last && host->queue[host->first % PACKETS].due < next) {
        next = host->queue[host->first % PACKETS].due;
      }
      int64_t takes = host->sending - AHEAD;
      if (takes > t && takes < next) next = takes;
      polled[i] = (struct pollfd){.fd = host->device, .events = takes > t ? 0 : POLLIN};
    }
    t = now();
    int64_t wait = next == INT64_MAX ? 1000000000 : next > t ? next - t : 0;
    struct timespec pause = {wait / 1000000000, wait % 1000000000};
    if (ppoll(polled, count, &pause, NULL) < 0 && errno != EINTR) fail("ppoll");
    for (int i = 0; i < count; i++) {
      for (int turn = 0; turn < PER_TURN && hosts[i].sending < now() + AHEAD; turn++) {
        int length = read(hosts[i].device, bytes, sizeof bytes);
        if (length < 0) break;
        if (length >= 20 && bytes[0] >> 4 == 4 && drand48() >= loss) {
          carry(&hosts[i], bytes, length, delay, bits);
        }
      }
    }
  }
}
