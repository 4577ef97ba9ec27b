// Asks for the token where the server needs one. The browser keeps a cookie, which scripts cannot read.
import { call } from "./call.js";

const form = document.getElementById("login");
const field = document.getElementById("token");
const answer = document.getElementById("login-answer");
const out = document.getElementById("logout");

/** Resolves when the server lets this page in. */
export async function admitted() {
  const { ok, json } = await call("GET", "/api/access");
  // Without an answer the streams retry, and ask again.
  if (!ok) return;
  out.hidden = !json.needs_token || !json.admitted;
  if (!json.admitted) await logIn();
}

/** After a connection was lost: the session may have been started anew, which ends all logins. */
export async function checkAgain() {
  const { ok, json } = await call("GET", "/api/access");
  if (ok && !json.admitted) location.reload();
}

function logIn() {
  form.hidden = false;
  document.body.classList.add("locked");
  field.focus();
  return new Promise((admit) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const { ok, why } = await call("POST", "/api/login", { token: field.value });
      field.value = "";
      answer.textContent = ok ? "" : `Not admitted: ${why}.`;
      if (!ok) return field.focus();
      form.hidden = true;
      out.hidden = false;
      document.body.classList.remove("locked");
      admit();
    });
  });
}

out.addEventListener("click", async () => {
  await call("POST", "/api/logout");
  location.reload();
});
