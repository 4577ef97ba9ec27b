// The layout of the room, and the eye that looks at it. Millimetres, z up, the floor at z = 0.

const SQUARE_MM = 1000;
/** Bounds the floor, so that a wildly wrong geometry does not produce thousands of lines. */
const FARTHEST_MM = 30000;
/** Space for a person around the origin. */
const PERSON_MM = { around: 1000, height: 1900 };
/** Floor beyond a person's hip. */
const STEP_MM = 300;
/** Margin around a camera, for its frustum and its name. */
const MARGIN_MM = 350;
/** Share of the picture's width and height that is used. */
const FILLED = 0.94;
/** Vertical field of view. */
const FIELD = (32 * Math.PI) / 180;
/** Initial azimuth: from behind the first camera, which looks along x, and to the side of it. */
const FIRST_AZIMUTH = Math.PI * 1.22;
/** At this distance a person fills the picture. */
const NEAREST_MM = 3600;
/** Nothing nearer is drawn. */
export const NEAR_MM = 150;

const add = (a, b) => a.map((value, axis) => value + b[axis]);
const sub = (a, b) => a.map((value, axis) => value - b[axis]);
const dot = (a, b) => a.reduce((sum, value, axis) => sum + value * b[axis], 0);
const scaled = (a, factor) => a.map((value) => value * factor);
const mix = (a, b, share) => a.map((value, axis) => value + (b[axis] - value) * share);

export class Plan {
  /** The geometry's id; null while none is known. */
  id;
  /** `{name, position, corners, top, lines, pole}` each; a line is a pair of points. */
  cameras;
  /** Bounds of x and of y, whole squares. */
  floor;
  #centre;
  /** Points that must be visible. */
  #marks;

  constructor(geometry) {
    this.id = geometry?.id ?? null;
    const known = Object.entries(geometry?.cameras ?? {});
    const places = known.map(([, camera]) => camera.position_mm);
    const person = PERSON_MM.around;
    const bounds = [0, 1].map((axis) => {
      const values = places.map((place) => place[axis]);
      return [Math.min(-person, Math.min(...values) - MARGIN_MM), Math.max(person, Math.max(...values) + MARGIN_MM)];
    });
    this.floor = bounds.map(squares);
    const height = Math.max(PERSON_MM.height, ...places.map((place) => place[2]));
    this.#centre = [...bounds.map(([low, high]) => (low + high) / 2), height * 0.4];
    this.#marks = [[0, 0, 0], ...places].flatMap(([x, y, z]) => [[x, y, 0], [x, y, z + MARGIN_MM]]);
    this.#marks.push([0, 0, PERSON_MM.height]);
    const away = places.map(([x, y]) => Math.hypot(x - this.#centre[0], y - this.#centre[1]));
    const size = Math.min(900, Math.max(420, Math.max(0, ...away) * 0.15));
    this.cameras = known.map(([name, camera]) => ({ name, position: camera.position_mm, ...frustum(camera, size) }));
  }

  /** Extends the floor to where the person is. */
  reach(place) {
    const around = ([low, high], at) => [Math.min(low, at - STEP_MM), Math.max(high, at + STEP_MM)];
    const grown = this.floor.map((bounds, axis) => squares(around(bounds, place[axis])));
    // Keep the same object while the floor does not change, so that it is not rebuilt.
    if (grown.flat().some((bound, index) => bound !== this.floor.flat()[index])) this.floor = grown;
  }

  /** Pairs of points: the floor's squares. */
  grid() {
    const [[west, east], [south, north]] = this.floor;
    const lines = [];
    for (let x = west; x <= east; x += SQUARE_MM) lines.push([[x, south, 0], [x, north, 0]]);
    for (let y = south; y <= north; y += SQUARE_MM) lines.push([[west, y, 0], [east, y, 0]]);
    return lines;
  }

  /** Pairs of points: a mark at the origin that points to the front, just above the squares. */
  front() {
    const mark = [[[-250, 0], [550, 0]], [[0, -250], [0, 250]], [[550, 0], [400, -90]], [[550, 0], [400, 90]]];
    return mark.map((line) => line.map(([x, y]) => [x, y, 5]));
  }

  /** The eye at `orbit`, for a picture of this size. The nearer it is, the more it looks at `person`. */
  view(orbit, width, height, person) {
    const half = Math.tan(FIELD / 2);
    const distance = Math.max(NEAREST_MM, this.#distance(orbit.tilt, half, width / height) / orbit.zoom);
    const azimuth = FIRST_AZIMUTH - orbit.angle;
    const { forward, right, up } = axes(azimuth, orbit.tilt);
    const share = person ? within((orbit.zoom - 1) / 1.2) : 0;
    const to = share ? mix(this.#centre, [person[0], person[1], PERSON_MM.height / 2], share) : this.#centre;
    return {
      from: sub(to, scaled(forward, distance)),
      to,
      forward,
      right,
      up,
      focal: height / 2 / half,
      middle: [width / 2, height / 2],
      field: FIELD,
      far: distance + 4 * FARTHEST_MM,
    };
  }

  /** The distance at which all marks are visible at any azimuth. */
  #distance(tilt, half, aspect) {
    let distance = 0;
    for (let azimuth = 0; azimuth < 2 * Math.PI; azimuth += Math.PI / 12) {
      const { forward, right, up } = axes(azimuth, tilt);
      for (const mark of this.#marks) {
        const from = sub(mark, this.#centre);
        const needed = Math.max(Math.abs(dot(from, right)) / aspect, Math.abs(dot(from, up))) / (half * FILLED);
        distance = Math.max(distance, needed - dot(from, forward));
      }
    }
    return distance;
  }
}

/** The eye's axes. */
function axes(azimuth, tilt) {
  const [sin, cos] = [Math.sin(tilt), Math.cos(tilt)];
  const [x, y] = [Math.cos(azimuth), Math.sin(azimuth)];
  return { forward: [-cos * x, -cos * y, -sin], right: [-y, x, 0], up: [-sin * x, -sin * y, cos] };
}

/** Projects a point to pixels `x` and `y`, and its distance `ahead` of the eye. */
export function project(view, point) {
  const from = sub(point, view.from);
  const ahead = dot(from, view.forward);
  const per = view.focal / ahead;
  return { x: view.middle[0] + dot(from, view.right) * per, y: view.middle[1] - dot(from, view.up) * per, ahead };
}

/** Clips a polygon or a line to the part in front of the eye. */
export function inFront(view, rim) {
  const ahead = rim.map((point) => dot(sub(point, view.from), view.forward) - NEAR_MM);
  return rim.flatMap((point, index) => {
    const next = (index + 1) % rim.length;
    const crossing = ahead[index] < 0 !== ahead[next] < 0;
    const cut = crossing ? [mix(point, rim[next], ahead[index] / (ahead[index] - ahead[next]))] : [];
    return ahead[index] < 0 ? cut : [point, ...cut];
  });
}

const within = (share) => Math.min(1, Math.max(0, share));

function squares([low, high]) {
  return [
    Math.max(-FARTHEST_MM, Math.floor(low / SQUARE_MM) * SQUARE_MM),
    Math.min(FARTHEST_MM, Math.ceil(high / SQUARE_MM) * SQUARE_MM),
  ];
}

/** The shape of a camera: a pyramid over its picture, a mark at the picture's top, and a pole to the floor. */
function frustum({ rotation, position_mm, focal_px, principal_point_px, size_px }, size) {
  const depth = (size * focal_px) / Math.hypot(...size_px);
  // R has the camera's axes as rows, so its transpose takes a direction back to the world.
  const world = (direction) => add(position_mm, [0, 1, 2].map((axis) => dot(rotation.map((row) => row[axis]), direction)));
  const at = (...pixel) => {
    const [x, y] = pixel.map((value, axis) => ((value - principal_point_px[axis]) / focal_px) * depth);
    return world([x, y, depth]);
  };
  const [width, height] = size_px;
  const corners = [at(0, 0), at(width, 0), at(width, height), at(0, height)];
  const short = Math.min(width, height);
  const mark = [at(width / 2 - short * 0.25, -short * 0.06), at(width / 2, -short * 0.3), at(width / 2 + short * 0.25, -short * 0.06)];
  const ring = (points) => points.map((point, index) => [point, points[(index + 1) % points.length]]);
  const above = Math.max(...[...corners, ...mark, position_mm].map((point) => point[2]));
  const [x, y] = position_mm;
  return {
    corners,
    top: [x, y, above],
    lines: [...ring(corners), ...corners.map((corner) => [position_mm, corner]), ...ring(mark)],
    pole: [position_mm, [x, y, 0]],
  };
}
