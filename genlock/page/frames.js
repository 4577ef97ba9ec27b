// When figures are drawn: on demand, at most this often, never while nobody sees the page.
const SHORTEST_MS = 30;

/** Returns a function that asks for `draw`; asking again before it ran changes nothing. */
export function scheduler(draw) {
  let asked = false;
  let last = -Infinity;

  function frame(now) {
    // Without a graphics card each drawing costs the processor that learns.
    if (now - last < SHORTEST_MS) return void requestAnimationFrame(frame);
    last = now;
    asked = false;
    draw();
  }
  function schedule() {
    if (asked || document.hidden) return;
    asked = true;
    requestAnimationFrame(frame);
  }
  document.addEventListener("visibilitychange", schedule);
  return schedule;
}
