// Trigger pulses for cameras, by the protocol of docs/trigger-box.md. README.md says what to wire.
#include "protocol.h"

#if defined(ARDUINO_ARCH_RP2040)
const char kBoard[] = "rp2040";
#elif defined(ARDUINO_ARCH_AVR)
const char kBoard[] = "avr";
#else
const char kBoard[] = "arduino";
#endif

// Output 1, 2, 4 and 8 of the protocol, in this order.
const uint8_t kPins[] = {2, 3, 4, 5};
const uint8_t kAllOutputs = (1 << sizeof kPins) - 1;

trigger_box::Box box(kBoard, 1000000, kAllOutputs);
uint8_t levels = 0;
const char* answer = "";

void setup() {
  for (uint8_t pin : kPins) {
    digitalWrite(pin, LOW);
    pinMode(pin, OUTPUT);
  }
  Serial.begin(115200);
}

void loop() {
  const uint8_t wanted = box.step(micros());
  if (wanted != levels) {
    for (uint8_t i = 0; i < sizeof kPins; i++) digitalWrite(kPins[i], (wanted >> i) & 1 ? HIGH : LOW);
    levels = wanted;
  }
  // One byte a turn, and only where the port takes it at once: a print that waits would hold up the pulses.
  if (*answer) {
    if (Serial.availableForWrite() > 0) Serial.write(*answer++);
  } else if (!box.soon(micros()) && Serial.available() && box.receive(Serial.read(), micros())) {
    answer = box.answer();
  }
}
