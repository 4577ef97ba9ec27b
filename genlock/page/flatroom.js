// The room on a plain canvas, in perspective; farther objects are drawn first.
import { BODY, SOFT } from "./body.js";
import { inFront, project } from "./plan.js";
import { OPACITY, RADIUS_MM } from "./trails.js";

const FAINT = 0.3;

export function drawRoom(context, { plan, body, colors, lines }, view, color) {
  const path = (rim) => {
    context.beginPath();
    for (const point of inFront(view, rim)) {
      const { x, y } = project(view, point);
      context.lineTo(x, y);
    }
  };
  const stroke = (pairs, name, opacity = 1) => {
    context.strokeStyle = color(name);
    context.globalAlpha = opacity;
    for (const pair of pairs) {
      path(pair);
      context.stroke();
    }
  };
  const fill = (rim, style, opacity) => {
    context.fillStyle = style;
    context.globalAlpha = opacity;
    path(rim);
    context.fill();
  };
  context.save();
  context.lineWidth = 1;
  context.lineCap = context.lineJoin = "round";
  const [[west, east], [south, north]] = plan.floor;
  fill([[west, south, 0], [east, south, 0], [east, north, 0], [west, north, 0]], color("--card"), 0.6);
  stroke(plan.grid(), "--grid");
  stroke(plan.front(), "--quiet");
  for (const shadow of body?.shadows ?? []) drawShadow(context, shadow, view);
  const parts = plan.cameras.map(({ position, corners, lines, pole }, index) => ({
    ahead: project(view, position).ahead,
    draw() {
      stroke([pole], "--quiet", 0.5);
      fill(corners, color(colors[index]), 0.12);
      stroke(lines, colors[index]);
    },
  }));
  if (body) parts.push(...bodyParts(context, body, view, color));
  for (const line of lines) parts.push(...trailParts(context, line, view, color));
  for (const { draw } of parts.sort((a, b) => b.ahead - a.ahead)) draw();
  context.restore();
}

function bodyParts(context, { points, unseen }, view, color) {
  const seen = points.map((point) => project(view, point));
  const inSight = (...places) => places.every((place) => seen[place].ahead > 0);
  const rods = BODY.rods.filter(({ from, to }) => inSight(from, to)).map(({ from, to, radius, color: name }) => {
    const ahead = (seen[from].ahead + seen[to].ahead) / 2;
    return {
      ahead,
      draw() {
        context.globalAlpha = unseen[from] || unseen[to] ? FAINT : 1;
        context.strokeStyle = color(name);
        context.lineWidth = Math.max(1.5, (2 * radius * view.focal) / ahead);
        context.beginPath();
        context.moveTo(seen[from].x, seen[from].y);
        context.lineTo(seen[to].x, seen[to].y);
        context.stroke();
        context.lineWidth = 1;
      },
    };
  });
  const balls = BODY.balls.filter(({ at }) => inSight(at)).map(({ at, radius, color: name }) => ({
    ahead: seen[at].ahead,
    draw() {
      context.globalAlpha = unseen[at] ? FAINT : 1;
      context.fillStyle = color(name);
      context.beginPath();
      context.arc(seen[at].x, seen[at].y, Math.max(1, (radius * view.focal) / seen[at].ahead), 0, 2 * Math.PI);
      context.fill();
    },
  }));
  return [...rods, ...balls];
}

/** A trail tapers and fades with age. */
function trailParts(context, { color: name, pieces }, view, color) {
  const seen = pieces.map(({ from, to, age }) => ({ from: project(view, from), to: project(view, to), age }));
  return seen.filter(({ from, to }) => Math.min(from.ahead, to.ahead) > 0).map(({ from, to, age }) => ({
    ahead: (from.ahead + to.ahead) / 2,
    draw() {
      context.globalAlpha = OPACITY * (1 - age);
      context.strokeStyle = color(name);
      context.lineWidth = Math.max(1, (2 * RADIUS_MM * (1 - age) * view.focal) / from.ahead);
      context.beginPath();
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
      context.stroke();
      context.lineWidth = 1;
    },
  }));
}

/** A round gradient on the floor, flattened as if all of it were equally far away. */
function drawShadow(context, { at: [x, y], radius, dark }, view) {
  const [middle, east, north] = [[x, y, 0], [x + radius, y, 0], [x, y + radius, 0]].map((point) => project(view, point));
  if (Math.min(middle.ahead, east.ahead, north.ahead) <= 0) return;
  context.save();
  context.transform(east.x - middle.x, east.y - middle.y, north.x - middle.x, north.y - middle.y, middle.x, middle.y);
  const fade = context.createRadialGradient(0, 0, 0, 0, 0, 1);
  for (const [at, share] of SOFT) fade.addColorStop(at, `rgb(0 0 0 / ${share})`);
  context.globalAlpha = dark;
  context.fillStyle = fade;
  context.fillRect(-1, -1, 2, 2);
  context.restore();
}
