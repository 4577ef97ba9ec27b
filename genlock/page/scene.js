// Skeletons in WebGL. Joints come in millimetres, x right, y down, z away from the camera; here y is up.
import {
  AmbientLight, Color, CylinderGeometry, DirectionalLight, GridHelper, Group, Mesh, MeshLambertMaterial,
  PerspectiveCamera, Scene as World, SphereGeometry, Vector3, WebGLRenderer,
} from "./vendor/three.module.min.js";
import { PARENTS, SPACING_MM, Turn, colorOf } from "./bones.js";

const UP = new Vector3(0, 1, 0);
/** The grid hangs a fixed distance under the root: the poses do not tell where the floor is. */
const GRID_BELOW_MM = 1000;

export class Scene {
  #renderer;
  #world = new World();
  #camera = new PerspectiveCamera(28, 1, 100, 40000);
  #figures = [];
  #materials;
  #grid;
  #turn;
  #scheduled = false;
  #canvas;

  constructor(canvas) {
    this.#canvas = canvas;
    this.#renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
    const sun = new DirectionalLight(0xffffff, 2);
    sun.position.set(1, 2, 3);
    this.#world.add(new AmbientLight(0xffffff, 1.6), sun);
    this.#paint();
    this.#turn = new Turn(canvas, () => this.#schedule());
    new ResizeObserver(() => this.#schedule()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#paint());
    document.addEventListener("visibilitychange", () => this.#schedule());
  }

  /** `poses`: `{joints: 17 × [x, y, z], name}`, side by side in this order. */
  show(poses) {
    while (this.#figures.length < poses.length) {
      const figure = new Figure(this.#materials);
      this.#figures.push(figure);
      this.#world.add(figure.group);
    }
    this.#figures.forEach((figure, index) => {
      figure.group.visible = index < poses.length;
      if (index < poses.length) figure.pose(poses[index].joints, (index - (poses.length - 1) / 2) * SPACING_MM);
    });
    this.#frame(poses.length);
    this.#schedule();
  }

  #paint() {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => new Color(style.getPropertyValue(name).trim());
    this.#materials ??= new Map(["--right", "--left", "--middle"].map((name) => [name, new MeshLambertMaterial()]));
    for (const [name, material] of this.#materials) material.color = color(name);
    if (this.#grid) this.#world.remove(this.#grid);
    this.#grid = new GridHelper(6000, 12, color("--line"), color("--line"));
    this.#grid.position.y = -GRID_BELOW_MM;
    this.#world.add(this.#grid);
    this.#schedule();
  }

  #frame(poses) {
    this.#grid.visible = poses > 0;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const aspect = width && height ? width / height : 1;
    const across = SPACING_MM * Math.max(1, poses) + 200;
    const tall = Math.max(2100, across / aspect);
    this.#camera.aspect = aspect;
    const distance = tall / 2 / Math.tan((this.#camera.fov * Math.PI) / 360) + 300;
    this.#camera.position.set(0, distance * 0.16, distance);
    this.#camera.lookAt(0, -70, 0);
    this.#camera.updateProjectionMatrix();
  }

  #schedule() {
    if (this.#scheduled || document.hidden) return;
    this.#scheduled = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#scheduled = false;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    this.#renderer.setPixelRatio(Math.min(2, window.devicePixelRatio || 1));
    this.#renderer.setSize(width, height, false);
    const shown = this.#figures.filter((figure) => figure.group.visible);
    this.#frame(shown.length);
    for (const figure of shown) figure.group.rotation.y = this.#turn.angle;
    if (shown.length === 1) this.#grid.rotation.y = this.#turn.angle;
    this.#renderer.render(this.#world, this.#camera);
    if (shown.length && this.#turn.turning) this.#schedule();
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

  pose(joints, across) {
    this.group.position.x = across;
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
