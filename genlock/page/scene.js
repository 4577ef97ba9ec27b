// Skeletons in WebGL. Joints come in millimetres, x right, y down, z away from the camera; here y is up.
import {
  AmbientLight, Color, CylinderGeometry, DirectionalLight, GridHelper, Group, Mesh, MeshLambertMaterial,
  PerspectiveCamera, Scene as World, SphereGeometry, Vector3, WebGLRenderer,
} from "./vendor/three.module.min.js";
import { PARENTS, ROOM_MM, Turn, cells, colorOf } from "./bones.js";
import { scheduler } from "./frames.js";

const UP = new Vector3(0, 1, 0);
/** The grid hangs a fixed distance under the root: the poses do not tell where the floor is. */
const GRID_BELOW_MM = 1000;

export class Scene {
  #renderer;
  #world = new World();
  #camera = new PerspectiveCamera(28, 1, 100, 40000);
  #figures = [];
  #shown = 0;
  #materials;
  #grid;
  #turn;
  #schedule = scheduler(() => this.#draw());
  #canvas;

  constructor(canvas, context) {
    this.#canvas = canvas;
    this.#renderer = new WebGLRenderer({ canvas, context, alpha: true });
    this.#renderer.setClearColor(0x000000, 0);
    const sun = new DirectionalLight(0xffffff, 2);
    sun.position.set(1, 2, 3);
    this.#world.add(new AmbientLight(0xffffff, 1.6), sun);
    this.#paint();
    this.#turn = new Turn(canvas, () => this.#schedule());
    new ResizeObserver(() => this.#schedule()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#paint());
  }

  /** `poses`: 17 × `[x, y, z]` each, one cell for each in this order. */
  show(poses) {
    while (this.#figures.length < poses.length) {
      const figure = new Figure(this.#materials);
      this.#figures.push(figure);
      this.#world.add(figure.group);
    }
    poses.forEach((joints, index) => this.#figures[index].pose(joints));
    this.#shown = poses.length;
    this.#schedule();
  }

  #paint() {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => new Color(style.getPropertyValue(name).trim());
    this.#materials ??= new Map(["--right", "--left", "--middle"].map((name) => [name, new MeshLambertMaterial()]));
    for (const [name, material] of this.#materials) material.color = color(name);
    if (this.#grid) this.#world.remove(this.#grid);
    this.#grid = new GridHelper(2000, 4, color("--line"), color("--line"));
    this.#grid.position.y = -GRID_BELOW_MM;
    this.#world.add(this.#grid);
    this.#schedule();
  }

  /** A cell's width to height: the person fits in both directions. */
  #frame(aspect) {
    const tall = Math.max(ROOM_MM[1], ROOM_MM[0] / aspect);
    const distance = tall / 2 / Math.tan((this.#camera.fov * Math.PI) / 360) + 300;
    this.#camera.aspect = aspect;
    this.#camera.position.set(0, distance * 0.16, distance);
    this.#camera.lookAt(0, -90, 0);
    this.#camera.updateProjectionMatrix();
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (!width || !height) return;
    this.#renderer.setPixelRatio(Math.min(2, window.devicePixelRatio || 1));
    this.#renderer.setSize(width, height, false);
    this.#renderer.setScissorTest(false);
    this.#renderer.clear();
    this.#renderer.setScissorTest(true);
    const { columns, rows } = cells(this.#shown, width, height);
    const [across, up] = [width / columns, height / rows];
    this.#frame(across / up);
    this.#grid.rotation.y = this.#turn.angle;
    for (let index = 0; index < this.#shown; index++) {
      const cell = [(index % columns) * across, height - (Math.floor(index / columns) + 1) * up, across, up];
      this.#renderer.setViewport(...cell);
      this.#renderer.setScissor(...cell);
      this.#figures.forEach((figure, other) => (figure.group.visible = other === index));
      this.#figures[index].group.rotation.y = this.#turn.angle;
      this.#renderer.render(this.#world, this.#camera);
    }
    if (this.#shown && this.#turn.turning) this.#schedule();
  }
}

class Figure {
  group = new Group();
  #joints;
  #bones;

  constructor(materials) {
    const ball = new SphereGeometry(1, 14, 10);
    const rod = new CylinderGeometry(1, 1, 1, 10);
    const mesh = (geometry, joint) => {
      const made = new Mesh(geometry, materials.get(colorOf(joint)));
      this.group.add(made);
      return made;
    };
    this.#joints = PARENTS.map((_, joint) => mesh(ball, joint));
    this.#bones = PARENTS.map((parent, joint) => (parent < 0 ? null : mesh(rod, joint)));
    this.#joints.forEach((joint, index) => joint.scale.setScalar(index === 10 ? 62 : 28));
  }

  pose(joints) {
    joints.forEach(([x, y, z], joint) => this.#joints[joint]?.position.set(x, -y, -z));
    this.#bones.forEach((bone, joint) => {
      if (!bone) return;
      const [from, to] = [this.#joints[PARENTS[joint]].position, this.#joints[joint].position];
      const along = new Vector3().subVectors(to, from);
      const length = along.length();
      bone.position.addVectors(from, to).multiplyScalar(0.5);
      bone.scale.set(17, Math.max(length, 1e-3), 17);
      if (length > 0) bone.quaternion.setFromUnitVectors(UP, along.divideScalar(length));
    });
  }
}
