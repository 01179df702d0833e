/*
 * cut-power FOLDER: the ext4 file system on which FOLDER lies loses power. Nothing that is not on the device already gets
 * there any more, the journal included; every later call on it fails. What the device has is found by mounting it again.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define EXT4_IOC_SHUTDOWN _IOR('X', 125, uint32_t)
#define EXT4_GOING_FLAGS_NOLOGFLUSH 0x2

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  int folder = open(argv[1], O_RDONLY);
  if (folder < 0) {
    perror(argv[1]);
    return 1;
  }
  uint32_t flags = EXT4_GOING_FLAGS_NOLOGFLUSH;
  if (ioctl(folder, EXT4_IOC_SHUTDOWN, &flags) < 0) {
    perror("EXT4_IOC_SHUTDOWN");
    return 1;
  }
  return 0;
}
