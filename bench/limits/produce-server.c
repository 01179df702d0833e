/*
 * Takes requests and writes the batch inside each to a file, as a broker takes Produce: the base offset is put in place,
 * nothing else is looked at. What has arrived together is written together. With "sync" every such group is on stable
 * storage (fdatasync) before it is answered. Blocking calls, one connection, a new file for each.
 *
 * produce-server write|sync FILE REQUEST-BYTES BATCH-AT BATCH-BYTES ANSWER-HEX BASE-OFFSET-AT RECORDS-PER-BATCH
 */
#include "common.h"

enum { correlation_at = 8, answer_correlation_at = 4, group_max = 16, answer_bytes_max = 1024 };

int main(int count, char **arguments) {
  if (count != 9) {
    fprintf(stderr, "wrong arguments\n");
    return 2;
  }
  int is_synced = strcmp(arguments[1], "sync") == 0;
  size_t request_bytes = strtoull(arguments[3], NULL, 10);
  size_t batch_at = strtoull(arguments[4], NULL, 10);
  size_t batch_bytes = strtoull(arguments[5], NULL, 10);
  size_t answer_bytes;
  unsigned char *answer = from_hex(arguments[6], &answer_bytes);
  size_t base_offset_at = strtoull(arguments[7], NULL, 10);
  uint64_t records_per_batch = strtoull(arguments[8], NULL, 10);
  unsigned char *received = malloc(group_max * request_bytes);
  unsigned char answers[group_max * answer_bytes_max];
  if (answer_bytes > answer_bytes_max) return 2;

  for (int listener = listen_and_say();;) {
    int connection = accept_one(listener);
    int file = open(arguments[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0) fail(arguments[2]);
    uint64_t next_offset = 0;
    for (size_t filled = 0;;) {
      ssize_t got = read(connection, received + filled, group_max * request_bytes - filled);
      if (got <= 0) break;
      filled += (size_t)got;
      size_t group = filled / request_bytes;
      if (group == 0) continue;
      struct iovec batches[group_max];
      for (size_t at = 0; at < group; at++) {
        unsigned char *request = received + at * request_bytes;
        write_int64(request + batch_at, next_offset);
        batches[at] = (struct iovec){request + batch_at, batch_bytes};
        unsigned char *own = answers + at * answer_bytes;
        memcpy(own, answer, answer_bytes);
        memcpy(own + answer_correlation_at, request + correlation_at, 4);
        write_int64(own + base_offset_at, next_offset);
        next_offset += records_per_batch;
      }
      if (writev(file, batches, (int)group) != (ssize_t)(group * batch_bytes)) fail("write");
      if (is_synced && fdatasync(file) < 0) fail("fdatasync");
      if (!send_whole(connection, answers, group * answer_bytes, 0)) break;
      filled -= group * request_bytes;
      memmove(received, received + group * request_bytes, filled);
    }
    close(connection);
    close(file);
  }
}
