// An HTTP call to the server, and what it answered in words.

/** `{ok, why, json}`; `why` says why it failed. `wish` is sent as JSON. */
export async function call(method, path, wish) {
  const request = { method };
  if (wish !== undefined) Object.assign(request, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(wish) });
  try {
    const response = await fetch(path, request);
    const text = await response.text();
    if (!response.ok) return { ok: false, why: text.trim() || `the server answered ${response.status}`, json: null };
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return { ok: true, why: "", json: isJson ? JSON.parse(text) : null };
  } catch {
    return { ok: false, why: "no connection", json: null };
  }
}
