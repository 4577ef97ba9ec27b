// Poses of single views in WebGL, one cell each. Joints arrive in millimetres, x right, y down, z away from the camera;
// here y is up.
import { AmbientLight, DirectionalLight, PerspectiveCamera, Scene } from "./vendor/three.module.min.js";
import { CELL_MM, PARENTS, cells, colorOf } from "./bones.js";
import { Figure, lines } from "./figure.js";

/** The grid is a fixed distance below the root, since the poses do not include the floor. */
const GRID_BELOW_MM = 1000;
const GRID_MM = [-1000, -500, 0, 500, 1000];

const joints = PARENTS.map((from, at) => ({ from, at, color: colorOf(at) }));
const SHAPE = {
  rods: joints.filter(({ from }) => from >= 0).map(({ from, at, color }) => ({ from, to: at, radius: 17, color })),
  balls: joints.map(({ at, color }) => ({ at, radius: at === 10 ? 62 : 28, color })),
};

export class Views {
  #palette;
  #world = new Scene();
  #camera = new PerspectiveCamera(28, 1, 100, 40000);
  #figures = [];
  #shown = 0;
  #grid;

  constructor(palette) {
    this.#palette = palette;
    const sun = new DirectionalLight(0xffffff, 2);
    sun.position.set(1, 2, 3);
    const grid = GRID_MM.flatMap((at) => [[[at, 0, -1000], [at, 0, 1000]], [[-1000, 0, at], [1000, 0, at]]]);
    this.#grid = lines(grid, palette.line("--line"));
    this.#grid.position.y = -GRID_BELOW_MM;
    this.#world.add(new AmbientLight(0xffffff, 1.6), sun, this.#grid);
  }

  /** `poses`: 17 × `[x, y, z]` each, drawn in one cell each, in order. */
  show(poses) {
    while (this.#figures.length < poses.length) {
      const figure = new Figure(SHAPE, this.#palette);
      this.#figures.push(figure);
      this.#world.add(figure.group);
    }
    poses.forEach((joints, index) => this.#figures[index].pose(joints.map(([x, y, z]) => [x, -y, -z])));
    this.#shown = poses.length;
  }

  get empty() {
    return this.#shown === 0;
  }

  /** A cell's aspect ratio; the person fits in both directions. */
  #frame(aspect) {
    const tall = Math.max(CELL_MM[1], CELL_MM[0] / aspect);
    const distance = tall / 2 / Math.tan((this.#camera.fov * Math.PI) / 360) + 300;
    this.#camera.aspect = aspect;
    this.#camera.position.set(0, distance * 0.16, distance);
    this.#camera.lookAt(0, -90, 0);
    this.#camera.updateProjectionMatrix();
  }

  draw(renderer, width, height, orbit) {
    const { columns, rows } = cells(this.#shown, width, height);
    const [across, up] = [width / columns, height / rows];
    this.#frame(across / up);
    this.#grid.rotation.y = orbit.angle;
    renderer.setScissorTest(true);
    for (let index = 0; index < this.#shown; index++) {
      const cell = [(index % columns) * across, height - (Math.floor(index / columns) + 1) * up, across, up];
      renderer.setViewport(...cell);
      renderer.setScissor(...cell);
      this.#figures.forEach((figure, other) => (figure.group.visible = other === index));
      this.#figures[index].group.rotation.y = orbit.angle;
      renderer.render(this.#world, this.#camera);
    }
    renderer.setScissorTest(false);
  }
}
