// Trails in WebGL: thin rods that taper with age.
import { CylinderGeometry, Group, InstancedMesh, Object3D, Vector3 } from "./vendor/three.module.min.js";
import { OPACITY, RADIUS_MM } from "./trails.js";

/** Pieces of one trail at most. */
const MOST = 512;
const UP = new Vector3(0, 1, 0);
const ROD = new CylinderGeometry(1, 1, 1, 6, 1, true);

export class Ribbons {
  group = new Group();
  #palette;
  #meshes = [];
  #place = new Object3D();

  constructor(palette) {
    this.#palette = palette;
  }

  /** `lines` as of `Trails`. */
  show(lines) {
    lines.forEach(({ color, pieces }, index) => {
      const mesh = (this.#meshes[index] ??= this.#mesh(color));
      mesh.count = Math.min(MOST, pieces.length);
      pieces.slice(-MOST).forEach(({ from, to, age }, piece) => {
        const along = new Vector3(...to).sub(new Vector3(...from));
        const length = Math.max(along.length(), 1e-3);
        const radius = RADIUS_MM * (1 - age);
        this.#place.position.set(...from).addScaledVector(along, 0.5);
        this.#place.quaternion.setFromUnitVectors(UP, along.divideScalar(length));
        this.#place.scale.set(radius, length, radius);
        this.#place.updateMatrix();
        mesh.setMatrixAt(piece, this.#place.matrix);
      });
      mesh.instanceMatrix.needsUpdate = true;
    });
    this.group.visible = lines.length > 0;
  }

  #mesh(color) {
    const mesh = new InstancedMesh(ROD, this.#palette.sheet(color, OPACITY), MOST);
    mesh.frustumCulled = false;
    this.group.add(mesh);
    return mesh;
  }
}
