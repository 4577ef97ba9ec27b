// The trigger box's logic: its side of docs/trigger-box.md, and when its outputs are high. It needs no Arduino, reads
// no clock and touches no pin, so that the same lines run in the box and in genlock's tests.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

namespace trigger_box {

const uint32_t kVersion = 1;
const uint8_t kLongestLine = 96;

// CRC-16/CCITT-FALSE (IBM-3740): polynomial 0x1021 from 0xFFFF.
inline uint16_t crc16(const char* text, size_t length) {
  uint16_t crc = 0xFFFF;
  for (size_t i = 0; i < length; i++) {
    crc ^= static_cast<uint16_t>(static_cast<uint8_t>(text[i])) << 8;
    for (uint8_t bit = 0; bit < 8; bit++) crc = (crc & 0x8000) ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return crc;
}

// The words of a line, one after the other.
class Words {
 public:
  explicit Words(char* text) : at_(text) {}

  // The next word, empty at the end.
  const char* word() {
    while (*at_ == ' ') at_++;
    const char* start = at_;
    while (*at_ && *at_ != ' ') at_++;
    if (*at_) *at_++ = 0;
    return start;
  }

  // The next word as a decimal number from `least` to `most`.
  bool number(uint32_t least, uint32_t most, uint32_t& value) {
    const char* digits = word();
    if (!*digits) return false;
    uint32_t sum = 0;
    for (; *digits; digits++) {
      if (*digits < '0' || *digits > '9') return false;
      const uint8_t digit = static_cast<uint8_t>(*digits - '0');
      if (sum > (UINT32_MAX - digit) / 10) return false;
      sum = sum * 10 + digit;
    }
    value = sum;
    return sum >= least && sum <= most;
  }

 private:
  char* at_;
};

// `now` is everywhere the box's clock in ticks: a counter of 32 bits that wraps.
class Box {
 public:
  Box(const char* board, uint32_t ticks_per_second, uint8_t outputs)
      : board_(board), ticks_per_second_(ticks_per_second), all_outputs_(outputs), outputs_(outputs) {
    width_ = ticks_per_second / 1000;
  }

  // Takes one byte of the host; true when there is an answer to send.
  bool receive(char byte, uint32_t now) {
    if (byte == '\r') return false;
    if (byte != '\n') {
      if (length_ < kLongestLine) line_[length_] = byte;
      if (length_ <= kLongestLine) length_++;
      return false;
    }
    const uint8_t length = length_;
    length_ = 0;
    if (length == 0) return false;
    if (length > kLongestLine) return refuse(0, "too-long");
    line_[length] = 0;
    return obey(now);
  }

  const char* answer() const { return answer_; }

  // To be called as often as possible: the outputs that are to be high now, one bit each.
  uint8_t step(uint32_t now) {
    if (high_ && now - raised_ >= width_) high_ = false;
    if (state_ == kRunning && watchdog_ && now - heard_ >= watchdog_ * ticks_per_second_) state_ = kExpired;
    while (state_ == kRunning && static_cast<int32_t>(now - next_) >= 0) {
      const uint32_t late = now - next_;
      if (late < ticks_ / pulses_ / 4) {
        high_ = true;
        raised_ = last_ = now;
        if (sent_++ % 256 == 0) {
          late_before_ = late_;
          late_ = 0;
        }
        if (late > late_) late_ = late;
      } else {
        missed_++;  // A pulse out of its place would be worse than none.
      }
      advance();
    }
    return high_ ? outputs_ : 0;
  }

 private:
  enum State : uint8_t { kIdle, kArmed, kRunning, kExpired };

  // Pulse k is due at first + k * ticks / pulses, rounded down: the fraction is carried on, never lost.
  void advance() {
    next_ += ticks_ / pulses_;
    remainder_ += ticks_ % pulses_;
    if (remainder_ >= pulses_) {
      remainder_ -= pulses_;
      next_++;
    }
  }

  bool obey(uint32_t now) {
    char* star = strrchr(line_, '*');
    if (!star) return refuse(0, "check-sum");
    char sum[5];
    snprintf(sum, sizeof sum, "%04X", crc16(line_, static_cast<size_t>(star - line_)));
    // People at a terminal may leave the sum out.
    if (strcmp(star + 1, sum) && strcmp(star + 1, "?")) return refuse(0, "check-sum");
    *star = 0;

    Words words(line_);
    uint32_t sequence, a, b;
    if (!words.number(1, 65535, sequence)) return refuse(0, "sequence");
    heard_ = now;
    const char* verb = words.word();
    const bool running = state_ == kRunning;
    if (!strcmp(verb, "hello")) {
      snprintf(text_, sizeof text_, "genlock-trigger-box %lu %lu %u %.24s", big(kVersion), big(ticks_per_second_),
               static_cast<unsigned>(all_outputs_), board_);
      return agree(sequence, text_);
    }
    if (!strcmp(verb, "clock")) {
      // Always of one length, so that the host can ask in as many bytes.
      snprintf(text_, sizeof text_, "%010lu %010lu", big(now), big(train_));
      return agree(sequence, text_);
    }
    if (!strcmp(verb, "status")) {
      static const char* const kNames[] = {"idle", "armed", "running", "expired"};
      snprintf(text_, sizeof text_, "%s %lu %lu %lu %lu %lu %lu %lu", kNames[state_], big(train_), big(sent_),
               big(missed_), big(first_), big(last_), big(late_ > late_before_ ? late_ : late_before_),
               big(now));
      return agree(sequence, text_);
    }
    if (!strcmp(verb, "start")) {
      if (!words.number(1, UINT32_MAX, a)) return refuse(sequence, "bad-arguments");
      // Asked again, since the answer was lost: these are its pulses already.
      if (running && a == train_) return started(sequence, now);
      if (state_ != kArmed) return refuse(sequence, "not-armed");
      state_ = kRunning;
      train_ = a;
      sent_ = missed_ = late_ = late_before_ = remainder_ = 0;
      first_ = last_ = next_ = now + ticks_per_second_ / 100;
      return started(sequence, now);
    }
    if (!strcmp(verb, "stop")) {
      state_ = kIdle;
      snprintf(text_, sizeof text_, "%lu", big(sent_));
      return agree(sequence, text_);
    }
    if (running) return refuse(sequence, "running");
    if (!strcmp(verb, "period")) {
      if (!words.number(1, UINT32_MAX, a) || !words.number(1, UINT32_MAX / 2, b)) return refuse(sequence, "bad-arguments");
      if (a / b < ticks_per_second_ / 2000 || a / b > ticks_per_second_ * 100) return refuse(sequence, "out-of-range");
      ticks_ = a;
      pulses_ = b;
    } else if (!strcmp(verb, "width")) {
      if (!words.number(1, ticks_per_second_, a)) return refuse(sequence, "bad-arguments");
      width_ = a;
    } else if (!strcmp(verb, "outputs")) {
      if (!words.number(1, 255, a) || (a & ~static_cast<uint32_t>(all_outputs_))) return refuse(sequence, "bad-arguments");
      outputs_ = static_cast<uint8_t>(a);
    } else if (!strcmp(verb, "watchdog")) {
      if (!words.number(0, INT32_MAX / ticks_per_second_, a)) return refuse(sequence, "bad-arguments");
      watchdog_ = a;
    } else if (!strcmp(verb, "arm")) {
      if (!pulses_) return refuse(sequence, "no-period");
      if (width_ >= ticks_ / pulses_) return refuse(sequence, "width-above-period");
      state_ = kArmed;
    } else {
      return refuse(sequence, "unknown-command");
    }
    return agree(sequence, "");
  }

  bool started(uint32_t sequence, uint32_t now) {
    snprintf(text_, sizeof text_, "%lu %lu", big(first_), big(now));
    return agree(sequence, text_);
  }

  bool agree(uint32_t sequence, const char* text) { return say(sequence, "ok", text); }
  bool refuse(uint32_t sequence, const char* why) { return say(sequence, "no", why); }

  bool say(uint32_t sequence, const char* kind, const char* text) {
    const int length = snprintf(answer_, sizeof answer_ - 8, "%lu %s %s ", big(sequence), kind, text);
    snprintf(answer_ + length, 8, "*%04X\n", crc16(answer_, static_cast<size_t>(length)));
    return true;
  }

  // What %lu wants, on boards of 16, 32 and 64 bits.
  static unsigned long big(uint32_t value) { return value; }

  const char* board_;
  uint32_t ticks_per_second_;
  uint8_t all_outputs_;

  // Settings: `pulses_` pulses in `ticks_` ticks; no pulses until they are set.
  uint32_t ticks_ = 0, pulses_ = 0, width_ = 0, watchdog_ = 0;
  uint8_t outputs_;

  State state_ = kIdle;
  bool high_ = false;
  uint32_t train_ = 0, sent_ = 0, missed_ = 0;
  // The worst of these 256 pulses and of the 256 before: one bad moment is not held against a train for ever.
  uint32_t late_ = 0, late_before_ = 0;
  uint32_t first_ = 0, next_ = 0, last_ = 0, raised_ = 0, remainder_ = 0, heard_ = 0;

  char line_[kLongestLine + 1];
  uint8_t length_ = 0;
  char text_[kLongestLine];
  char answer_[kLongestLine + 32];
};

}  // namespace trigger_box
