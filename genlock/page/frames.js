// When figures are drawn: on demand, at most this often, never while nobody sees the page or this part of it.
const SHORTEST_MS = 30;
/** How long what turns by itself may wait, where each drawing costs the processor that learns. */
const RARELY_MS = 70;

/** Returns a function that asks for `draw`, which draws `canvas`; asking again before it ran changes nothing. Its `rarely` asks
 * for it later, unless somebody asks before. */
export function scheduler(draw, canvas) {
  let asked = false;
  let last = -Infinity;
  let seen = true;
  let later;

  function frame(now) {
    if (now - last < SHORTEST_MS) return void requestAnimationFrame(frame);
    last = now;
    asked = false;
    draw();
  }
  function schedule() {
    if (asked || !seen || document.hidden) return;
    asked = true;
    requestAnimationFrame(frame);
  }
  schedule.rarely = () => {
    clearTimeout(later);
    later = setTimeout(schedule, RARELY_MS);
  };
  document.addEventListener("visibilitychange", schedule);
  new IntersectionObserver(([entry]) => {
    seen = entry.isIntersecting;
    schedule();
  }).observe(canvas);
  return schedule;
}
