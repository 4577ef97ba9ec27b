// Human3.6M's 17 joints: 0 hip, 1-3 right leg, 4-6 left leg, 7 spine, 8 thorax, 9 neck, 10 head, 11-13 left arm,
// 14-16 right arm.
export const PARENTS = [-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15];

const RIGHT = new Set([1, 2, 3, 14, 15, 16]);
const LEFT = new Set([4, 5, 6, 11, 12, 13]);

/** Name of the style's colour for a joint and the bone that leads to it. */
export const colorOf = (joint) => (RIGHT.has(joint) ? "--right" : LEFT.has(joint) ? "--left" : "--middle");

/** Room for one person in each direction. */
export const CELL_MM = [1300, 2100];

/** The number of columns and rows that makes `count` poses largest. */
export function cells(count, width, height) {
  let best = { columns: 1, rows: 1, zoom: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const zoom = Math.min(width / columns / CELL_MM[0], height / rows / CELL_MM[1]);
    if (zoom > best.zoom) best = { columns, rows, zoom };
  }
  return best;
}
