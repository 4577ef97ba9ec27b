// A small line chart on a canvas: steps across, a value up, the newest value written at its end.
const MARGIN = { left: 30, right: 40, top: 8, bottom: 18 };

/** `chart`: `low`, `high` (null: from the values), `line` (a reference), `curves` of `{name, color, dashed, points}`. */
export function plot(canvas, title, chart) {
  const scale = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.font = "11px system-ui, sans-serif";

  const points = chart.curves.flatMap((curve) => curve.points);
  const values = points.map(([, value]) => value);
  const low = Math.min(chart.low, ...values);
  const high = chart.high ?? Math.max(0.1, chart.line ?? 0, ...values) * 1.05;
  const last = Math.max(1, ...points.map(([step]) => step));
  const first = Math.min(last - 1, ...points.map(([step]) => step));
  const x = (step) => MARGIN.left + ((step - first) / (last - first)) * (width - MARGIN.left - MARGIN.right);
  const y = (value) => height - MARGIN.bottom - ((value - low) / (high - low)) * (height - MARGIN.top - MARGIN.bottom);

  const horizontal = (value, dash) => {
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(MARGIN.left, y(value));
    context.lineTo(width - MARGIN.right, y(value));
    context.stroke();
    context.setLineDash([]);
  };
  context.lineWidth = 1;
  context.fillStyle = color("--quiet");
  context.textAlign = "right";
  context.textBaseline = "middle";
  const step = tick(high - low);
  for (let value = Math.ceil(low / step) * step; value <= high + 1e-9; value += step) {
    context.strokeStyle = color("--line");
    horizontal(value, []);
    context.fillText(Number(value.toFixed(3)).toString(), MARGIN.left - 5, y(value));
  }
  if (chart.line !== undefined) {
    context.strokeStyle = color("--chance");
    horizontal(chart.line, [2, 3]);
  }
  context.textBaseline = "alphabetic";
  if (points.length) {
    context.textAlign = "left";
    context.fillText(`step ${first.toLocaleString("en")}`, MARGIN.left, height - 4);
    context.textAlign = "right";
    context.fillText(last.toLocaleString("en"), width - MARGIN.right, height - 4);
  } else {
    context.textAlign = "center";
    context.fillText("no values yet", MARGIN.left + (width - MARGIN.left - MARGIN.right) / 2, height / 2 - 6);
  }

  context.lineWidth = 1.5;
  context.lineJoin = "round";
  for (const curve of chart.curves) {
    context.strokeStyle = context.fillStyle = color(curve.color);
    context.setLineDash(curve.dashed ? [5, 3] : []);
    context.beginPath();
    for (const [at, value] of curve.points) context.lineTo(x(at), y(value));
    context.stroke();
  }
  context.setLineDash([]);
  label(context, chart.curves, color, y, width - MARGIN.right + 4, height);
  canvas.setAttribute("aria-label", describe(title, chart.curves));
}

/** The newest values at the curves' ends, moved apart where they would overlap. */
function label(context, curves, color, y, at, height) {
  const ends = curves.filter((curve) => curve.points.length).map((curve) => ({ curve, value: curve.points.at(-1)[1] }));
  ends.sort((a, b) => b.value - a.value);
  let above = -Infinity;
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const { curve, value } of ends) {
    above = Math.min(Math.max(y(value), above + 12), height - 8);
    context.fillStyle = color(curve.color);
    context.fillText(value.toFixed(value < 10 ? 3 : 1), at, above);
  }
}

function describe(title, curves) {
  const newest = curves.filter((curve) => curve.points.length).map((curve) => {
    const [step, value] = curve.points.at(-1);
    return `${curve.name ? `${curve.name} ` : ""}${value.toFixed(3)} at step ${step}`;
  });
  return `${title}: ${newest.join(", ") || "no values yet"}`;
}

/** A round spacing that gives two to five grid lines. */
function tick(range) {
  const power = 10 ** Math.floor(Math.log10(range / 2));
  return [1, 2, 5, 10].map((factor) => factor * power).find((distance) => range / distance <= 5) ?? 10 * power;
}
