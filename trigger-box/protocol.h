// The trigger box's logic: its side of docs/trigger-box.md, and when its outputs are high. It needs no Arduino, reads
// no clock and touches no pin, so that the same lines run in the box and in genlock's tests.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace trigger_box {

const uint32_t kVersion = 1;
const uint8_t kLongestLine = 96;

// Small boards take milliseconds for 32-bit divisions and printf, and pulses would wait for them: hence neither here.

// CRC-16/CCITT-FALSE (IBM-3740): polynomial 0x1021 from 0xFFFF, eight bits at a time.
inline uint16_t crc16(const char* text, size_t length) {
  uint16_t crc = 0xFFFF;
  for (size_t i = 0; i < length; i++) {
    uint8_t x = static_cast<uint8_t>((crc >> 8) ^ static_cast<uint8_t>(text[i]));
    x ^= x >> 4;
    crc = static_cast<uint16_t>((crc << 8) ^ (static_cast<uint16_t>(x) << 12) ^ (static_cast<uint16_t>(x) << 5) ^ x);
  }
  return crc;
}

// A line that is being written.
class Line {
 public:
  void clear() { length_ = 0; }
  const char* text() const { return text_; }

  Line& add(char character) {
    if (length_ < sizeof text_ - 1) text_[length_++] = character;
    text_[length_] = 0;
    return *this;
  }

  Line& add(const char* words) {
    while (*words) add(*words++);
    return *this;
  }

  // A number, with zeros before it up to `digits`.
  Line& add(uint32_t value, uint8_t digits = 1) {
    static const uint32_t kPowers[] = {1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
    uint8_t left = 10;
    bool begun = false;
    for (uint32_t power : kPowers) {
      char digit = '0';
      for (; value >= power; value -= power) digit++;
      begun = begun || digit != '0' || left <= digits;
      if (begun) add(digit);
      left--;
    }
    return *this;
  }

  // The end: "*", the sum of all before it, and the new line.
  void end() {
    uint16_t sum = crc16(text_, length_);
    add('*');
    for (uint8_t i = 0; i < 4; i++, sum = static_cast<uint16_t>(sum << 4)) add("0123456789ABCDEF"[sum >> 12]);
    add('\n');
  }

 private:
  char text_[128];
  uint8_t length_ = 0;
};

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
      if (sum > UINT32_MAX / 10 || sum * 10 > UINT32_MAX - digit) return false;
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
    rest_ = ticks_per_second / 500;
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

  const char* answer() const { return answer_.text(); }

  // To be called as often as possible: the outputs that are to be high now, one bit each.
  uint8_t step(uint32_t now) {
    if (high_ && now - raised_ >= width_) high_ = false;
    if (state_ == kRunning && watchdog_ && now - heard_ >= watchdog_) state_ = kExpired;
    while (state_ == kRunning && static_cast<int32_t>(now - next_) >= 0) {
      const uint32_t late = now - next_;
      if (late < period_ / 4) {
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

  // Whether an output changes within 2 ms. Reading a command takes a slow board that long, so it had better wait; where
  // pulses leave no time to wait for, it need not.
  bool soon(uint32_t now) const {
    if (state_ != kRunning) return false;
    const uint32_t low = period_ - width_;
    if ((low > width_ ? low : width_) < 2 * rest_) return false;
    // Signed: what has come due since the last step is soon, too.
    const int32_t rest = static_cast<int32_t>(rest_);
    return static_cast<int32_t>(next_ - now) < rest || (high_ && static_cast<int32_t>(raised_ + width_ - now) < rest);
  }

 private:
  enum State : uint8_t { kIdle, kArmed, kRunning, kExpired };

  // Pulse k is due at first + k * ticks / pulses, rounded down: the fraction is carried on, never lost.
  void advance() {
    next_ += period_;
    remainder_ += rest_of_period_;
    if (remainder_ >= pulses_) {
      remainder_ -= pulses_;
      next_++;
    }
  }

  bool obey(uint32_t now) {
    char* star = strrchr(line_, '*');
    if (!star) return refuse(0, "check-sum");
    // People at a terminal may leave the sum out.
    if (strcmp(star + 1, "?")) {
      uint16_t sum = crc16(line_, static_cast<size_t>(star - line_));
      for (char* at = star + 1; at < star + 5; at++, sum = static_cast<uint16_t>(sum << 4)) {
        if (*at != "0123456789ABCDEF"[sum >> 12]) return refuse(0, "check-sum");
      }
      if (star[5]) return refuse(0, "check-sum");
    }
    *star = 0;

    Words words(line_);
    uint32_t sequence, a, b;
    if (!words.number(1, 65535, sequence)) return refuse(0, "sequence");
    heard_ = now;
    const char* verb = words.word();
    const bool running = state_ == kRunning;
    if (!strcmp(verb, "hello")) {
      agree(sequence).add("genlock-trigger-box ").add(kVersion).add(' ').add(ticks_per_second_).add(' ');
      return said(answer_.add(static_cast<uint32_t>(all_outputs_)).add(' ').add(board_));
    }
    if (!strcmp(verb, "clock")) {
      // Always of one length, so that the host can ask in as many bytes.
      return said(agree(sequence).add(now, 10).add(' ').add(train_, 10));
    }
    if (!strcmp(verb, "status")) {
      static const char* const kNames[] = {"idle", "armed", "running", "expired"};
      agree(sequence).add(kNames[state_]);
      const uint32_t late = late_ > late_before_ ? late_ : late_before_;
      const uint32_t values[] = {train_, sent_, missed_, first_, last_, late, now};
      for (uint32_t value : values) answer_.add(' ').add(value);
      return said(answer_);
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
      return said(agree(sequence).add(sent_));
    }
    if (running) return refuse(sequence, "running");
    if (state_ == kArmed) state_ = kIdle;  // What was checked may be about to change.
    if (!strcmp(verb, "period")) {
      if (!words.number(1, UINT32_MAX, a) || !words.number(1, INT32_MAX, b)) return refuse(sequence, "bad-arguments");
      if (a / b < ticks_per_second_ / 2000 || a / b > ticks_per_second_ * 100) return refuse(sequence, "out-of-range");
      period_ = a / b;
      rest_of_period_ = a % b;
      pulses_ = b;
    } else if (!strcmp(verb, "width")) {
      if (!words.number(1, ticks_per_second_, a)) return refuse(sequence, "bad-arguments");
      width_ = a;
    } else if (!strcmp(verb, "outputs")) {
      if (!words.number(1, 255, a) || (a | all_outputs_) != all_outputs_) return refuse(sequence, "bad-arguments");
      outputs_ = static_cast<uint8_t>(a);
    } else if (!strcmp(verb, "watchdog")) {
      if (!words.number(0, INT32_MAX / ticks_per_second_, a)) return refuse(sequence, "bad-arguments");
      watchdog_ = a * ticks_per_second_;
    } else if (!strcmp(verb, "arm")) {
      if (!pulses_) return refuse(sequence, "no-period");
      if (width_ >= period_) return refuse(sequence, "width-above-period");
      state_ = kArmed;
    } else {
      return refuse(sequence, "unknown-command");
    }
    return said(agree(sequence));
  }

  bool started(uint32_t sequence, uint32_t now) { return said(agree(sequence).add(first_).add(' ').add(now)); }

  Line& agree(uint32_t sequence) {
    answer_.clear();
    return answer_.add(sequence).add(" ok ");
  }

  bool refuse(uint32_t sequence, const char* why) {
    answer_.clear();
    return said(answer_.add(sequence).add(" no ").add(why));
  }

  bool said(Line& answer) {
    answer.add(' ').end();
    return true;
  }

  const char* board_;
  uint32_t ticks_per_second_, rest_;
  uint8_t all_outputs_;

  // Settings, in ticks. A pulse lasts period + rest_of_period / pulses; there are none until they are set.
  uint32_t period_ = 0, rest_of_period_ = 0, pulses_ = 0, width_ = 0, watchdog_ = 0;
  uint8_t outputs_;

  State state_ = kIdle;
  bool high_ = false;
  uint32_t train_ = 0, sent_ = 0, missed_ = 0;
  // The worst of these 256 pulses and of the 256 before: one bad moment is not held against a train for ever.
  uint32_t late_ = 0, late_before_ = 0;
  uint32_t first_ = 0, next_ = 0, last_ = 0, raised_ = 0, remainder_ = 0, heard_ = 0;

  char line_[kLongestLine + 1];
  uint8_t length_ = 0;
  Line answer_;
};

}  // namespace trigger_box
