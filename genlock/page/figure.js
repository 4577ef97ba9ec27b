// Rods and balls in WebGL, moved with every pose; and lines.
import { BufferGeometry, CylinderGeometry, Group, LineSegments, Mesh, SphereGeometry, Vector3 } from "./vendor/three.module.min.js";

const UP = new Vector3(0, 1, 0);
const BALL = new SphereGeometry(1, 16, 12);
const ROD = new CylinderGeometry(1, 1, 1, 12, 1, true);

export class Figure {
  group = new Group();
  #palette;
  #rods;
  #balls;

  /** `shape`: rods `{from, to, radius, color}` and balls `{at, radius, color}` between points. */
  constructor(shape, palette) {
    this.#palette = palette;
    const mesh = (geometry, part) => {
      const made = new Mesh(geometry, palette.solid(part.color));
      this.group.add(made);
      return { ...part, mesh: made };
    };
    this.#rods = shape.rods.map((rod) => mesh(ROD, rod));
    this.#balls = shape.balls.map((ball) => mesh(BALL, ball));
    for (const { mesh, radius } of this.#balls) mesh.scale.setScalar(radius);
  }

  /** `faint`: for each point, whether it is drawn faintly. */
  pose(points, faint = []) {
    for (const { mesh, at, color } of this.#balls) {
      mesh.position.set(...points[at]);
      mesh.material = this.#palette.solid(color, Boolean(faint[at]));
    }
    for (const { mesh, from, to, radius, color } of this.#rods) {
      const start = new Vector3(...points[from]);
      const along = new Vector3(...points[to]).sub(start);
      const length = along.length();
      mesh.position.copy(start).addScaledVector(along, 0.5);
      mesh.scale.set(radius, Math.max(length, 1e-3), radius);
      if (length > 0) mesh.quaternion.setFromUnitVectors(UP, along.divideScalar(length));
      mesh.material = this.#palette.solid(color, Boolean(faint[from] || faint[to]));
    }
  }
}

/** `pairs` of points. */
export function lines(pairs, material) {
  return new LineSegments(new BufferGeometry().setFromPoints(pairs.flat().map((point) => new Vector3(...point))), material);
}
