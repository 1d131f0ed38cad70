/*
 * Replays a record of calls of machine code on a bare machine (bochs.ts writes it on the disk): puts into
 * memory what it held before each call, calls the code and compares all memory with what it should hold.
 * There is no page behind the memory, none before its first one, and code is read-only.
 */
#include <stdint.h>

#define PAGE 0x200000ul
#define CODE 0x200000ul
#define MEMORY_END 0x4000000ul
#define SHADOW_END 0x7e00000ul
#define RECORD 0x8000000ul
#define FIRST_GIGABYTE ((uint64_t *)0x12000)
#define INTERRUPTS ((uint64_t *)0x20000)

struct record {
  uint32_t codeBytes, memoryBytes, sectors, zero;
  uint8_t code[];
};
enum kind { END, PATCH, EXPECT, CALL };
struct entry {
  uint32_t kind, at, bytes, zero;
  uint8_t data[];
};
enum report { DONE, DIFFERS, REGISTERS, EXCEPTION };

int callFunction(uint64_t function, uint64_t block);
extern uint8_t exceptionStubs[];

static void out(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
static uint8_t in(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
static void copy(uint64_t to, const void *from, uint64_t bytes) {
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes)::"memory");
}
static void clear(uint64_t to, uint64_t bytes) {
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(0) : "memory");
}

/* Sends five numbers to the parallel port, whose strobe goes on and off after each byte. */
static void report(enum report what, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  const uint32_t words[] = {what, a, b, c, d};
  for (unsigned i = 0; i < sizeof words; i++) {
    out(0x378, words[i / 4] >> (8 * (i % 4)));
    out(0x37a, 0x0d);
    out(0x37a, 0x0c);
  }
}
static void shutDown(void) {
  for (const char *text = "Shutdown";;) out(0x8900, *text ? *text++ : 0);
}
void exception(uint32_t number, const uint64_t *stack) {
  int hasError = number == 8 || (number >= 10 && number <= 14) || number == 17;
  uint64_t address;
  __asm__("mov %%cr2, %0" : "=r"(address));
  report(EXCEPTION, number, stack[hasError] - CODE, address, 0);
  shutDown();
}

/* Reads the first sectors of the first disk, 256 (which its register calls 0) at a time. */
static void readDisk(uint64_t to, uint32_t sectors) {
  for (uint32_t sector = 0; sector < sectors; sector++) {
    if (sector % 256 == 0) {
      uint8_t registers[] = {0, sector, sector >> 8, sector >> 16, 0xe0 | sector >> 24, 0x20};
      for (int i = 0; i < 6; i++) out(0x1f2 + i, registers[i]);
    }
    while ((in(0x1f7) & 0x88) != 8);
    uint32_t words = 256;
    __asm__ volatile("rep insw" : "+D"(to), "+c"(words) : "d"(0x1f0) : "memory");
  }
}

static int isNaN(uint32_t bits) { return (bits & 0x7fffffff) > 0x7f800000; }

/*
 * Reports the first differences of memory from its shadow, two NaN apart, and lets the shadow follow. Goes
 * through all pages of the memory, so a place that lies before it is reported as a negative one.
 */
static void compare(uint32_t call, uint64_t begin, uint64_t shadowBegin) {
  const uint64_t *memory = (const uint64_t *)(begin & -PAGE);
  uint64_t *shadow = (uint64_t *)(shadowBegin & -PAGE);
  uint64_t words = (const uint64_t *)MEMORY_END - memory;
  for (int reports = 0; words > 0;) {
    /* Advances to behind the next difference, or to the end. */
    __asm__ volatile("repe cmpsq" : "+S"(memory), "+D"(shadow), "+c"(words)::"memory", "cc");
    const uint32_t *found = (const uint32_t *)(memory - 1);
    uint32_t *expected = (uint32_t *)(shadow - 1);
    for (int i = 0; i < 2; i++) {
      int same = found[i] == expected[i] || (isNaN(found[i]) && isNaN(expected[i]));
      if (!same && reports++ < 5) report(DIFFERS, call, (uint64_t)(found + i) - begin, found[i], expected[i]);
      expected[i] = found[i];
    }
  }
}

static void catchExceptions(void) {
  for (int i = 0; i < 32; i++) {
    uint64_t stub = (uint64_t)exceptionStubs + 8 * i;
    INTERRUPTS[2 * i] = (stub & 0xffff) | 24ul << 16 | 0x8eul << 40 | (stub & 0xffff0000) << 32;
    INTERRUPTS[2 * i + 1] = 0;
  }
  struct __attribute__((packed)) { uint16_t limit; uint64_t base; } table = {511, (uint64_t)INTERRUPTS};
  __asm__ volatile("lidt %0" ::"m"(table));
}

static void protect(uint64_t memory, uint64_t shadow) {
  for (uint64_t page = CODE; page < RECORD; page += PAGE) {
    int writable = (page + PAGE > memory && page < MEMORY_END) || (page + PAGE > shadow && page < SHADOW_END);
    if (!writable) FIRST_GIGABYTE[page / PAGE] &= page == CODE ? ~2ul : 0;
  }
  for (uint64_t page = RECORD; page < 512 * PAGE; page += PAGE) FIRST_GIGABYTE[page / PAGE] &= ~2ul;
  __asm__ volatile("mov %%cr3, %%rax\n\tmov %%rax, %%cr3" ::: "rax", "memory");
}

void replay(void) {
  const struct record *record = (const struct record *)RECORD;
  catchExceptions();
  readDisk(RECORD, 1);
  readDisk(RECORD, record->sectors);
  const uint64_t size = record->memoryBytes, memory = MEMORY_END - size, shadow = SHADOW_END - size;
  copy(CODE, record->code, record->codeBytes);
  clear(memory & -PAGE, MEMORY_END - (memory & -PAGE));
  clear(shadow & -PAGE, SHADOW_END - (shadow & -PAGE));
  protect(memory, shadow);
  uint32_t calls = 0;
  const struct entry *entry = (const struct entry *)(record->code + record->codeBytes);
  for (; entry->kind != END; entry = (const struct entry *)(entry->data + entry->bytes)) {
    if (entry->kind == PATCH) copy(memory + entry->at, entry->data, entry->bytes);
    if (entry->kind != CALL) copy(shadow + entry->at, entry->data, entry->bytes);
    else {
      uint64_t function = CODE + *(const uint32_t *)entry->data;
      if (!callFunction(function, memory + entry->at)) report(REGISTERS, calls, 0, 0, 0);
      compare(calls++, memory, shadow);
    }
  }
  report(DONE, calls, 0, 0, 0);
  shutDown();
}
