/*
 * Answers every request with a slice of a file, as a broker answers Fetch: by sendfile(2) straight from the page cache, or
 * by read and write. Blocking calls, one connection, no look at the request but for the offset.
 *
 * fetch-server sendfile|copy FILE HEAD-HEX TAIL-HEX RECORD-BYTES OFFSET-AT BATCH-BYTES RECORDS-PER-BATCH
 */
#include "common.h"

enum { correlation_at = 8, answer_correlation_at = 4, chunk_bytes = 256 * 1024, request_bytes_max = 64 * 1024 };

static int send_by_sendfile(int to, int file, off_t position, size_t length) {
  while (length > 0) {
    ssize_t sent = sendfile(to, file, &position, length);
    if (sent <= 0) return 0;
    length -= (size_t)sent;
  }
  return 1;
}

static int send_by_copy(int to, int file, off_t position, size_t length) {
  static unsigned char chunk[chunk_bytes];
  while (length > 0) {
    ssize_t got = pread(file, chunk, length < chunk_bytes ? length : chunk_bytes, position);
    if (got <= 0 || !send_whole(to, chunk, (size_t)got, 0)) return 0;
    position += got;
    length -= (size_t)got;
  }
  return 1;
}

int main(int count, char **arguments) {
  if (count != 9) {
    fprintf(stderr, "wrong arguments\n");
    return 2;
  }
  int (*send_records)(int, int, off_t, size_t) = strcmp(arguments[1], "sendfile") == 0 ? send_by_sendfile : send_by_copy;
  int file = open(arguments[2], O_RDONLY);
  if (file < 0) fail(arguments[2]);
  size_t head_bytes, tail_bytes;
  unsigned char *head = from_hex(arguments[3], &head_bytes);
  unsigned char *tail = from_hex(arguments[4], &tail_bytes);
  size_t record_bytes = strtoull(arguments[5], NULL, 10);
  size_t offset_at = strtoull(arguments[6], NULL, 10);
  uint64_t batch_bytes = strtoull(arguments[7], NULL, 10);
  uint64_t records_per_batch = strtoull(arguments[8], NULL, 10);

  static unsigned char request[request_bytes_max];
  for (int listener = listen_and_say();;) {
    int connection = accept_one(listener);
    while (read_whole(connection, request, 4)) {
      uint32_t length = ntohl(*(uint32_t *)request);
      if (length > request_bytes_max - 4 || !read_whole(connection, request + 4, length)) break;
      memcpy(head + answer_correlation_at, request + correlation_at, 4);
      off_t position = (off_t)(read_int64(request + offset_at) / records_per_batch * batch_bytes);
      if (!send_whole(connection, head, head_bytes, MSG_MORE)) break;
      if (!send_records(connection, file, position, record_bytes)) break;
      if (!send_whole(connection, tail, tail_bytes, 0)) break;
    }
    close(connection);
  }
}
