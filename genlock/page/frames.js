// Schedules drawing: on demand, rate-limited, and never while the page or the canvas is not visible.
const SHORTEST_MS = 30;
/** Interval of automatic turning without a graphics card, where drawing takes CPU time from learning. */
const RARELY_MS = 70;

/** Returns a function that schedules `draw`, which draws `canvas`; more calls before it runs have no effect. Its method
 * `rarely` schedules it after a longer delay. */
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
