// Formats numbers for people. Unknown values are a dash, never a zero.
export const NONE = "–";

const known = (value) => value !== null && value !== undefined && Number.isFinite(value);

export const number = (value, digits = 0) =>
  known(value)
    ? value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })
    : NONE;

export const count = (value) => number(value);

export const milliseconds = (value) => (known(value) ? `${number(value, value < 10 ? 2 : 1)} ms` : NONE);

export function range(low, high, format) {
  if (!known(low) && !known(high)) return NONE;
  return `${format(low).replace(/ ms$/, "")} / ${format(high)}`;
}

export function bytes(value) {
  if (!known(value)) return NONE;
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${number(value, unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

export function duration(seconds) {
  if (!known(seconds)) return NONE;
  const whole = Math.floor(seconds);
  const part = (n) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${part(minutes)}:${part(whole % 60)}` : `${minutes}:${part(whole % 60)}`;
}

export function put(id, text) {
  const element = document.getElementById(id);
  const shown = text || text === 0 ? String(text) : NONE;
  if (element.textContent !== shown) element.textContent = shown;
}

/** With its sign, unless it is zero. */
export function signed(value, digits) {
  const text = number(Math.abs(value), digits);
  return Number(text) === 0 ? text : `${value < 0 ? "−" : "+"}${text}`;
}

/** Turns text with commands in `backticks` into nodes. */
export function withCommands(text) {
  return text.split("`").map((part, index) => {
    if (index % 2 === 0) return document.createTextNode(part);
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  });
}
