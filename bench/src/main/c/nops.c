/*
 * Submits operations that do nothing to an io_uring, in batches that are waited for: what a ring
 * costs without a Bus. Raw system calls; the ring is set up as an owned Bus sets up its own.
 *
 *   nops BATCH MILLISECONDS
 *
 * Prints one line: operations, nanoseconds, nanoseconds of user time, of system time. Exits with 3
 * when the kernel refuses the ring, with 1 when an operation failed.
 */
#define _GNU_SOURCE
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef IORING_SETUP_NO_SQARRAY
#define IORING_SETUP_NO_SQARRAY (1U << 16)
#endif

/* Batches between two looks at the clock. */
#define BATCHES_PER_LOOK 64

static struct io_uring_sqe *sqes;
static unsigned *sq_tail, *cq_head, *cq_tail;
static struct io_uring_cqe *cqes;
static unsigned sq_mask, cq_mask, enter_flags;
static int enter_fd;

static void refuse(const char *what) {
  perror(what);
  exit(3);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t nanos(struct timeval t) {
  return t.tv_sec * 1000000000LL + t.tv_usec * 1000LL;
}

static unsigned power_of_two_from(unsigned n) {
  unsigned power = 1;
  while (power < n) power *= 2;
  return power;
}

static void open_ring(unsigned batch) {
  struct io_uring_params p;
  memset(&p, 0, sizeof p);
  p.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL
      | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG
      | IORING_SETUP_NO_SQARRAY;
  unsigned entries = power_of_two_from(2 * batch);
  p.cq_entries = entries + 16;
  int fd = syscall(__NR_io_uring_setup, entries, &p);
  if (fd < 0) refuse("io_uring_setup");

  size_t rings_size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
  int access = PROT_READ | PROT_WRITE, kind = MAP_SHARED | MAP_POPULATE;
  char *rings = mmap(NULL, rings_size, access, kind, fd, IORING_OFF_SQ_RING);
  if (rings == MAP_FAILED) refuse("mmap");
  size_t sqes_size = p.sq_entries * sizeof(struct io_uring_sqe);
  sqes = mmap(NULL, sqes_size, access, kind, fd, IORING_OFF_SQES);
  if (sqes == MAP_FAILED) refuse("mmap");
  sq_tail = (unsigned *)(rings + p.sq_off.tail);
  cq_head = (unsigned *)(rings + p.cq_off.head);
  cq_tail = (unsigned *)(rings + p.cq_off.tail);
  cqes = (struct io_uring_cqe *)(rings + p.cq_off.cqes);
  sq_mask = p.sq_entries - 1;
  cq_mask = p.cq_entries - 1;

  struct io_uring_rsrc_update update = {.offset = -1U, .data = fd};
  if (syscall(__NR_io_uring_register, fd, IORING_REGISTER_RING_FDS, &update, 1) != 1)
    refuse("io_uring_register");
  enter_fd = update.offset;
  enter_flags = IORING_ENTER_GETEVENTS | IORING_ENTER_REGISTERED_RING;
}

static int run_batch(unsigned batch, uint64_t first) {
  unsigned tail = *sq_tail;
  for (unsigned i = 0; i < batch; i++) {
    struct io_uring_sqe *sqe = &sqes[tail++ & sq_mask];
    memset(sqe, 0, sizeof *sqe);
    sqe->opcode = IORING_OP_NOP;
    sqe->fd = -1;
    sqe->user_data = first + i;
  }
  __atomic_store_n(sq_tail, tail, __ATOMIC_RELEASE);
  uint64_t sum = 0;
  unsigned left = batch, submit = batch;
  while (left > 0) {
    int taken = syscall(__NR_io_uring_enter, enter_fd, submit, left, enter_flags, NULL, 0);
    if (taken < 0) refuse("io_uring_enter");
    submit -= taken;
    unsigned head = *cq_head;
    unsigned ready = __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE) - head;
    for (unsigned i = 0; i < ready; i++) {
      struct io_uring_cqe *cqe = &cqes[head++ & cq_mask];
      if (cqe->res != 0) return -1;
      sum += cqe->user_data - first;
    }
    __atomic_store_n(cq_head, head, __ATOMIC_RELEASE);
    left -= ready;
  }
  return sum == (uint64_t)batch * (batch - 1) / 2 ? 0 : -1;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  unsigned batch = atoi(arguments[1]);
  int64_t length = atoll(arguments[2]) * 1000000LL;
  if (batch < 1 || batch > 8192 || length < 1) return 2;
  open_ring(batch);
  struct rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  int64_t from = now(), at = from;
  uint64_t operations = 0;
  while (at - from < length) {
    for (int i = 0; i < BATCHES_PER_LOOK; i++) {
      if (run_batch(batch, operations) != 0) {
        fprintf(stderr, "an operation gave another result than 0, or came twice\n");
        return 1;
      }
      operations += batch;
    }
    at = now();
  }
  getrusage(RUSAGE_SELF, &after);
  printf("%llu %lld %lld %lld\n", (unsigned long long)operations, (long long)(at - from),
      (long long)(nanos(after.ru_utime) - nanos(before.ru_utime)),
      (long long)(nanos(after.ru_stime) - nanos(before.ru_stime)));
  return 0;
}
