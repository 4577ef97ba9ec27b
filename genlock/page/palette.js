// WebGL materials in the style's colours, light and dark.
import { Color, DoubleSide, LineBasicMaterial, MeshBasicMaterial, MeshLambertMaterial } from "./vendor/three.module.min.js";

/** Opacity of points that no camera confirms. */
const FAINT = 0.3;

export class Palette {
  /** `{material, name}` by kind and name of the colour. */
  #made = new Map();

  solid(name, faint = false) {
    const look = faint ? { transparent: true, opacity: FAINT } : {};
    return this.#of(`solid ${faint}`, name, () => new MeshLambertMaterial(look));
  }

  line(name, opacity = 1) {
    return this.#of(`line ${opacity}`, name, () => new LineBasicMaterial({ transparent: opacity < 1, opacity }));
  }

  /** A flat material, visible from both sides, that never hides anything. */
  sheet(name, opacity) {
    const look = { transparent: true, opacity, depthWrite: false, side: DoubleSide };
    return this.#of(`sheet ${opacity}`, name, () => new MeshBasicMaterial(look));
  }

  /** Reads the colours from the style again. */
  paint() {
    const style = getComputedStyle(document.documentElement);
    for (const { material, name } of this.#made.values()) material.color = new Color(style.getPropertyValue(name).trim());
  }

  #of(kind, name, make) {
    const key = `${kind} ${name}`;
    if (!this.#made.has(key)) {
      const style = getComputedStyle(document.documentElement);
      const material = make();
      material.color = new Color(style.getPropertyValue(name).trim());
      this.#made.set(key, { material, name });
    }
    return this.#made.get(key).material;
  }
}
