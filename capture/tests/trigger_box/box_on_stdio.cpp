// The firmware's logic on standard input and output, with a clock of its own.
// usage: box_on_stdio FIRST_TICKS DRIFT_PPM
//
// Its counter shows FIRST_TICKS at the start and counts microseconds, too fast by DRIFT_PPM. On standard error it says
// what no box can say: "epoch NS", the host's monotonic time of the start, and "pulse NS" when outputs become high.
// A byte 1 on standard input is a reboot: the counter starts anew from 0.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "protocol.h"

static long long monotonic_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  long long first_ticks = atoll(argv[1]);
  const double ticks_per_ns = (1 + atof(argv[2]) * 1e-6) * 1e-3;
  long long epoch_ns = monotonic_ns();
  fprintf(stderr, "epoch %lld\n", epoch_ns);
  trigger_box::Box box("simulated", 1000000, 3);
  bool high = false;
  for (;;) {
    const long long now_ns = monotonic_ns();
    const double since = static_cast<double>(now_ns - epoch_ns) * ticks_per_ns;
    const uint32_t now = static_cast<uint32_t>(first_ticks + static_cast<long long>(since));
    const bool wanted = box.step(now) != 0;
    if (wanted && !high) fprintf(stderr, "pulse %lld\n", now_ns);
    high = wanted;

    pollfd in = {box.soon(now) ? -1 : 0, POLLIN, 0};
    const timespec wait = {0, 50000};
    if (ppoll(&in, 1, &wait, nullptr) <= 0) continue;
    char byte;
    if (read(0, &byte, 1) != 1) return 0;
    if (byte == 1) {
      first_ticks = 0;
      epoch_ns = now_ns;
      fprintf(stderr, "epoch %lld\n", epoch_ns);
      box = trigger_box::Box("simulated", 1000000, 3);
    } else if (box.receive(byte, now)) {
      const char* answer = box.answer();
      if (write(1, answer, strlen(answer)) < 0) return 0;
    }
  }
}
