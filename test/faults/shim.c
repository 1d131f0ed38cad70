/*
 * Preloaded into Node, this lets calls to the system go wrong: the process dies before one, it fails with an
 * errno, or it writes only half; or the folder is copied before each. Calls count that concern one folder and
 * to which the fault applies. What to do stands in the file FAULTS_CONTROL, laid out as `struct control`,
 * which the process may change while it runs (shim.mjs writes it).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILL = -1, SHORT = -2, COPY = -3 };

struct control {
  int64_t at;            /* the call that goes wrong, counted from 1; 0 for none */
  int64_t kind;          /* an errno, or one of the kinds above */
  int64_t stays;         /* 1 if all calls after it go wrong too, as on a full disk */
  _Atomic int64_t calls; /* counts up */
  char letters[32];      /* the calls: o open, w write, s sync, r rename, u unlink, m mkdir, l link */
  char folder[960];      /* ends with a slash; empty if nothing counts */
  char copies[1024];     /* where COPY leaves the folder, under the number of the call */
};

static struct control *control;
/* A copy shows one instant: it waits for calls that are under way, and others wait for it. */
static pthread_rwlock_t under_way = PTHREAD_RWLOCK_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FAULTS_CONTROL");
  if (!path) return;
  int file = REAL(open)(path, O_RDWR | O_CLOEXEC);
  void *found = file < 0 ? MAP_FAILED : mmap(0, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (found == MAP_FAILED) abort();
  control = found;
}

static void copy(int64_t number) {
  char to[1100];
  snprintf(to, sizeof to, "%s/%ld", control->copies, (long)number);
  char *words[] = {"cp", "-a", control->folder, to, 0}, *environment[] = {"PATH=/usr/bin:/bin", 0};
  pid_t child;
  int status = 1;
  pthread_rwlock_wrlock(&under_way);
  if (posix_spawnp(&child, "cp", 0, 0, words, environment) == 0) waitpid(child, &status, 0);
  pthread_rwlock_unlock(&under_way);
  if (status != 0) abort();
}

/* Whether this call goes wrong. */
static int wrong(char letter, const char *path) {
  if (!control || !path || !control->folder[0] || !strchr(control->letters, letter)) return 0;
  if (strncmp(path, control->folder, strlen(control->folder)) != 0) return 0;
  int64_t number = atomic_fetch_add(&control->calls, 1) + 1, at = control->at;
  if (control->kind == COPY) copy(number);
  if (control->kind == COPY || at == 0 || number < at || (number > at && !control->stays)) return 0;
  if (control->kind == KILL) kill(getpid(), SIGKILL);
  if (control->kind > 0) errno = (int)control->kind;
  return 1;
}

static int wrong_file(char letter, int file) {
  char link[64], path[PATH_MAX];
  if (!control || !control->folder[0]) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return wrong(letter, path);
}

#define DOING(type, call)               \
  pthread_rwlock_rdlock(&under_way);    \
  type result = call;                   \
  int error = errno;                    \
  pthread_rwlock_unlock(&under_way);    \
  errno = error;                        \
  return result;

#define OPEN(name)                                                  \
  int name(const char *path, int flags, ...) {                      \
    va_list rest;                                                   \
    va_start(rest, flags);                                          \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                   \
    if (wrong('o', path)) return -1;                                \
    DOING(int, REAL(name)(path, flags, mode))                       \
  }
OPEN(open)
OPEN(open64)

#define WRITE(name, parameters, arguments, shorter)                 \
  ssize_t name parameters {                                         \
    if (!wrong_file('w', file)) { DOING(ssize_t, REAL(name) arguments) } \
    return control->kind == SHORT ? REAL(name) shorter : -1;        \
  }
#define HALF ((size + 1) / 2)
WRITE(write, (int file, const void *bytes, size_t size), (file, bytes, size), (file, bytes, HALF))
WRITE(pwrite, (int file, const void *bytes, size_t size, off_t place), (file, bytes, size, place),
      (file, bytes, HALF, place))
WRITE(pwrite64, (int file, const void *bytes, size_t size, off64_t place), (file, bytes, size, place),
      (file, bytes, HALF, place))
WRITE(writev, (int file, const struct iovec *parts, int count), (file, parts, count), (file, parts, 1))

#define ONE_FILE(name, letter)               \
  int name(int file) {                       \
    if (wrong_file(letter, file)) return -1; \
    DOING(int, REAL(name)(file))             \
  }
ONE_FILE(fsync, 's')
ONE_FILE(fdatasync, 's')

#define PATHS(name, parameters, arguments, letter, path) \
  int name parameters {                                  \
    if (wrong(letter, path)) return -1;                  \
    DOING(int, REAL(name) arguments)                     \
  }
PATHS(unlink, (const char *path), (path), 'u', path)
PATHS(rmdir, (const char *path), (path), 'u', path)
PATHS(mkdir, (const char *path, mode_t mode), (path, mode), 'm', path)
PATHS(rename, (const char *from, const char *to), (from, to), 'r', to)
PATHS(link, (const char *from, const char *to), (from, to), 'l', to)
