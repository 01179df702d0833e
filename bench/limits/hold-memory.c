/*
 * Keeps free memory in the machine while it runs. A virtual machine may give free memory back to its host, in whole blocks,
 * and then pays for each page again when it is next used: several times the price of writing that page to a file. This
 * program touches the memory and gives it back but for one page in each block of 128 KiB, so that no block is free as a
 * whole. On a machine with memory of its own it changes nothing.
 *
 * hold-memory BYTES
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { page_bytes = 4096, block_bytes = 128 * 1024 };

int main(int count, char **arguments) {
  if (count != 2) return 2;
  size_t bytes = strtoull(arguments[1], NULL, 10) / block_bytes * block_bytes;
  char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  madvise(memory, bytes, MADV_NOHUGEPAGE);
  for (size_t at = 0; at < bytes; at += page_bytes) memory[at] = 1;
  for (size_t at = 0; at < bytes; at += block_bytes) madvise(memory + at, block_bytes - page_bytes, MADV_DONTNEED);
  puts("holding");
  fflush(stdout);
  pause();
}
