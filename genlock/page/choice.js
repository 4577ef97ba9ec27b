// The buttons that choose the view: the room, all views, or one. The default is the room once known, else all views.
export const ROOM = "room";
export const ALL = "all";

export class Choice {
  #group;
  #changed;
  #pressed = null;
  #names = [];
  #room = false;
  /** Whether a geometry or a body is known. */
  #found = false;

  constructor(group, changed) {
    this.#group = group;
    this.#changed = changed;
  }

  /** `ROOM`, `ALL`, or a camera's index. */
  get now() {
    if (this.#pressed === ROOM && !this.#room) return ALL;
    return this.#pressed ?? (this.#room && this.#found ? ROOM : ALL);
  }

  /** `room`: whether the room can be chosen. */
  offer(names, room) {
    if (room === this.#room && names.join("\n") === this.#names.join("\n")) return;
    [this.#names, this.#room] = [names, room];
    const views = [...(room ? [[ROOM, ROOM]] : []), [ALL, ALL], ...names.map((name, index) => [name, index])];
    this.#group.replaceChildren(...views.map(([label, view]) => this.#button(label, view)));
    this.#mark();
  }

  set found(found) {
    if (found === this.#found) return;
    this.#found = found;
    this.#mark();
  }

  #button(label, view) {
    const element = Object.assign(document.createElement("button"), { type: "button", textContent: label });
    element.dataset.view = String(view);
    element.addEventListener("click", () => {
      this.#pressed = view;
      this.#mark();
      this.#changed();
    });
    return element;
  }

  #mark() {
    for (const button of this.#group.children) button.setAttribute("aria-pressed", String(button.dataset.view === String(this.now)));
  }
}
