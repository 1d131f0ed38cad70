/*
 * Preloaded into Node, this lets one call to the system go wrong: the process dies before it, it fails with
 * an errno, or it writes only half. Calls count that concern FAULTS_FOLDER and to which the fault applies.
 *   FAULTS_KIND   kill, short, or the number of an errno
 *   FAULTS_CALLS  letters of the calls it applies to: o open, w write, s sync, r rename, u unlink, m mkdir, l link
 *   FAULTS_AT     the call that goes wrong, counted from 1; 0 for none
 *   FAULTS_STAY   1 if all calls after it go wrong too, as on a full disk
 *   FAULTS_COUNT  a file to which one byte is added for each call
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { KILL = -1, SHORT = -2 };

static atomic_long calls;
static const char *folder, *letters;
static long at, kind, stay;
static int count_file = -1;

__attribute__((constructor)) static void begin(void) {
  folder = getenv("FAULTS_FOLDER");
  letters = getenv("FAULTS_CALLS");
  const char *named = getenv("FAULTS_KIND"), *number = getenv("FAULTS_AT"), *stays = getenv("FAULTS_STAY");
  const char *counted = getenv("FAULTS_COUNT");
  if (!folder || !letters || !named) return;
  kind = strcmp(named, "kill") == 0 ? KILL : strcmp(named, "short") == 0 ? SHORT : atol(named);
  at = number ? atol(number) : 0;
  stay = stays ? atol(stays) : 0;
  if (counted) count_file = syscall(SYS_openat, AT_FDCWD, counted, O_WRONLY | O_CREAT | O_APPEND, 0600);
}

/* Whether this call goes wrong. */
static int wrong(char letter, const char *path) {
  if (!folder || !letters || !path || !strchr(letters, letter)) return 0;
  if (strncmp(path, folder, strlen(folder)) != 0) return 0;
  long number = atomic_fetch_add(&calls, 1) + 1;
  if (count_file >= 0) syscall(SYS_write, count_file, "x", 1);
  if (at == 0 || number < at || (number > at && !stay)) return 0;
  if (kind == KILL) kill(getpid(), SIGKILL);
  if (kind > 0) errno = (int)kind;
  return 1;
}

static int wrong_file(char letter, int file) {
  char link[64], path[PATH_MAX];
  if (!folder) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return wrong(letter, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPEN(name)                                                  \
  int name(const char *path, int flags, ...) {                      \
    va_list rest;                                                   \
    va_start(rest, flags);                                          \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                   \
    if (wrong('o', path)) return -1;                                \
    return REAL(name)(path, flags, mode);                           \
  }
OPEN(open)
OPEN(open64)

#define WRITE(name, parameters, arguments, shorter)                        \
  ssize_t name parameters {                                                \
    if (!wrong_file('w', file)) return REAL(name) arguments;               \
    return kind == SHORT ? REAL(name) shorter : -1;                        \
  }
#define HALF ((size + 1) / 2)
WRITE(write, (int file, const void *bytes, size_t size), (file, bytes, size), (file, bytes, HALF))
WRITE(pwrite, (int file, const void *bytes, size_t size, off_t place), (file, bytes, size, place),
      (file, bytes, HALF, place))
WRITE(pwrite64, (int file, const void *bytes, size_t size, off64_t place), (file, bytes, size, place),
      (file, bytes, HALF, place))
WRITE(writev, (int file, const struct iovec *parts, int count), (file, parts, count), (file, parts, 1))

#define ONE_FILE(name, letter) \
  int name(int file) { return wrong_file(letter, file) ? -1 : REAL(name)(file); }
ONE_FILE(fsync, 's')
ONE_FILE(fdatasync, 's')

#define ONE_PATH(name, letter) \
  int name(const char *path) { return wrong(letter, path) ? -1 : REAL(name)(path); }
ONE_PATH(unlink, 'u')
ONE_PATH(rmdir, 'u')

int mkdir(const char *path, mode_t mode) { return wrong('m', path) ? -1 : REAL(mkdir)(path, mode); }
int rename(const char *from, const char *to) { return wrong('r', to) ? -1 : REAL(rename)(from, to); }
int link(const char *from, const char *to) { return wrong('l', to) ? -1 : REAL(link)(from, to); }
