// Sends a request to the server, and shows the outcome.
import { call } from "./call.js";

export async function ask(path, wish, answer) {
  const { ok, why } = await call("POST", path, wish);
  answer.textContent = ok ? `asked for at ${new Date().toLocaleTimeString()}` : `refused: ${why}`;
}
