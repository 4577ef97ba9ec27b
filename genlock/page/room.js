// The room in WebGL: floor, cameras, and the body with its shadow. The world's axes are the geometry's: z is up.
import {
  AmbientLight, BufferGeometry, CanvasTexture, DirectionalLight, DoubleSide, Group, Mesh, MeshBasicMaterial, PerspectiveCamera,
  PlaneGeometry, Scene, Vector3,
} from "./vendor/three.module.min.js";
import { BODY, SOFT } from "./body.js";
import { Figure, lines } from "./figure.js";
import { NEAR_MM } from "./plan.js";
import { Ribbons } from "./ribbons.js";

export class Room {
  #palette;
  #world = new Scene();
  #camera = new PerspectiveCamera();
  #body;
  #ribbons;
  #shadows = [];
  #floor = new Group();
  #cameras = new Group();
  /** The floor and the plan from which the current objects were made. */
  #made = {};

  constructor(palette) {
    this.#palette = palette;
    this.#camera.up.set(0, 0, 1);
    const sun = new DirectionalLight(0xffffff, 2);
    sun.position.set(-1, -0.6, 3);
    this.#body = new Figure(BODY, palette);
    this.#body.group.renderOrder = 1;
    this.#ribbons = new Ribbons(palette);
    this.#world.add(new AmbientLight(0xffffff, 1.6), sun, this.#floor, this.#cameras, this.#body.group, this.#ribbons.group);
  }

  /** `plan`, `body` as `{points, unseen, shadows}` or null, `colors` of the plan's cameras, and `lines` of trails. */
  show({ plan, body, colors, lines }) {
    if (this.#made.floor !== plan.floor) this.#layFloor(plan);
    const cameras = `${plan.id} ${colors}`;
    if (this.#made.cameras !== cameras || this.#made.plan !== plan) this.#placeCameras(plan, colors);
    this.#made = { floor: plan.floor, cameras, plan };
    this.#ribbons.show(lines);
    this.#body.group.visible = body !== null;
    for (const shadow of this.#shadows) shadow.visible = body !== null;
    if (!body) return;
    this.#body.pose(body.points, body.unseen);
    body.shadows.forEach(({ at, radius, dark }, index) => {
      const shadow = (this.#shadows[index] ??= this.#blob());
      shadow.position.set(...at, 0);
      shadow.scale.setScalar(2 * radius);
      shadow.material.opacity = dark;
    });
  }

  draw(renderer, width, height, view) {
    this.#camera.fov = (view.field * 180) / Math.PI;
    this.#camera.aspect = width / height;
    this.#camera.near = NEAR_MM;
    this.#camera.far = view.far;
    this.#camera.position.set(...view.from);
    this.#camera.lookAt(...view.to);
    this.#camera.updateProjectionMatrix();
    renderer.setViewport(0, 0, width, height);
    renderer.render(this.#world, this.#camera);
  }

  #layFloor(plan) {
    clear(this.#floor);
    const [[west, east], [south, north]] = plan.floor;
    const sheet = new Mesh(new PlaneGeometry(east - west, north - south), this.#palette.sheet("--card", 0.6));
    sheet.position.set((west + east) / 2, (south + north) / 2, 0);
    // Sheets hide nothing, so objects on the floor are drawn after it.
    sheet.renderOrder = -3;
    const grid = lines(plan.grid(), this.#palette.line("--grid"));
    const front = lines(plan.front(), this.#palette.line("--quiet"));
    grid.renderOrder = front.renderOrder = -2;
    this.#floor.add(sheet, grid, front);
  }

  #placeCameras(plan, colors) {
    clear(this.#cameras);
    plan.cameras.forEach(({ position, corners, lines: edges, pole }, index) => {
      const sides = corners.flatMap((corner, side) => [position, corner, corners[(side + 1) % corners.length]]);
      const glass = new BufferGeometry().setFromPoints(sides.map((point) => new Vector3(...point)));
      this.#cameras.add(
        lines(edges, this.#palette.line(colors[index])),
        lines([pole], this.#palette.line("--quiet", 0.5)),
        new Mesh(glass, this.#palette.sheet(colors[index], 0.1)),
      );
    });
  }

  #blob() {
    const look = { map: softDisc(), color: 0x000000, transparent: true, depthWrite: false, side: DoubleSide };
    const blob = new Mesh(new PlaneGeometry(1, 1), new MeshBasicMaterial(look));
    blob.renderOrder = -1;
    this.#world.add(blob);
    return blob;
  }
}

function clear(group) {
  for (const { geometry } of group.children) geometry.dispose();
  group.clear();
}

let disc;
/** Dark in the middle, transparent at the edge. */
function softDisc() {
  if (disc) return disc;
  const side = 64;
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const context = canvas.getContext("2d");
  const fade = context.createRadialGradient(side / 2, side / 2, 0, side / 2, side / 2, side / 2);
  for (const [at, dark] of SOFT) fade.addColorStop(at, `rgb(0 0 0 / ${dark})`);
  context.fillStyle = fade;
  context.fillRect(0, 0, side, side);
  return (disc = new CanvasTexture(canvas));
}
